//! Counts replies in a stream of bytes, whatever they say and wherever it is cut.
//!
//! A load generator wants to know how many replies have come and whether one of them was an error, and wants to spend
//! nothing on the rest. So values are skipped by their length, and of arrays only the number of elements is kept.
//! Deliberately absent: values. What a reply says is read by `stream::Client`, which is in no hurry.

use std::io;

/// A line may have this many bytes; one that is longer is no RESP.
const LONGEST_LINE: usize = 64 * 1024;

/// Counts the replies of one connection.
#[derive(Debug)]
pub(crate) struct ReplyCounter {
    /// Elements that the reply under way still lacks.
    missing: u64,
    /// Bytes of a bulk string that are still to come, its line end included.
    skip: usize,
    /// The beginning of a line whose end has not come yet.
    partial: Vec<u8>,
    first_error: Option<String>,
}

impl Default for ReplyCounter {
    fn default() -> Self {
        Self { missing: 1, skip: 0, partial: Vec::new(), first_error: None }
    }
}

impl ReplyCounter {
    /// How many replies end in these bytes, which follow those of the call before.
    ///
    /// # Errors
    /// When they are no RESP.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> io::Result<u64> {
        let mut replies = 0;
        while !bytes.is_empty() {
            if self.skip > 0 {
                let now = self.skip.min(bytes.len());
                self.skip -= now;
                bytes = &bytes[now..];
                replies += u64::from(self.skip == 0 && self.element());
                continue;
            }
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                self.partial.extend_from_slice(bytes);
                if self.partial.len() > LONGEST_LINE {
                    return Err(malformed("a line without an end"));
                }
                break;
            };
            let (line, rest) = bytes.split_at(end + 1);
            bytes = rest;
            let ended = if self.partial.is_empty() {
                self.line(line)?
            } else {
                let mut whole = std::mem::take(&mut self.partial);
                whole.extend_from_slice(line);
                self.line(&whole)?
            };
            replies += u64::from(ended);
        }
        Ok(replies)
    }

    /// The first reply that was an error, once.
    pub(crate) fn take_error(&mut self) -> Option<String> {
        self.first_error.take()
    }

    /// Whether a reply ends with this line.
    fn line(&mut self, line: &[u8]) -> io::Result<bool> {
        let [kind, text @ .., b'\r', b'\n'] = line else { return Err(malformed("a line without CR LF")) };
        match kind {
            b'+' | b':' | b',' | b'#' | b'_' | b'(' => Ok(self.element()),
            b'-' => {
                if self.first_error.is_none() {
                    self.first_error = Some(String::from_utf8_lossy(text).into_owned());
                }
                Ok(self.element())
            }
            b'$' | b'=' | b'!' => match length(text)? {
                None => Ok(self.element()),
                Some(len) => {
                    self.skip = usize::try_from(len).map_err(|_| malformed("a length"))? + b"\r\n".len();
                    Ok(false)
                }
            },
            b'*' | b'~' | b'>' => self.elements(length(text)?.unwrap_or(0)),
            b'%' => self.elements(length(text)?.unwrap_or(0).saturating_mul(2)),
            _ => Err(malformed("an unknown type")),
        }
    }

    /// An aggregate of so many elements begins. Those of nested ones need not be kept apart: all have to come.
    fn elements(&mut self, count: u64) -> io::Result<bool> {
        self.missing = self.missing.checked_add(count).ok_or_else(|| malformed("a length"))?;
        Ok(self.element())
    }

    /// An element is complete; tells whether the reply is.
    fn element(&mut self) -> bool {
        self.missing -= 1;
        let complete = self.missing == 0;
        if complete {
            self.missing = 1;
        }
        complete
    }
}

/// A length; nothing for -1, which is null.
fn length(text: &[u8]) -> io::Result<Option<u64>> {
    if text == b"-1" {
        return Ok(None);
    }
    let digits = std::str::from_utf8(text).map_err(|_| malformed("a length"))?;
    digits.parse().map(Some).map_err(|_| malformed("a length"))
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not a reply: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Replies of every kind, and how many they are.
    const STREAM: (&[u8], u64) = (
        b"+OK\r\n:42\r\n$3\r\na\r\n\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n*2\r\n$1\r\n\n\r\n*2\r\n:1\r\n*1\r\n+x\r\n\
          %2\r\n+a\r\n:1\r\n+b\r\n*0\r\n_\r\n#t\r\n,1.5\r\n(99\r\n=7\r\ntxt:abc\r\n~1\r\n:1\r\n",
        15,
    );

    #[test]
    fn replies_of_every_kind_are_counted() {
        let (bytes, replies) = STREAM;
        assert_eq!(ReplyCounter::default().feed(bytes).unwrap(), replies);
    }

    #[test]
    fn a_stream_may_be_cut_anywhere() {
        let (bytes, replies) = STREAM;
        for cut in 0..=bytes.len() {
            let mut counter = ReplyCounter::default();
            let before = counter.feed(&bytes[..cut]).unwrap();
            assert_eq!(before + counter.feed(&bytes[cut..]).unwrap(), replies, "cut at {cut}");
        }
        let mut counter = ReplyCounter::default();
        let each: u64 = bytes.iter().map(|byte| counter.feed(&[*byte]).unwrap()).sum();
        assert_eq!(each, replies, "byte by byte");
    }

    #[test]
    fn what_looks_like_a_reply_inside_a_value_is_none() {
        let mut counter = ReplyCounter::default();
        assert_eq!(counter.feed(b"$10\r\n+OK\r\n-ERR\n\r\n").unwrap(), 1);
        assert_eq!(counter.take_error(), None);
    }

    #[test]
    fn the_first_error_is_kept_and_counted() {
        let mut counter = ReplyCounter::default();
        assert_eq!(counter.feed(b"+OK\r\n-ERR one\r\n-ERR two\r\n").unwrap(), 3);
        assert_eq!(counter.take_error().as_deref(), Some("ERR one"));
        assert_eq!(counter.take_error(), None);
    }

    #[test]
    fn an_unfinished_reply_does_not_count() {
        let mut counter = ReplyCounter::default();
        assert_eq!(counter.feed(b"*2\r\n$3\r\nabc\r\n$3\r\nab").unwrap(), 0);
        assert_eq!(counter.feed(b"c\r\n").unwrap(), 1);
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for bytes in [&b"hello\r\n"[..], b"$x\r\n", b"*-2\r\n", b"+OK\n", b"*18446744073709551615\r\n"] {
            assert!(ReplyCounter::default().feed(bytes).is_err(), "{bytes:?}");
        }
        assert!(ReplyCounter::default().feed(&vec![b'+'; LONGEST_LINE + 1]).is_err());
    }
}
