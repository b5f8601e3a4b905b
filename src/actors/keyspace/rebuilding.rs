//! What becomes of the data after a panic of the Keyspace.
//!
//! With a log, nobody has to trust what a failing command left behind: everything acknowledged is in the log, or in
//! the AofWriter's mailbox on its way there. So the AofWriter is asked to write and sync all of it ([`Settle`]), and
//! then the data is loaded from the files as at the start, while clients hear `-LOADING`; the log goes on behind it.
//! Without a log, or with one that cannot be read in full at this moment, the data is verified and kept.

use super::Keyspace;
use super::loading::{After, Loader, plan_rebuild};
use crate::actors::aof_writer::Settle;
use crate::commands::durability::Loading;
use crate::config::values::OnPanic;
use crate::exit::Exit;
use actix::Context;
use std::time::Instant;

/// A rebuilding of the data, while it lasts.
pub(super) struct Rebuilding {
    /// The number of the [`Settle`] that is waited for.
    number: u64,
    started: Instant,
    /// What `rdb_changes_since_last_save` was, which loading does not change.
    changes: u64,
}

impl Keyspace {
    /// Sees to it that the data is sound again after a panic.
    pub(super) fn recover_data(&mut self) {
        if self.rebuilding.is_some() || self.is_rebuildable() {
            self.begin_rebuilding();
        } else {
            self.verify_data();
        }
    }

    /// Whether the files hold all data, once the AofWriter has written what is on its way.
    pub(super) fn is_rebuildable(&self) -> bool {
        let log = &self.durability.log;
        self.log.is_on() && !log.awaits_base && log.trouble.is_none()
    }

    fn verify_data(&mut self) {
        let broken = self.store.verify().err();
        if let Some(broken) = &broken {
            tracing::error!(%broken, "the data is damaged and there is no log to rebuild it from");
        }
        if broken.is_some() || self.config.on_panic == OnPanic::Exit {
            self.links.supervisor.escalate(Exit::ChildGaveUp);
        } else {
            tracing::warn!("the data was verified and is kept");
        }
        // What the command that failed did to the data, and whether the log has it, nobody knows: a new base does.
        self.durability.log.rewrite.scheduled |= self.log.is_on();
    }

    fn begin_rebuilding(&mut self) {
        // The files are to stay as they are until they are loaded.
        self.cancel_rewrite("the keyspace failed");
        self.loader = None;
        // The panic may have taken along a report that somebody waits for.
        let (number, changes) =
            self.rebuilding.as_ref().map_or((0, self.statistics.changes), |last| (last.number, last.changes));
        self.rebuilding = Some(Rebuilding { number: number + 1, started: Instant::now(), changes });
        self.durability.loading = Some(Loading { started_ms: self.now_ms, total_bytes: 0, loaded_bytes: 0 });
        tracing::warn!("the data will be loaded again from the log");
        self.ask_to_settle();
    }

    /// Has the AofWriter write all that is on its way; also after its own panic, which may have taken along the wish.
    pub(super) fn ask_to_settle(&mut self) {
        if let Some(rebuilding) = &self.rebuilding {
            self.log.send();
            self.log.writer.send(Settle { number: rebuilding.number });
        }
    }

    /// The AofWriter has written everything, or cannot.
    pub(super) fn log_settled(&mut self, number: u64, outcome: Result<u64, String>, ctx: &mut Context<Self>) {
        if self.loader.is_some() || self.rebuilding.as_ref().is_none_or(|wanted| wanted.number != number) {
            return;
        }
        match outcome {
            Ok(durable_seq) if durable_seq >= self.log.seq() => self.load_again(ctx),
            // It has started anew in between and is being sent the rest.
            Ok(_) => self.ask_to_settle(),
            Err(reason) => self.give_up_rebuilding(&reason),
        }
    }

    /// The log cannot be read in full: what is in memory is better than that.
    pub(super) fn give_up_rebuilding(&mut self, reason: &str) {
        let is_empty = self.loader.is_some();
        if self.rebuilding.take_if(|_| !is_empty).is_some() {
            tracing::error!(reason, "the data cannot be loaded from the log, which cannot be written");
            self.durability.loading = None;
            self.verify_data();
        }
    }

    fn load_again(&mut self, ctx: &mut Context<Self>) {
        let plan = match plan_rebuild(&self.config) {
            Ok(plan) => plan,
            Err(reason) => return self.give_up_rebuilding(&reason),
        };
        let torn = self.store.flush_all();
        self.facts.reclaimer.discard(torn);
        (0..self.store.databases()).for_each(|number| drop(self.store.db(number).take_expired()));
        self.load_files(plan, ctx);
    }

    /// All is loaded: clients are served again.
    pub(super) fn rebuilt(&mut self) {
        let Some(Rebuilding { started, changes, .. }) = self.rebuilding.take() else { return };
        self.statistics.changes = changes;
        tracing::warn!(duration = ?started.elapsed(), "the data was rebuilt from the log");
        self.clients.touch_everything(self.store.databases());
        self.serve_ready();
        self.send_mail();
        // What the options ask for may have changed meanwhile.
        self.switch_log();
        self.resume_suspended();
    }
}

impl Loader {
    /// Whether it brings back data that was there before.
    pub(super) fn is_rebuilding(&self) -> bool {
        matches!(self.after, After::GoesOn)
    }
}
