//! wip
pub(crate) mod folder;
mod log;
#[cfg(test)]
pub(crate) mod simulated;
pub(crate) use log::{Log, Mark, Piece, manifest_name};
