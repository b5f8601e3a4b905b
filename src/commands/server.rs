//! The server as a whole: INFO, DBSIZE, FLUSHDB, FLUSHALL, TIME, SHUTDOWN.

use super::args::{Args, Rest};
use super::categories::Category;
use super::context::{Context, Outcome};
use super::effects::{Awaited, Control};
use super::family::family;
use super::faults::{self, Fault};
use super::info;
use super::spec::{Command, Flag, Group, Spec};
use crate::resp::Reply;

/// `INFO [section [section ...]]`
pub(super) struct Info {
    sections: Rest,
}

impl Command for Info {
    const SPEC: Spec = Spec {
        name: "info",
        arity: -1,
        flags: &[Flag::Loading, Flag::Stale],
        categories: &[Category::Dangerous],
        group: Group::Server,
        summary: "Tells facts and figures about the server",
        syntax: "[section [section ...]]",
        history: &[("7.0.0", "More than one section")],
        tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let sections = args.rest();
        args.done(Self { sections })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let wanted: Vec<_> = self.sections.of(context.argv).map(<[u8]>::to_ascii_lowercase).collect();
        Ok(Reply::text(info::text(context, &wanted)))
    }
}

/// `DBSIZE`
pub(super) struct DbSize;

impl Command for DbSize {
    const SPEC: Spec = Spec {
        name: "dbsize",
        arity: 1,
        flags: &[Flag::Readonly, Flag::Fast],
        categories: &[Category::Keyspace],
        group: Group::Server,
        summary: "Counts the keys of the selected database",
        tips: &["request_policy:all_shards", "response_policy:agg_sum"],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(Reply::from_count(context.db().len()))
    }
}

/// What both flushing commands declare alike.
const FLUSH: Spec = Spec {
    arity: -1,
    flags: &[Flag::Write],
    categories: &[Category::Keyspace, Category::Dangerous],
    group: Group::Server,
    complexity: "O(1): memory is freed in the background",
    syntax: "[ASYNC | SYNC]",
    history: &[("4.0.0", "Option `ASYNC`"), ("6.2.0", "Option `SYNC`")],
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    ..Spec::EMPTY
};

/// Reads `ASYNC` or `SYNC`. Both mean the same here: the keys are gone at once, their memory soon.
fn read_flush_mode(args: &mut Args<'_>) -> Result<(), Fault> {
    if args.left() > 1 || args.left() == 1 && !args.option("ASYNC") && !args.option("SYNC") {
        args.fail(faults::SYNTAX);
    }
    args.done(())
}

/// `FLUSHDB [ASYNC | SYNC]`
pub(super) struct FlushDb;

impl Command for FlushDb {
    const SPEC: Spec =
        Spec { name: "flushdb", summary: "Removes all keys of the selected database", ..FLUSH };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        read_flush_mode(args).map(|()| Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let database = context.session().database;
        context.flushing(database);
        context.clients.invalidate_all();
        let keys = context.db().flush();
        context.effects.touched_times(keys.len() as u64);
        context.log_request();
        context.effects.discard_elsewhere(keys);
        Ok(Reply::OK)
    }
}

/// `FLUSHALL [ASYNC | SYNC]`
pub(super) struct FlushAll;

impl Command for FlushAll {
    const SPEC: Spec = Spec { name: "flushall", summary: "Removes all keys of all databases", ..FLUSH };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        read_flush_mode(args).map(|()| Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        (0..context.store.databases()).for_each(|database| context.flushing(database));
        context.clients.invalidate_all();
        let keys = context.store.flush_all();
        // One more than the keys, as Redis counts the command itself as a change.
        context.effects.touched_times(1 + keys.iter().map(|keys| keys.len() as u64).sum::<u64>());
        context.log_request();
        context.effects.discard_elsewhere(keys);
        Ok(Reply::OK)
    }
}

/// `TIME`
pub(super) struct Time;

impl Command for Time {
    const SPEC: Spec = Spec {
        name: "time",
        arity: 1,
        flags: &[Flag::Loading, Flag::Stale, Flag::Fast],
        group: Group::Server,
        since: "2.6.0",
        summary: "Tells the server's time: seconds, and microseconds within the second",
        tips: &["nondeterministic_output"],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        const MICROSECONDS: u64 = 1_000_000;
        let now_us = context.facts.now_us();
        Ok(Reply::array([now_us / MICROSECONDS, now_us % MICROSECONDS].map(Reply::bulk)))
    }
}

/// `SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]`
pub(super) struct Shutdown {
    now: bool,
    force: bool,
    abort: bool,
    save: Option<bool>,
}

impl Command for Shutdown {
    const SPEC: Spec = Spec {
        name: "shutdown",
        arity: -1,
        flags: &[Flag::Admin, Flag::Noscript, Flag::Loading, Flag::Stale, Flag::NoMulti, Flag::AllowBusy],
        group: Group::Server,
        complexity: "O(N) where N is the number of clients",
        summary: "Answers everyone, then ends the server",
        syntax: "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
        history: &[("7.0.0", "Options `NOW`, `FORCE` and `ABORT`")],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (mut save, mut nosave, mut now, mut force, mut abort) = (false, false, false, false, false);
        while args.more() {
            if args.option("SAVE") {
                save = true;
            } else if args.option("NOSAVE") {
                nosave = true;
            } else if args.option("NOW") {
                now = true;
            } else if args.option("FORCE") {
                force = true;
            } else if args.option("ABORT") {
                abort = true;
            } else {
                args.fail(faults::SYNTAX);
            }
        }
        if save && nosave || abort && (save || nosave || now || force) {
            args.fail(faults::SYNTAX);
        }
        let save = (save || nosave).then_some(save);
        args.done(Self { now, force, abort, save })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        if self.abort {
            // Once clients are being closed nobody can ask for anything: only the snapshot before that can be waited for.
            if !context.durability.snapshot.ends_server {
                return Err(faults::NO_SHUTDOWN);
            }
            context.effects.control(Control::AbortShutdown);
            return Ok(Reply::OK);
        }
        let (now, save) = (self.now, self.save);
        let saves = save.unwrap_or(!context.config.save.is_empty()) && context.durability.loading.is_none();
        if saves && !self.force {
            context.effects.control(Control::ShutdownOnceSaved { now, save });
            context.effects.control(Control::Await(Awaited::Shutdown));
        } else {
            context.effects.control(Control::Shutdown { now, save });
        }
        Ok(Reply::Silent)
    }
}

family!(Server {
    Info(Info),
    DbSize(DbSize),
    FlushDb(FlushDb),
    FlushAll(FlushAll),
    Time(Time),
    Shutdown(Shutdown),
});
