//! DEBUG RELOAD: the data is loaded from the snapshot file in the place of what is there.
//!
//! The old data is kept aside until the new one is there, so that a file that cannot be read costs nothing.

use super::plan::{After, Role, existing};
use super::{Keyspace, LoadSlice, Loader};
use crate::commands::durability::Loading;
use crate::store::Snapshot;
use actix::{AsyncContext, Context};

/// What DEBUG RELOAD waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::actors::keyspace) enum Reload {
    /// Nobody has asked.
    #[default]
    Idle,
    /// The snapshot that is being written.
    Saving,
    /// The first slice.
    Due,
}

impl Keyspace {
    /// Loads the data anew; with `save`, from a snapshot that is written first.
    pub(in crate::actors::keyspace) fn reload(&mut self, save: bool) {
        if !save {
            self.begin_reload();
            return;
        }
        self.reload = Reload::Saving;
        // One that is under way may lack the latest changes.
        if self.durability.snapshot.save.runs() {
            self.durability.snapshot.save.scheduled = true;
        } else {
            self.start_snapshot();
        }
    }

    /// A snapshot has ended, for which a reload may have waited.
    pub(in crate::actors::keyspace) fn reload_after_snapshot(&mut self, saved: bool) {
        if self.reload != Reload::Saving || self.durability.snapshot.save.scheduled {
            return;
        }
        self.reload = Reload::Idle;
        if saved {
            self.begin_reload();
        } else {
            self.resume_after_reload(false);
        }
    }

    fn begin_reload(&mut self) {
        let files = existing(&self.config.dir.join(&self.config.dbfilename), Role::Snapshot);
        let files = files.unwrap_or_else(|reason| {
            tracing::error!(reason, "the snapshot cannot be read");
            Vec::new()
        });
        if files.is_empty() {
            self.resume_after_reload(false);
            return;
        }
        let total_bytes = files.iter().map(|file| file.len_bytes).sum();
        self.durability.loading = Some(Loading { started_ms: self.now_ms, total_bytes, loaded_bytes: 0 });
        let mut loader = Loader::new(files, After::NoLog);
        loader.before = Some(self.store.flush_all());
        self.loader = Some(Box::new(loader));
        self.reload = Reload::Due;
    }

    /// Loads the first slice of a reload as soon as the mailbox is empty.
    pub(in crate::actors::keyspace) fn continue_reload(&mut self, ctx: &mut Context<Self>) {
        if self.reload == Reload::Due {
            self.reload = Reload::Idle;
            ctx.notify(LoadSlice);
        }
    }

    /// The new data is there.
    pub(super) fn reloaded(&mut self, before: Vec<Snapshot>) {
        self.durability.loading = None;
        self.statistics.changes = 0;
        self.facts.reclaimer.discard(before);
        self.clients.touch_everything(self.store.databases());
        self.resume_after_reload(true);
        self.send_mail();
    }

    /// The file cannot be read: the old data is put back.
    pub(super) fn reload_failed(&mut self, before: Vec<Snapshot>, reason: &str) {
        tracing::error!(reason, "the snapshot cannot be loaded; the data stays as it was");
        self.store.restore(before);
        self.durability.loading = None;
        self.resume_after_reload(false);
    }
}
