//! One line per reply, whatever is nested in it flattened, strings in quotes with redis-cli's escapes.

use std::io::{self, Write};

use memora::resp::Reply;
use memora::resp::number::format_double;

use super::write_separated;
use memora::resp::quoting::write_quoted;

/// Writes one reply without a line end.
pub(super) fn write(reply: &Reply, out: &mut dyn Write) -> io::Result<()> {
    match reply {
        Reply::Simple(text) => write_quoted(text.as_bytes(), out),
        Reply::Error(text) => {
            out.write_all(b"ERROR,")?;
            write_quoted(text, out)
        }
        Reply::Integer(value) => write!(out, "{value}"),
        Reply::Double(value) => out.write_all(format_double(*value).as_bytes()),
        Reply::Decimal(text) => out.write_all(text.as_bytes()),
        Reply::BigNumber(digits) => out.write_all(digits),
        Reply::Bulk(blob) => write_quoted(blob.as_bytes(), out),
        Reply::Verbatim { text, .. } => write_quoted(text, out),
        Reply::Null | Reply::NullArray => out.write_all(b"NULL"),
        Reply::Boolean(value) => write!(out, "{value}"),
        Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => {
            write_separated(items, b",", out, write)
        }
        Reply::Map(pairs) => write_separated(pairs, b",", out, |(key, value), out| {
            write(key, out)?;
            out.write_all(b",")?;
            write(value, out)
        }),
        Reply::Stream(_) | Reply::Encoded(_) | Reply::Several(_) | Reply::Silent => Ok(()),
    }
}
