//! The format for programs: strings as they are, lists as delimited elements.

use std::io::{self, Write};

use memora::resp::Reply;
use memora::resp::number::format_double;

use super::write_separated;

/// Writes one reply, its elements separated by `delimiter`; an error is followed by a line end.
pub(super) fn write(reply: &Reply, delimiter: &[u8], out: &mut dyn Write) -> io::Result<()> {
    match reply {
        Reply::Simple(text) => out.write_all(text.as_bytes()),
        Reply::Error(text) => {
            out.write_all(text)?;
            out.write_all(b"\n")
        }
        Reply::Integer(value) => write!(out, "{value}"),
        Reply::Double(value) => out.write_all(format_double(*value).as_bytes()),
        Reply::Decimal(text) => out.write_all(text.as_bytes()),
        Reply::BigNumber(digits) => out.write_all(digits),
        Reply::Bulk(blob) => out.write_all(blob.as_bytes()),
        Reply::Verbatim { text, .. } => out.write_all(text),
        Reply::Boolean(true) => out.write_all(b"(true)"),
        Reply::Boolean(false) => out.write_all(b"(false)"),
        Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => {
            write_separated(items, delimiter, out, |item, out| write(item, delimiter, out))
        }
        Reply::Map(pairs) => write_separated(pairs, delimiter, out, |(key, value), out| {
            write(key, delimiter, out)?;
            out.write_all(b" ")?;
            write(value, delimiter, out)
        }),
        Reply::Null
        | Reply::NullArray
        | Reply::Stream(_)
        | Reply::Encoded(_)
        | Reply::Several(_)
        | Reply::Silent => Ok(()),
    }
}
