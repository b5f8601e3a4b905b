//! Running one batch: each command in turn, its reply encoded, its wishes carried out.
//!
//! The batch in progress lies in the actor, not on the stack: when a command panics, the replies of the
//! commands before it are still there to be sent.

use super::Keyspace;
use super::controls::store_limits;
use super::messages::Work;
use crate::actors::connection::Replies;
use crate::commands::context::Context;
use crate::commands::effects::{Awaited, Control, Effects};
use crate::commands::session::{ClientId, Slot};
use crate::commands::{self, Prepared, faults};
use crate::resp::{ProtocolError, Reply, ReplyBuffer};
use crate::store::Detached;
use std::thread;
use std::time::Duration;

/// How far a batch came.
enum Progress {
    /// All of it ran that is to run.
    Done,
    /// A pause holds the next command.
    Held,
    /// The last command waits for something, and the next ones for it.
    Suspended(Awaited),
    /// The last command asked for what the next ones are to find done.
    Asked,
}

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
    next: usize,
    /// How many replies it has made.
    pub(super) replies: usize,
    /// Whether it has left units in the log.
    pub(super) wrote: bool,
    /// Whether the rest of the batch is not to run and the connection to be closed after the replies.
    pub(super) close: bool,
}

impl Keyspace {
    /// Runs a batch and sends its replies back.
    pub(super) fn run(&mut self, slot: Slot, work: Box<Work>) {
        self.now_ms = self.clock.now_ms();
        let session = &mut self.clients[slot];
        session.active_ms = self.now_ms;
        session.request_bytes = work.batch.frame_bytes();
        self.statistics.input_bytes += work.received_bytes;
        self.warm(slot, &work);
        self.current = Some(Current { slot, work, next: 0, replies: 0, wrote: false, close: false });
        self.run_and_answer();
        self.resume_postponed();
    }

    /// Runs the batch in progress, as far as no pause holds it, and sends its replies.
    pub(super) fn run_and_answer(&mut self) {
        let Some(Current { slot, .. }) = &self.current else { return };
        let slot = *slot;
        let mut progress = self.run_current();
        while let Progress::Asked = progress {
            self.carry_out_controls();
            progress = self.run_current();
        }
        let number = self.clients[slot].database;
        match progress {
            Progress::Done | Progress::Asked => self.finish_current(),
            Progress::Held => self.postpone_current(),
            Progress::Suspended(awaited) => self.suspend_current(awaited),
        }
        self.feed_monitors(None);
        self.discard_expired(number);
        self.carry_out_controls();
    }

    /// Has the memory that a long batch will read fetched for all its keys together.
    fn warm(&self, slot: Slot, work: &Work) {
        let database = self.store.db_ref(self.clients[slot].database);
        if work.prepared.len() < WARM_COMMANDS || database.len() < WARM_KEYS {
            return;
        }
        let keys = work.prepared.iter().enumerate().filter_map(|(index, prepared)| {
            let first = prepared.first_key()?;
            work.batch.argv(index).get(first)
        });
        database.warm(keys);
    }

    /// Lets go of the keys of a database that were found past their deadline; ticks do it for all of them.
    pub(super) fn discard_expired(&mut self, number: usize) {
        let expired = self.store.db(number).take_expired();
        self.log.record_expired(number, &expired);
        let big: Vec<_> = expired.into_iter().filter(Detached::is_big).collect();
        if !big.is_empty() {
            self.facts.reclaimer.discard(big);
        }
    }

    /// Runs the commands of the batch in progress, one after the other.
    fn run_current(&mut self) -> Progress {
        let Some(Current { slot, work, next, replies, wrote, close }) = &mut self.current else {
            return Progress::Done;
        };
        let mut started = self.stopwatch.now();
        while *next < work.prepared.len() && !*close {
            let mut context = Context {
                argv: work.batch.argv(*next),
                store: &mut self.store,
                clients: &mut self.clients,
                me: *slot,
                config: &mut self.config,
                statistics: &mut self.statistics,
                history: &mut self.history,
                durability: &mut self.durability,
                facts: &self.facts,
                now_ms: self.now_ms,
                random: self.random.draw(),
                effects: Effects::default(),
                record: self.log.is_on().then_some(&mut self.record),
            };
            let prepared = &work.prepared[*next];
            if commands::is_held(&mut context, prepared) {
                return Progress::Held;
            }
            let reply = self.suspects.execute(&mut context, prepared);
            context.effects.controls.iter().for_each(carry_out_at_once);
            let session = &mut context.clients[*slot];
            if session.wants_reply() {
                work.replies.push(reply, session.protocol);
                *replies += 1;
            }
            if self.log.is_on() && self.log.record(&mut context) {
                *wrote = true;
                context.clients[*slot].last_write_seq = self.log.seq();
            }
            context.effects.garbage.drain(..).for_each(|garbage| self.facts.reclaimer.discard(garbage));
            // One look at the clock per command: the end of one is the beginning of the next.
            let ended = self.stopwatch.now();
            commands::note_duration(&mut context, prepared, nanoseconds(ended - started));
            started = ended;
            if self.monitors.is_watched() {
                self.monitors.note(&context, prepared);
            }
            let mut stop = None;
            for control in context.effects.controls {
                *close |= ends_batch(&control);
                stop = shows_at_once(&control).or(stop);
                match control {
                    Control::Await(what) => stop = Some(Progress::Suspended(what)),
                    Control::Monitor => self.monitors.add(*slot, &self.connections),
                    // The next command of this batch is already to see these.
                    Control::ResetStatistics => {
                        self.statistics.reset(self.store.expired_keys(), self.facts.reclaimer.freed());
                    }
                    Control::ConfigChanged => {
                        self.store.set_limits(store_limits(&self.config));
                        self.controls.push(control);
                    }
                    later => self.controls.push(later),
                }
            }
            self.unknown.extend(prepared.is_unknown().then_some(*next));
            *next += 1;
            if let Some(stop) = stop {
                return stop;
            }
        }
        Progress::Done
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
        let finished = Finished { client: self.clients[slot].id, work, replies, close };
        if self.log.must_hold() {
            self.log.hold(finished, wrote);
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
        let authenticated = self.clients[slot].authenticated;
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
        let commands = current.work.prepared.len();
        for index in current.next..commands {
            let failed = index == current.next;
            let fault = if failed { faults::OUTCOME_UNKNOWN } else { faults::LOADING };
            if self.clients[current.slot].wants_reply() {
                current.work.replies.push(Reply::Error(fault.into_bytes()), protocol);
                current.replies += 1;
            }
        }
        if let Some(failed) = current.work.prepared.get(current.next) {
            self.suspects.note(current.work.batch.argv(current.next), failed);
        }
        let name = current.work.prepared.get(current.next).and_then(|prepared| prepared.entry);
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

/// Batches with fewer commands are not worth reading ahead for.
const WARM_COMMANDS: usize = 4;

/// Databases with fewer keys lie in the processor's caches anyway.
const WARM_KEYS: usize = 50_000;

/// Carries out what belongs before the reply: DEBUG SLEEP answers when it has slept, DEBUG PANIC fails as a
/// command with a bug would.
fn carry_out_at_once(control: &Control) {
    match control {
        // What DEBUG SLEEP is for: to see how others fare while the server is busy.
        Control::Sleep(duration) => thread::sleep(*duration),
        Control::Panic => panic!("requested by DEBUG PANIC"),
        _ => {}
    }
}

/// How many unknown commands are remembered so that each is logged once.
const UNKNOWN_NAMES: usize = 256;

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Whether the commands behind the one that asked for this are not to run any more.
fn ends_batch(control: &Control) -> bool {
    matches!(control, Control::CloseAfterReply | Control::Shutdown { .. })
}

/// Stops the batch for what the commands behind the one that asked for it can tell whether it has been done.
fn shows_at_once(control: &Control) -> Option<Progress> {
    let shows = matches!(control, Control::Snapshot | Control::Rewrite | Control::ConfigChanged);
    shows.then_some(Progress::Asked)
}

/// A prepared command is small enough to be moved around in batches.
const _: () = assert!(size_of::<Prepared>() <= 128);
