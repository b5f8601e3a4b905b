//! SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF, WAITAOF: the data on disk, on request.
//!
//! What has to be done is done by other actors; a command here says whether it may begin, or waits for its end.
//! SAVE keeps its own client waiting and nobody else, as the snapshot is written beside the commands.

use super::args::Args;
use super::categories::Category;
use super::context::{Context, Outcome};
use super::effects::{Awaited, Control};
use super::family::family;
use super::faults::{self, Fault};
use super::spec::{Command, Flag, Group, Spec};
use crate::resp::Reply;

/// What the commands that write files declare alike.
const SAVING: Spec = Spec {
    arity: 1,
    flags: &[Flag::Admin, Flag::Noscript, Flag::NoAsyncLoading],
    group: Group::Server,
    ..Spec::EMPTY
};

/// `SAVE`
pub(super) struct Save;

impl Command for Save {
    const SPEC: Spec = Spec {
        name: "save",
        flags: &[Flag::Admin, Flag::Noscript, Flag::NoAsyncLoading, Flag::NoMulti],
        complexity: "O(N) where N is the number of keys in all databases",
        summary: "Writes a snapshot and answers when it is on disk",
        ..SAVING
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        if context.durability.snapshot.save.runs() {
            return Err(faults::SAVE_RUNS);
        }
        context.effects.control(Control::Snapshot);
        context.effects.control(Control::Await(Awaited::Snapshot));
        Ok(Reply::Silent)
    }
}

/// `BGSAVE [SCHEDULE]`
pub(super) struct BgSave {
    schedule: bool,
}

impl Command for BgSave {
    const SPEC: Spec = Spec {
        name: "bgsave",
        arity: -1,
        complexity: "O(1)",
        summary: "Begins to write a snapshot in the background",
        syntax: "[SCHEDULE]",
        history: &[("3.2.2", "Option `SCHEDULE`")],
        ..SAVING
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let schedule = args.option("SCHEDULE");
        if args.more() {
            args.rest();
            args.fail(faults::SYNTAX);
        }
        args.done(Self { schedule })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let durability = &mut *context.durability;
        if durability.snapshot.save.runs() {
            return Err(faults::SAVE_RUNS);
        }
        if durability.log.rewrite.runs() {
            if !self.schedule {
                return Err(faults::REWRITE_RUNS_NO_SAVE);
            }
            durability.snapshot.save.scheduled = true;
            return Ok(Reply::simple("Background saving scheduled"));
        }
        context.effects.control(Control::Snapshot);
        Ok(Reply::simple("Background saving started"))
    }
}

/// `LASTSAVE`
pub(super) struct LastSave;

impl Command for LastSave {
    const SPEC: Spec = Spec {
        name: "lastsave",
        flags: &[Flag::Loading, Flag::Stale, Flag::Fast],
        categories: &[Category::Admin, Category::Dangerous],
        complexity: "O(1)",
        summary: "Tells when the last snapshot was written, as Unix time in seconds",
        tips: &["nondeterministic_output"],
        ..SAVING
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(Reply::from_count((context.durability.snapshot.last_save_ms / 1000) as usize))
    }
}

/// `BGREWRITEAOF`
pub(super) struct BgRewriteAof;

impl Command for BgRewriteAof {
    const SPEC: Spec = Spec {
        name: "bgrewriteaof",
        complexity: "O(1)",
        summary: "Begins to rewrite the append-only log in the background",
        ..SAVING
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let durability = &mut *context.durability;
        if durability.log.rewrite.runs() {
            return Err(faults::REWRITE_RUNS);
        }
        if durability.snapshot.save.runs() {
            durability.log.rewrite.scheduled = true;
            return Ok(Reply::simple("Background append only file rewriting scheduled"));
        }
        context.effects.control(Control::Rewrite);
        Ok(Reply::simple("Background append only file rewriting started"))
    }
}

/// `WAITAOF numlocal numreplicas timeout`
pub(super) struct WaitAof {
    local: bool,
    replicas: bool,
    timeout_ms: u64,
}

impl Command for WaitAof {
    const SPEC: Spec = Spec {
        name: "waitaof",
        arity: 4,
        flags: &[Flag::Noscript],
        categories: &[Category::Connection],
        group: Group::Generic,
        since: "7.2.0",
        complexity: "O(1)",
        summary: "Waits until this client's writes are on disk, here and on replicas, and tells on how many they are",
        syntax: "numlocal:integer numreplicas:integer timeout:integer",
        tips: &["request_policy:all_shards", "response_policy:agg_min"],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let local = args.integer();
        if !(0..=1).contains(&local) {
            args.fail(faults::NOT_ZERO_OR_ONE);
        }
        let replicas = args.count();
        let timeout = args.bytes();
        let timeout_ms = args.timeout_ms_at(timeout);
        args.done(Self { local: local == 1, replicas: replicas > 0, timeout_ms })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        if self.local && !context.durability.log.enabled {
            return Err(faults::WAITAOF_WITHOUT_LOG);
        }
        let (local, replicas, timeout_ms) = (self.local, self.replicas, self.timeout_ms);
        if i64::try_from(context.now_ms.saturating_add(timeout_ms)).is_err() {
            return Err(faults::TIMEOUT_OUT_OF_RANGE);
        }
        let seq = context.session().last_write_seq;
        let is_local = context.durability.log.has_on_disk(seq);
        // There are no replicas: whoever asks for one waits until the time is up.
        if (replicas || local && !is_local) && !context.session().denies_blocking {
            context.effects.control(Control::Await(Awaited::Synced { seq, local, replicas, timeout_ms }));
            return Ok(Reply::Silent);
        }
        Ok(synced_reply(is_local))
    }
}

/// The answer of WAITAOF: whether this server has everything on disk, and how many replicas have.
#[must_use]
pub fn synced_reply(is_local: bool) -> Reply {
    Reply::array([Reply::from_count(usize::from(is_local)), Reply::ZERO])
}

/// The answer of DEBUG RELOAD.
#[must_use]
pub fn reloaded_reply(loaded: bool) -> Reply {
    if loaded { Reply::OK } else { Reply::Error(faults::RELOAD_FAILED.into_bytes()) }
}

/// The answer of SAVE.
#[must_use]
pub fn saved_reply(saved: bool) -> Reply {
    if saved { Reply::OK } else { Reply::Error(faults::SAVE_FAILED.into_bytes()) }
}

family!(Saving {
    Save(Save),
    BgSave(BgSave),
    LastSave(LastSave),
    BgRewriteAof(BgRewriteAof),
    WaitAof(WaitAof),
});
