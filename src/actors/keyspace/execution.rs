//! Running the commands of a batch: each in turn, its reply encoded, what it leaves logged, its wishes sorted.
//!
//! EXEC runs its queue here as well, command by command in the same way, but nothing comes between them: no pause, no
//! other client, no wish that the end of the transaction could not wait for. The array that they answer is written as
//! they go. Plain commands, in whose way nothing stands, have a shorter way: [`plain`](super::plain).

use super::Keyspace;
use super::batch::{Current, warm_ahead};
use super::log::LogFeed;
use super::messages::Work;
use super::suspects::Suspects;
use crate::commands::context::Context;
use crate::commands::effects::{Awaited, Control, Effects, KeyWait};
use crate::commands::session::{Session, Slot};
use crate::commands::transactions::{Queue, Queued};
use crate::commands::{self, Prepared, faults};
use crate::resp::{Reply, ReplyBuffer};
use quanta::Instant;
use std::ops::ControlFlow;
use std::thread;
use std::time::Duration;

/// What a command sees and changes, lent by the Keyspace: a macro, as the rest of the Keyspace stays free for its caller.
macro_rules! context {
    ($keyspace:ident, $argv:expr, $slot:expr) => {
        $crate::commands::context::Context {
            argv: $argv,
            store: &mut $keyspace.store,
            clients: &mut $keyspace.clients,
            me: $slot,
            config: &mut $keyspace.config,
            statistics: &mut $keyspace.statistics,
            history: &mut $keyspace.history,
            durability: &mut $keyspace.durability,
            facts: &$keyspace.facts,
            now_ms: $keyspace.now_ms,
            is_full: $keyspace.eviction.is_full,
            random: $keyspace.random.draw(),
            effects: $crate::commands::effects::Effects::default(),
            record: $keyspace.log.is_on().then_some(&mut $keyspace.record),
        }
    };
}
pub(super) use context;

/// How far a batch came.
pub(super) enum Progress {
    /// All of it ran that is to run.
    Done,
    /// A pause holds the next command.
    Held,
    /// The last command waits for something, and the next ones for it.
    Suspended(Awaited),
    /// The last command asked for what the next ones are to find done.
    Asked,
    /// The last command made what others wait for, or waits no longer itself.
    Ready,
    /// The next command waits for keys, and the others for it.
    Blocked(Box<KeyWait>),
}

/// A transaction in progress.
pub(super) struct Execution {
    queue: Box<Queue>,
    /// The command that runs, counted from zero.
    next: usize,
    started: Instant,
    /// Whether a command asked for what the commands after EXEC are to find done.
    asked: bool,
}

impl Execution {
    fn current(&self) -> Option<&Queued> {
        self.queue.commands.get(self.next)
    }
}

/// What a command is a part of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Nothing but its batch.
    Alone,
    /// A transaction that EXEC runs.
    Inside,
    /// Nothing but its batch; it has waited, and is run once more.
    Again,
    /// It is the EXEC itself, whose commands have all run.
    Exec,
}

/// What a command asked for, as far as it concerns its batch.
#[derive(Default)]
struct Wishes {
    awaited: Option<Awaited>,
    keys: Option<Box<KeyWait>>,
    asked: bool,
    close: bool,
    transaction: Option<Box<Queue>>,
}

impl Current {
    /// Whether its next command is run for the first time, and in no transaction.
    pub(super) fn is_ordinary(&self) -> bool {
        !self.resumes && self.transaction.is_none() && !self.close
    }

    pub(super) fn has_next(&self) -> bool {
        self.resumes || self.transaction.is_some() || self.next < self.work.prepared.len() && !self.close
    }
}

impl Keyspace {
    /// Runs the commands of the batch in progress, one after the other.
    pub(super) fn run_current(&mut self) -> Progress {
        let mut started = self.stopwatch.now();
        loop {
            started = self.run_plain(started);
            match self.run_next(started) {
                ControlFlow::Continue(ended) => started = ended,
                ControlFlow::Break(progress) => return progress,
            }
        }
    }

    /// Runs the next command, whatever it asks for and whatever stands in its way; answers when it ended.
    fn run_next(&mut self, mut started: Instant) -> ControlFlow<Progress, Instant> {
        self.make_room_before_next();
        let Some(current) = self.current.as_mut().filter(|current| current.has_next()) else {
            return ControlFlow::Break(Progress::Done);
        };
        let Current { slot, work, next, warmed, replies, wrote, transaction, resumes, .. } = current;
        let (slot, next) = (*slot, *next);
        let Work { batch, prepared, replies: out, .. } = &mut **work;
        if warm_ahead(warmed, next, batch, prepared, self.store.db_ref(self.clients[slot].database)) {
            started = self.stopwatch.now();
        }
        let (argv, command, part) = match transaction.as_ref().map(Execution::current) {
            None if *resumes => (batch.argv(next), &prepared[next], Part::Again),
            None => (batch.argv(next), &prepared[next], Part::Alone),
            Some(Some(queued)) => (queued.request.argv(), &queued.prepared, Part::Inside),
            Some(None) => (batch.argv(next), &prepared[next], Part::Exec),
        };
        let mut context = context!(self, argv, slot);
        if part == Part::Alone && commands::is_held(&mut context, command) {
            return ControlFlow::Break(Progress::Held);
        }
        let reply = run_part(&self.suspects, &mut context, command, part);
        let later = answers_later(&context.effects);
        if !later {
            *replies += usize::from(answer(context.session(), reply, part, out));
        }
        *wrote |= record(&mut self.log, &mut context, part);
        context.effects.garbage.drain(..).for_each(|garbage| self.facts.reclaimer.discard(garbage));
        // One look at the clock per command: the end of one is the beginning of the next.
        let ended = self.stopwatch.now();
        if !later {
            let exec = transaction.as_ref().filter(|_| part == Part::Exec);
            let since = exec.map_or(started, |exec| exec.started);
            commands::note_duration(&mut context, command, nanoseconds(ended - since));
        }
        if self.monitors.is_watched() && is_shown(part, &context.effects) {
            self.monitors.note(&context, command);
        }
        self.unknown.extend((part == Part::Alone && command.is_unknown()).then_some(next));
        let mut wishes = Wishes::default();
        if context.effects.queued {
            wishes.close = enqueue(context, &mut prepared[next]);
        } else if !context.effects.controls.is_empty() {
            let controls = context.effects.controls;
            wishes = self.sort_wishes(slot, controls);
        }
        if part != Part::Inside && self.clients.has_messages() {
            self.gather_messages();
        }
        match self.advance(part, wishes, started) {
            Some(progress) => ControlFlow::Break(progress),
            None => ControlFlow::Continue(ended),
        }
    }

    /// Goes on to the next command, or has the batch stop behind the one that has run.
    fn advance(&mut self, part: Part, wishes: Wishes, started: Instant) -> Option<Progress> {
        let current = self.current.as_mut()?;
        current.close |= wishes.close;
        current.resumes = false;
        let mut asked = wishes.asked;
        match &mut current.transaction {
            None => {}
            Some(transaction) if part == Part::Inside => {
                transaction.next += 1;
                transaction.asked |= asked;
                return None;
            }
            Some(transaction) => {
                asked |= transaction.asked;
                current.transaction = None;
            }
        }
        if let Some(queue) = wishes.transaction {
            let session = &self.clients[current.slot];
            if session.is_answered() {
                current.work.replies.encoder(session.protocol).array_len(queue.commands.len());
                current.replies += 1;
            }
            self.log.begin_transaction(self.now_ms);
            current.transaction = Some(Execution { queue, next: 0, started, asked: false });
            return None;
        }
        if let Some(wait) = wishes.keys {
            return Some(Progress::Blocked(wait));
        }
        current.next += 1;
        let is_ready = part == Part::Again || self.clients.has_ready();
        let suspended = wishes.awaited.map(Progress::Suspended);
        suspended.or_else(|| asked.then_some(Progress::Asked)).or_else(|| is_ready.then_some(Progress::Ready))
    }

    /// Sorts what a command asked for: some is done at once, some concerns its batch, the rest is for after it.
    fn sort_wishes(&mut self, slot: Slot, controls: Vec<Control>) -> Wishes {
        let mut wishes = Wishes::default();
        for control in controls {
            wishes.close |= ends_batch(&control);
            wishes.asked |= shows_at_once(&control);
            match control {
                Control::Await(what) => wishes.awaited = Some(what),
                Control::AwaitKeys(wait) => wishes.keys = Some(wait),
                Control::RunTransaction(queue) => wishes.transaction = Some(queue),
                Control::ClassChanged => self.adjust_class(slot),
                Control::Monitor => self.monitors.add(slot, &self.connections),
                // The rests of batches run in the order in which their clients ceased to wait.
                Control::Unblock { client, error } => {
                    self.unblock(client, error);
                    self.controls.push(control);
                }
                // The next command of this batch is already to see these.
                Control::ResetStatistics => {
                    self.statistics.reset(self.store.expired_keys(), self.facts.reclaimer.freed());
                }
                Control::ConfigChanged => {
                    self.adjust_commands();
                    self.controls.push(control);
                }
                later => self.controls.push(later),
            }
        }
        wishes
    }

    /// After a panic in a transaction: its array is filled up, as whoever reads it counts on so many replies.
    pub(super) fn abandon_transaction(&mut self, current: &mut Current) {
        let Some(transaction) = current.transaction.take() else { return };
        if let Some(failed) = transaction.current() {
            self.suspects.note(failed.request.argv(), &failed.prepared);
        }
        let session = &mut self.clients[current.slot];
        session.denies_blocking = false;
        for _ in transaction.next..transaction.queue.commands.len() {
            if session.is_answered() {
                let fault = faults::OUTCOME_UNKNOWN;
                current.work.replies.push(Reply::Error(fault.into_bytes()), session.protocol);
            }
        }
        session.wants_reply();
        current.next += 1;
    }
}

fn run_part(suspects: &Suspects, context: &mut Context<'_>, command: &Prepared, part: Part) -> Reply {
    let reply = match part {
        Part::Alone => suspects.execute(context, command, commands::execute),
        Part::Inside => suspects.execute(context, command, commands::execute_queued),
        Part::Again => suspects.execute(context, command, commands::execute_again),
        Part::Exec => {
            context.transaction_ends();
            Reply::Silent
        }
    };
    context.effects.controls.iter().for_each(carry_out_at_once);
    reply
}

/// Logs what a command left, if there is a log; says whether that ended a unit.
pub(super) fn record(log: &mut LogFeed, context: &mut Context<'_>, part: Part) -> bool {
    if !log.is_on() {
        return false;
    }
    let left = match part {
        Part::Alone | Part::Again => log.record(context),
        Part::Inside => {
            log.record_part(context);
            false
        }
        Part::Exec => log.end_transaction(),
    };
    if left {
        context.session().last_write_seq = log.seq();
    }
    left
}

/// Encodes a reply if it is wanted; says whether it counts as one of the batch's.
pub(super) fn answer(session: &mut Session, reply: Reply, part: Part, out: &mut ReplyBuffer) -> bool {
    if let Reply::Several(_) = reply {
        // Whoever listens hears it, also where replies are switched off.
        out.push(reply, session.protocol);
        session.wants_reply();
        return part != Part::Inside;
    }
    let is_wanted = match part {
        Part::Inside => session.is_answered(),
        Part::Alone | Part::Again | Part::Exec => session.wants_reply(),
    };
    if is_wanted {
        out.push(reply, session.protocol);
    }
    is_wanted && matches!(part, Part::Alone | Part::Again)
}

/// Queues a command of a transaction; says whether its client has to go, as the queue has become too long.
fn enqueue(mut context: Context<'_>, prepared: &mut Prepared) -> bool {
    let is_too_long = context.queue(std::mem::replace(prepared, Prepared::taken()));
    context.statistics.query_limit_disconnections += u64::from(is_too_long);
    is_too_long
}

/// Whether the command is answered, and counted, only later: an EXEC whose queue is about to run, a client that waits.
fn answers_later(effects: &Effects) -> bool {
    matches!(effects.controls.first(), Some(Control::RunTransaction(_) | Control::AwaitKeys(_)))
}

/// Whether MONITOR shows the command now: EXEC behind its queue, what has waited when it came.
fn is_shown(part: Part, effects: &Effects) -> bool {
    part != Part::Again && !matches!(effects.controls.first(), Some(Control::RunTransaction(_)))
}

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

/// Whether the commands behind the one that asked for this are not to run any more.
fn ends_batch(control: &Control) -> bool {
    matches!(control, Control::CloseAfterReply | Control::Shutdown { .. })
}

/// Whether the commands behind the one that asked for this can tell whether it has been done.
fn shows_at_once(control: &Control) -> bool {
    matches!(control, Control::Snapshot | Control::Rewrite | Control::ConfigChanged)
}

pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
