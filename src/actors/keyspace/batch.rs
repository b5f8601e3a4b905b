//! A batch from its arrival to its replies on their way; what happens to each command in between is in `execution`.
//!
//! The batch in progress lies in the actor, not on the stack: when a command panics, the replies of the
//! commands before it are still there to be sent.

use super::Keyspace;
use super::execution::{Execution, Progress};
use super::log::Outgoing;
use super::messages::Work;
use crate::actors::connection::Replies;
use crate::commands::acl::Access;
use crate::commands::events;
use crate::commands::session::{ClientId, Slot};
use crate::commands::{Prepared, faults};
use crate::resp::{Batch, ProtocolError, Reply, ReplyBuffer};
use crate::store::{Database, Detached, WARM_GROUP_KEYS};

/// A batch that has run, with its replies on their way.
pub(super) struct Finished {
    client: ClientId,
    work: Box<Work>,
    replies: usize,
    close: bool,
}

/// The batch in progress.
pub(super) struct Current {
    pub(super) slot: Slot,
    pub(super) work: Box<Work>,
    /// The command that runs, counted from zero.
    pub(super) next: usize,
    /// The memory that the commands before this one will read has been fetched.
    pub(super) warmed: usize,
    /// How many replies it has made.
    pub(super) replies: usize,
    /// Whether it has left units in the log.
    pub(super) wrote: bool,
    /// Whether the rest of the batch is not to run and the connection to be closed after the replies.
    pub(super) close: bool,
    /// The transaction that the command runs, if it is an EXEC.
    pub(super) transaction: Option<Execution>,
    /// Whether the next command has waited, and is run once more, for now without those behind it.
    pub(super) resumes: bool,
}

impl Current {
    fn new(slot: Slot, work: Box<Work>) -> Self {
        Self {
            slot,
            work,
            next: 0,
            warmed: 0,
            replies: 0,
            wrote: false,
            close: false,
            transaction: None,
            resumes: false,
        }
    }
}

impl Keyspace {
    /// Runs a batch and sends its replies back.
    pub(super) fn run(&mut self, slot: Slot, work: Box<Work>) {
        self.read_clock();
        let session = &mut self.clients[slot];
        session.active_ms = self.now_ms;
        session.request_bytes = work.batch.frame_bytes();
        self.statistics.input_bytes += work.received_bytes;
        self.current = Some(Current::new(slot, work));
        self.run_and_answer();
        self.resume_postponed();
    }

    /// Runs the batch in progress, as far as no pause holds it, and sends its replies.
    pub(super) fn run_and_answer(&mut self) {
        let Some(Current { slot, .. }) = &self.current else { return };
        let slot = *slot;
        let progress = loop {
            match self.run_current() {
                Progress::Asked => self.carry_out_controls(),
                Progress::Ready => {}
                other => break other,
            }
            self.serve_ready();
        };
        self.serve_ready();
        let number = self.clients[slot].database;
        match progress {
            Progress::Done | Progress::Asked | Progress::Ready => self.finish_current(),
            Progress::Blocked(wait) => self.block_current(*wait),
            Progress::Held => self.postpone_current(),
            Progress::Suspended(awaited) => self.suspend_current(awaited),
        }
        self.send_mail();
        self.feed_monitors(None);
        self.discard_expired(number);
        self.carry_out_controls();
    }

    /// Lets go of the keys of a database that were found past their deadline; ticks do it for all of them.
    pub(super) fn discard_expired(&mut self, number: usize) {
        if self.clients.is_heard() {
            events::tell_findings(&mut self.store, &mut self.clients, number, None);
            self.gather_messages();
            self.send_mail();
        }
        let expired = self.store.db(number).take_expired();
        self.log.record_expired(number, &expired);
        let big: Vec<_> = expired.into_iter().filter(Detached::is_big).collect();
        if !big.is_empty() {
            self.facts.reclaimer.discard(big);
        }
    }

    /// Ends the batch in progress: the protocol error, if there was one, and the replies on their way.
    fn finish_current(&mut self) {
        let Some(mut current) = self.current.take() else { return };
        self.log_unknown(&current);
        if let (Some(error), false) = (current.work.batch.error(), current.close) {
            self.push_protocol_error(&mut current, error);
        }
        self.send_replies(current);
    }

    fn push_protocol_error(&mut self, current: &mut Current, error: ProtocolError) {
        self.statistics.count_error(b"ERR");
        current.work.replies.push(error.to_reply(), self.clients[current.slot].protocol);
        current.replies += 1;
    }

    fn send_replies(&mut self, current: Current) {
        let Current { slot, work, replies, wrote, close, .. } = current;
        if close || work.batch.error().is_some() {
            self.mail.leaving.push(self.clients[slot].id);
        }
        let finished = Finished { client: self.clients[slot].id, work, replies, close };
        if self.log.must_hold() {
            self.log.hold(Outgoing::Replies(finished), wrote);
            return;
        }
        let reason = self.durability.log.trouble.clone().filter(|_| wrote && self.log.is_unsafe());
        let finished = match reason {
            Some(reason) => self.with_errors(finished, &reason),
            None => finished,
        };
        self.send_finished(finished);
    }

    /// Sends the replies of a batch, unless its client has gone meanwhile.
    pub(super) fn send_finished(&mut self, finished: Finished) {
        let Finished { client, mut work, close, .. } = finished;
        let Some(slot) = self.clients.slot(client) else { return };
        work.prepared.clear();
        self.statistics.output_bytes += work.replies.len_bytes() as u64;
        let authenticated = self.clients[slot].access != Access::Locked;
        if let Some(Some(connection)) = self.connections.get(slot) {
            connection.do_send(Replies { work, authenticated, close });
        }
    }

    /// The batch with errors instead of its replies: what it wrote could not be made durable.
    pub(super) fn with_errors(&mut self, mut finished: Finished, reason: &str) -> Finished {
        let Some(slot) = self.clients.slot(finished.client) else { return finished };
        let protocol = self.clients[slot].protocol;
        finished.work.replies = ReplyBuffer::default();
        for _ in 0..finished.replies {
            let fault = faults::log_failed(reason);
            self.statistics.count_error(fault.code());
            finished.work.replies.push(Reply::Error(fault.into_bytes()), protocol);
        }
        finished
    }

    /// Answers the command for which a batch was suspended.
    pub(super) fn answer_suspended(&mut self, current: &mut Current, reply: Reply) {
        let session = &mut self.clients[current.slot];
        if session.wants_reply() {
            current.work.replies.push(reply, session.protocol);
            current.replies += 1;
        }
    }

    /// After a panic: the command that failed and those behind it are answered, and the connection lives on.
    pub(super) fn abandon_current(&mut self) {
        let Some(mut current) = self.current.take() else { return };
        let protocol = self.clients[current.slot].protocol;
        let failing = current.next;
        if let Some(failed) = current.work.prepared.get(failing) {
            self.suspects.note(current.work.batch.argv(failing), failed);
        }
        self.abandon_transaction(&mut current);
        let commands = current.work.prepared.len();
        current.resumes = false;
        for index in current.next..commands {
            let failed = index == failing;
            let fault = if failed { faults::OUTCOME_UNKNOWN } else { faults::LOADING };
            if self.clients[current.slot].wants_reply() {
                current.work.replies.push(Reply::Error(fault.into_bytes()), protocol);
                current.replies += 1;
            }
        }
        let name = current.work.prepared.get(failing).and_then(|prepared| prepared.entry);
        let name = name.map_or("", |entry| entry.name.as_str());
        tracing::error!(command = name, "a command failed with a panic; its outcome is unknown");
        if let Some(error) = current.work.batch.error() {
            self.push_protocol_error(&mut current, error);
        }
        self.send_replies(current);
    }

    /// Tells the log which commands an application misses, each name once.
    fn log_unknown(&mut self, current: &Current) {
        for index in self.unknown.drain(..) {
            let argv = current.work.batch.argv(index);
            // Behind a container's name, the subcommand's is what is missing.
            let words = if current.work.prepared[index].entry.is_some() { 2 } else { 1 };
            let words: Vec<_> = argv.iter().take(words).map(String::from_utf8_lossy).collect();
            let name = words.join(" ").to_ascii_lowercase();
            let known = self.unknown_names.len() >= UNKNOWN_NAMES || self.unknown_names.contains(&name);
            if known {
                continue;
            }
            let session = &self.clients[current.slot];
            tracing::warn!(
                command = name,
                client = session.id,
                client_name = %String::from_utf8_lossy(&session.name),
                library = %String::from_utf8_lossy(&session.library),
                "unknown command: an application asks for something that is not there"
            );
            self.unknown_names.insert(name);
        }
    }
}

/// Has the memory that the next commands of a long batch will read fetched for all their keys together, a few commands at a
/// time so that it is still near when they run; says whether it did, which is nobody's own time.
#[inline]
pub(super) fn warm_ahead(
    warmed: &mut usize,
    next: usize,
    batch: &Batch,
    prepared: &[Prepared],
    database: &Database,
) -> bool {
    if next < *warmed {
        return false;
    }
    *warmed = prepared.len();
    if prepared.len() >= WARM_COMMANDS && database.len() >= WARM_KEYS {
        *warmed = prepared.len().min(next + WARM_GROUP_KEYS);
        let key = |index: usize| batch.argv(index).get(prepared[index].first_key()?);
        database.warm((next..*warmed).filter_map(key));
        return true;
    }
    false
}

/// Batches with fewer commands are not worth reading ahead for.
const WARM_COMMANDS: usize = 4;

/// Databases with fewer keys lie in the processor's caches anyway.
const WARM_KEYS: usize = 50_000;

/// How many unknown commands are remembered so that each is logged once.
const UNKNOWN_NAMES: usize = 256;

/// A prepared command is small enough to be moved around in batches.
const _: () = assert!(size_of::<Prepared>() <= 128);
