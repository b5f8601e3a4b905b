//! Replies to text, in the formats redis-cli prints.
//!
//! One file per format; every formatter writes as it walks, so the time it takes grows with the reply and
//! with nothing else. Deliberately absent: where the text goes and when it is flushed.

pub(crate) mod actors;
mod csv;
mod json;
mod raw;
mod typed;

use std::io::{self, Write};

use memora::resp::Reply;

/// How a reply becomes text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people: types and numbering, strings in quotes (`--no-raw`).
    Typed,
    /// For programs: the strings themselves (`--raw`).
    Raw,
    /// One line per reply, separated by commas (`--csv`).
    Csv,
    /// One line per reply (`--json`).
    Json,
    /// The same with everything unprintable escaped (`--quoted-json`).
    QuotedJson,
}

/// The format, and what stands between the parts of raw text.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    /// How a reply becomes text.
    pub(crate) format: Format,
    /// Between the elements of a raw list (`-d`).
    pub(crate) element_delimiter: Vec<u8>,
    /// After each raw reply (`-D`).
    pub(crate) reply_delimiter: Vec<u8>,
}

impl Style {
    /// Writes one reply, complete with whatever ends it.
    pub(crate) fn write(&self, reply: &Reply, out: &mut dyn Write) -> io::Result<()> {
        match self.format {
            Format::Typed => typed::write(reply, out)?,
            Format::Raw => raw::write(reply, &self.element_delimiter, out)?,
            Format::Csv => csv::write(reply, out)?,
            Format::Json => json::write(reply, json::Strings::Plain, out)?,
            Format::QuotedJson => json::write(reply, json::Strings::Quoted, out)?,
        }
        match self.format {
            Format::Raw => out.write_all(&self.reply_delimiter),
            _ => out.write_all(b"\n"),
        }
    }

    /// Writes a reply that is a text for people anyway, such as that of INFO, and adds nothing to it.
    pub(crate) fn write_text(&self, reply: &Reply, out: &mut dyn Write) -> io::Result<()> {
        raw::write(reply, &self.element_delimiter, out)
    }

    /// Writes a message nobody asked for.
    pub(crate) fn write_push(&self, push: &Reply, out: &mut dyn Write) -> io::Result<()> {
        match invalidated_keys(push) {
            Some(keys) if self.format == Format::Typed => typed::write_invalidation(keys, out),
            _ => self.write(push, out),
        }
    }
}

/// The keys of a client-side caching message.
fn invalidated_keys(push: &Reply) -> Option<&[Reply]> {
    match push {
        Reply::Push(items) => match items.as_slice() {
            [Reply::Bulk(kind), Reply::Array(keys)] if kind.as_bytes() == b"invalidate" => Some(keys),
            _ => None,
        },
        _ => None,
    }
}

/// Writes `items` one after another with `between` between them.
fn write_separated<T>(
    items: impl IntoIterator<Item = T>,
    between: &[u8],
    out: &mut dyn Write,
    mut write: impl FnMut(T, &mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.write_all(between)?;
        }
        write(item, out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
