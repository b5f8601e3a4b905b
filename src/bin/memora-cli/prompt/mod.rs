//! What helps a person who types a command: hints, completion, colours, help.
//!
//! ```text
//! COMMAND DOCS ─► catalog ─► syntax (a tree per command)
//! line ─► words ──────────────┴─► matching ─► what is still to come ─► assistant: hints, completion, colours
//! ```
//!
//! Everything about commands comes from the server that is connected, so it fits that server; a built-in
//! table, made of the README's, stands in where the server has none. Deliberately absent: running commands.

pub(crate) mod catalog;
pub(crate) mod help;
pub(crate) mod syntax;

mod aside;
mod assistant;
mod complete;
mod examples;
mod matching;
mod values;
mod words;

pub(crate) use aside::Login;
pub(crate) use assistant::Assistant;
pub(crate) use words::bar;
