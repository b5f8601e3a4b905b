//! Speaks: bytes ⇄ values, RESP2 and RESP3, for servers and clients.
//!
//! ```text
//! server   bytes ─► RequestCodec (decode) ─► Batch ─► Argv …  Reply ─► Encoder ─► ReplyBuffer ─► bytes
//! client   args  ─► encode_request ─► bytes …  bytes ─► ReplyCodec (decode_reply) ─► Reply
//! ```
//!
//! Requests are never copied: a [`Batch`] is one frame of bytes plus the places of the arguments in it.
//! Replies are RESP3-shaped values; [`encode`] is the only file that knows how RESP2 differs.
//!
//! This layer imports nothing of the crate: it does not know what a command or a key is, owns no socket
//! and no clock. It never panics on what the other side sends, and never allocates more than the other
//! side has sent or a named limit allows.

pub mod error;
pub mod request;
pub mod quoting;
pub mod decode;
pub mod codec;

pub mod number;
pub mod reply;
pub mod encode;
pub mod buffer;
pub mod decode_reply;

pub use buffer::{Filled, ReplyBuffer};
pub use codec::{ReplyCodec, RequestCodec};
pub use decode::Limits;
pub use decode_reply::ReplyDecoder;
pub use encode::{Encoder, encode_request};
pub use error::ProtocolError;
pub use reply::{Blob, Pieces, Protocol, Reply};
pub use request::{Argv, BIG_ARGUMENT_BYTES, Batch, DetachedRequest, Span};
