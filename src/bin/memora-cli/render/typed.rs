//! The format for people: types in parentheses, strings in quotes, lists numbered and indented.
//!
//! A line never knows what stands before it: the first line of a nested list continues the line of its
//! number, every other one is indented by the width of all the numbers around it.

use std::io::{self, Write};

use memora::resp::Reply;
use memora::resp::number::format_double;

use super::write_separated;
use memora::resp::quoting::write_quoted;

/// Writes one reply without the end of its last line.
pub(super) fn write(reply: &Reply, out: &mut dyn Write) -> io::Result<()> {
    write_at(reply, 0, out)
}

/// Writes which keys a client-side cache must forget, as one line.
pub(super) fn write_invalidation(keys: &[Reply], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"-> invalidate: ")?;
    write_separated(keys, b", ", out, |key, out| {
        out.write_all(b"'")?;
        super::raw::write(key, b" ", out)?;
        out.write_all(b"'")
    })?;
    out.write_all(b"\n")
}

/// Writes one reply whose lines, except the first, begin after `indent` columns.
fn write_at(reply: &Reply, indent: usize, out: &mut dyn Write) -> io::Result<()> {
    match reply {
        Reply::Simple(text) => out.write_all(text.as_bytes()),
        Reply::Error(text) => tagged("(error) ", text, out),
        Reply::Integer(value) => write!(out, "(integer) {value}"),
        Reply::Double(value) => tagged("(double) ", format_double(*value).as_bytes(), out),
        Reply::Decimal(text) => tagged("(double) ", text.as_bytes(), out),
        Reply::BigNumber(digits) => tagged("(big number) ", digits, out),
        Reply::Bulk(blob) => write_quoted(blob.as_bytes(), out),
        Reply::Verbatim { text, .. } => out.write_all(text),
        Reply::Null | Reply::NullArray => out.write_all(b"(nil)"),
        Reply::Boolean(true) => out.write_all(b"(true)"),
        Reply::Boolean(false) => out.write_all(b"(false)"),
        Reply::Array(items) => write_list(items, List { mark: ')', empty: "(empty array)" }, indent, out),
        Reply::Set(items) => write_list(items, List { mark: '~', empty: "(empty set)" }, indent, out),
        Reply::Push(items) => write_list(items, List { mark: ')', empty: "(empty push)" }, indent, out),
        Reply::Map(pairs) => write_map(pairs, indent, out),
        Reply::Stream(_) | Reply::Encoded(_) | Reply::Several(_) | Reply::Silent => Ok(()),
    }
}

fn tagged(tag: &str, text: &[u8], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(tag.as_bytes())?;
    out.write_all(text)
}

/// What tells one kind of list from another.
struct List {
    /// Stands after each number.
    mark: char,
    /// Stands for a list of nothing.
    empty: &'static str,
}

fn write_list(items: &[Reply], kind: List, indent: usize, out: &mut dyn Write) -> io::Result<()> {
    if items.is_empty() {
        return out.write_all(kind.empty.as_bytes());
    }
    let width = digits(items.len());
    for (index, item) in items.iter().enumerate() {
        start_line(index, indent, out)?;
        write!(out, "{:>width$}{} ", index + 1, kind.mark)?;
        write_at(item, indent + width + 2, out)?;
    }
    Ok(())
}

fn write_map(pairs: &[(Reply, Reply)], indent: usize, out: &mut dyn Write) -> io::Result<()> {
    if pairs.is_empty() {
        return out.write_all(b"(empty hash)");
    }
    let width = digits(pairs.len());
    let inner = indent + width + 2;
    for (index, (key, value)) in pairs.iter().enumerate() {
        start_line(index, indent, out)?;
        write!(out, "{:>width$}# ", index + 1)?;
        write_at(key, inner, out)?;
        out.write_all(b" => ")?;
        if takes_lines(value) {
            start_line(1, inner, out)?;
        }
        write_at(value, inner, out)?;
    }
    Ok(())
}

/// The first entry continues the line of its parent.
fn start_line(index: usize, indent: usize, out: &mut dyn Write) -> io::Result<()> {
    match index {
        0 => Ok(()),
        _ => write!(out, "\n{:indent$}", ""),
    }
}

/// Whether a map's value would not line up behind its key.
fn takes_lines(reply: &Reply) -> bool {
    match reply {
        Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => match items.as_slice() {
            [only] => takes_lines(only),
            several => !several.is_empty(),
        },
        Reply::Map(pairs) => match pairs.as_slice() {
            [(_, value)] => takes_lines(value),
            several => !several.is_empty(),
        },
        _ => false,
    }
}

/// Columns the largest number of a list needs.
fn digits(count: usize) -> usize {
    count.checked_ilog10().unwrap_or(0) as usize + 1
}
