//! Commands that have made the Keyspace fail: the third attempt is refused instead of taking the server down.
//!
//! A client that retries a request which runs into a bug would otherwise use up the restarts that the server has.
//! A suspect is a command's name with its arguments, of which only a keyed hash is kept. `DEBUG`, which fails on
//! purpose, is never one, nor `EXEC`, whose commands are suspects each.

use crate::commands::context::Context;
use crate::commands::{Prepared, faults};
use crate::resp::{Argv, Reply};
use bytes::Bytes;
use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher, RandomState};

/// So often may a command fail before it is refused.
const FAILURES: u32 = 2;

/// Suspects that are remembered.
const SUSPECTS: usize = 256;

/// Commands that are never suspects.
const EXEMPT: &[&str] = &["debug", "exec"];

/// What has failed, newest first, and what is to fail.
#[derive(Default)]
pub(super) struct Suspects {
    /// The commands that failed, newest first, and how often.
    failed: VecDeque<(u64, u32)>,
    hashes: RandomState,
    /// Commands whose first argument is this key fail once they have run (`DEBUG BUG`).
    pub(super) bug: Option<Bytes>,
}

impl Suspects {
    /// Whether every command may run, and none is to fail.
    pub(super) fn lets_all_run(&self) -> bool {
        self.bug.is_none() && self.failed.iter().all(|(_, count)| *count < FAILURES)
    }

    /// Notes a command that made the Keyspace fail.
    pub(super) fn note(&mut self, argv: Argv<'_>, prepared: &Prepared) {
        if prepared.entry.is_none_or(|entry| EXEMPT.contains(&entry.name.as_str())) {
            return;
        }
        let hash = self.hash(argv);
        if let Some((_, count)) = self.failed.iter_mut().find(|(known, _)| *known == hash) {
            *count += 1;
            return;
        }
        self.failed.truncate(SUSPECTS - 1);
        self.failed.push_front((hash, 1));
    }

    /// Runs a command by `run`, unless it has failed too often; one with a made-up bug fails then.
    pub(super) fn execute(
        &self,
        context: &mut Context<'_>,
        prepared: &Prepared,
        run: impl FnOnce(&mut Context<'_>, &Prepared) -> Reply,
    ) -> Reply {
        // What is only queued for a transaction is judged when that runs.
        if context.session().queue.is_none() && self.refuses(context.argv) {
            let fault = faults::REFUSED_AS_DANGEROUS;
            context.statistics.count_error(fault.code());
            return Reply::Error(fault.into_bytes());
        }
        let reply = run(context, prepared);
        if self.bug.is_some() && context.effects.ran && context.argv.get(1) == self.bug.as_deref() {
            panic!("requested by DEBUG BUG");
        }
        reply
    }

    fn refuses(&self, argv: Argv<'_>) -> bool {
        if self.failed.is_empty() {
            return false;
        }
        let hash = self.hash(argv);
        self.failed.iter().any(|(known, count)| *known == hash && *count >= FAILURES)
    }

    fn hash(&self, argv: Argv<'_>) -> u64 {
        let mut hasher = self.hashes.build_hasher();
        for (index, word) in argv.iter().enumerate() {
            hasher.write_usize(word.len());
            if index == 0 { hasher.write(&word.to_ascii_lowercase()) } else { hasher.write(word) }
        }
        hasher.finish()
    }
}
