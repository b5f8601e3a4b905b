//! One line of JSON per reply, as far as redis-cli's is JSON.
//!
//! What it prints for errors (`error:"…"`), for keys that are lists, and for a double quote inside quoted
//! strings no parser accepts; programs that read redis-cli's output expect these bytes all the same.

use std::io::{self, Write};

use memora::resp::Reply;
use memora::resp::number::format_double;

use super::write_separated;
use memora::resp::quoting::write_quoted;

/// How strings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strings {
    /// Bytes above ASCII stay as they are: readable where they are UTF-8.
    Plain,
    /// ASCII only: redis-cli's escapes, with their backslashes doubled.
    Quoted,
}

/// Writes one reply without a line end.
pub(super) fn write(reply: &Reply, strings: Strings, out: &mut dyn Write) -> io::Result<()> {
    match reply {
        Reply::Simple(text) => write_string(text.as_bytes(), strings, out),
        Reply::Error(text) => {
            out.write_all(b"error:")?;
            write_string(text, strings, out)
        }
        Reply::Integer(value) => write!(out, "{value}"),
        Reply::Double(value) => out.write_all(format_double(*value).as_bytes()),
        Reply::Decimal(text) => out.write_all(text.as_bytes()),
        Reply::BigNumber(digits) => out.write_all(digits),
        Reply::Bulk(blob) => write_string(blob.as_bytes(), strings, out),
        Reply::Verbatim { text, .. } => write_string(text, strings, out),
        Reply::Null | Reply::NullArray => out.write_all(b"null"),
        Reply::Boolean(value) => write!(out, "{value}"),
        Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => {
            out.write_all(b"[")?;
            write_separated(items, b",", out, |item, out| write(item, strings, out))?;
            out.write_all(b"]")
        }
        Reply::Map(pairs) => {
            out.write_all(b"{")?;
            write_separated(pairs, b",", out, |(key, value), out| {
                write_key(key, strings, out)?;
                out.write_all(b":")?;
                write(value, strings, out)
            })?;
            out.write_all(b"}")
        }
        Reply::Stream(_) | Reply::Encoded(_) | Reply::Several(_) | Reply::Silent => Ok(()),
    }
}

/// A key of JSON is a string, so whatever else it was goes between quotes.
fn write_key(key: &Reply, strings: Strings, out: &mut dyn Write) -> io::Result<()> {
    let is_string =
        matches!(key, Reply::Simple(_) | Reply::Error(_) | Reply::Bulk(_) | Reply::Verbatim { .. });
    if is_string {
        return write(key, strings, out);
    }
    out.write_all(b"\"")?;
    write(key, strings, out)?;
    out.write_all(b"\"")
}

fn write_string(bytes: &[u8], strings: Strings, out: &mut dyn Write) -> io::Result<()> {
    match strings {
        Strings::Plain => write_plain(bytes, out),
        Strings::Quoted => write_doubled(bytes, out),
    }
}

fn write_plain(bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"\"")?;
    for chunk in bytes.chunk_by(|&a, &b| !needs_escape(a) && !needs_escape(b)) {
        match chunk {
            [byte] if needs_escape(*byte) => write_escaped(*byte, out)?,
            plain => out.write_all(plain)?,
        }
    }
    out.write_all(b"\"")
}

fn needs_escape(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

fn write_escaped(byte: u8, out: &mut dyn Write) -> io::Result<()> {
    match byte {
        b'"' => out.write_all(b"\\\""),
        b'\\' => out.write_all(b"\\\\"),
        b'\n' => out.write_all(b"\\n"),
        b'\r' => out.write_all(b"\\r"),
        b'\t' => out.write_all(b"\\t"),
        0x08 => out.write_all(b"\\b"),
        0x0c => out.write_all(b"\\f"),
        other => write!(out, "\\u{other:04x}"),
    }
}

fn write_doubled(bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
    let mut quoted = Vec::with_capacity(bytes.len() + 2);
    write_quoted(bytes, &mut quoted)?;
    for part in quoted.split_inclusive(|&byte| byte == b'\\') {
        out.write_all(part)?;
        if part.ends_with(b"\\") {
            out.write_all(b"\\")?;
        }
    }
    Ok(())
}
