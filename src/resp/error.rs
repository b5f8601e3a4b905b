//! Why a conversation ended: the byte stream stopped being RESP.
//!
//! A [`ProtocolError`] closes exactly one connection. A server sends its text first (Redis does), so the
//! wording of the request errors is Redis's to the byte. Errors a *command* answers with are no business
//! of this layer; they travel as [`Reply::Error`].

use super::reply::Reply;

/// What was wrong with the bytes of the other side.
///
/// `Display` gives the text that follows `-ERR `, readable for people; [`ProtocolError::text`] gives the
/// same as the exact bytes, which differ where the offending byte is no ASCII character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// An inline request of more than 64 KiB without a line end.
    #[error("Protocol error: too big inline request")]
    InlineTooBig,
    /// An inline request whose quotes do not match up.
    #[error("Protocol error: unbalanced quotes in request")]
    UnbalancedQuotes,
    /// A `*` header of more than 64 KiB without a line end.
    #[error("Protocol error: too big mbulk count string")]
    CountTooBig,
    /// A `*` header that is no number, or more arguments than Redis counts to.
    #[error("Protocol error: invalid multibulk length")]
    InvalidCount,
    /// More arguments than a client may send before it has authenticated.
    #[error("Protocol error: unauthenticated multibulk length")]
    UnauthenticatedCount,
    /// A `$` header of more than 64 KiB without a line end.
    #[error("Protocol error: too big bulk count string")]
    LengthTooBig,
    /// Something other than `$` where an argument had to begin.
    #[error("Protocol error: expected '$', got '{}'", printable(*got))]
    ExpectedBulk {
        /// The byte that stood there.
        got: u8,
    },
    /// A `$` header that is no number, negative, or above `proto-max-bulk-len`.
    #[error("Protocol error: invalid bulk length")]
    InvalidLength,
    /// A longer argument than a client may send before it has authenticated.
    #[error("Protocol error: unauthenticated bulk length")]
    UnauthenticatedLength,
    /// One request of 4 GiB or more. Redis has no such text: its query buffer limit just disconnects.
    #[error("Protocol error: too big request")]
    RequestTooBig,
    /// A reply began with a byte that names no RESP type (client side).
    #[error("Protocol error, got {:?} as reply type byte", printable(*got))]
    UnknownReplyType {
        /// The byte that stood there.
        got: u8,
    },
    /// A reply's line end, length or value is none (client side).
    #[error("Protocol error, got a malformed reply")]
    InvalidReply,
    /// A reply line or bulk exceeded what a client accepts (client side).
    #[error("Protocol error, got a reply that is too long")]
    ReplyTooLong,
    /// Replies were nested deeper than a client follows (client side).
    #[error("Protocol error, got a reply that is nested too deep")]
    ReplyTooDeep,
}

impl ProtocolError {
    /// The exact bytes Redis puts between `-ERR ` and the line end.
    pub fn text(&self) -> Vec<u8> {
        let mut text = self.to_string().into_bytes();
        if let Self::ExpectedBulk { got } = *self {
            text.truncate(text.len() - printable(got).len_utf8() - 1);
            text.extend_from_slice(&[line_safe(got), b'\'']);
        }
        text
    }

    /// The error reply a server sends before it closes the connection.
    pub fn to_reply(&self) -> Reply {
        let mut text = b"ERR ".to_vec();
        text.extend_from_slice(&self.text());
        Reply::Error(text.into())
    }
}

/// The character people see for a byte in an error message.
fn printable(byte: u8) -> char {
    char::from(line_safe(byte))
}

/// Line ends would cut the error reply in two; Redis turns them into spaces.
fn line_safe(byte: u8) -> u8 {
    match byte {
        b'\r' | b'\n' => b' ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_carries_the_offending_byte_itself() {
        let text = |got| ProtocolError::ExpectedBulk { got }.text();
        assert_eq!(text(b'x'), b"Protocol error: expected '$', got 'x'");
        assert_eq!(text(0xff), b"Protocol error: expected '$', got '\xff'");
        assert_eq!(text(b'\n'), b"Protocol error: expected '$', got ' '");
        assert_eq!(
            ProtocolError::ExpectedBulk { got: 0xe9 }.to_string(),
            "Protocol error: expected '$', got 'é'"
        );
    }

    #[test]
    fn the_reply_is_an_err() {
        let reply = ProtocolError::InvalidCount.to_reply();
        assert_eq!(reply, Reply::Error("ERR Protocol error: invalid multibulk length".into()));
    }
}
