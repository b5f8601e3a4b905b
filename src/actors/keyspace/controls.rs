//! What commands ask for beyond their reply and beyond the data: the Keyspace carries it out.

use super::Keyspace;
use super::eviction::measure;
use crate::actors::connection::{Adjust, Close, Settings};
use crate::actors::supervision::Provoke;
use crate::commands::effects::Control;
use crate::config::Config;
use crate::config::notifications::EventClasses;
use crate::config::values::ClientClass;
use crate::store::{HashLimits, Limits, ListLimits, SetLimits, SortedSetLimits};

impl Keyspace {
    /// Carries out what the last batch asked for.
    pub(super) fn carry_out_controls(&mut self) {
        for control in std::mem::take(&mut self.controls) {
            match control {
                // The batch itself has seen to these.
                Control::CloseAfterReply
                | Control::ClassChanged
                | Control::Monitor
                | Control::ResetStatistics
                | Control::Sleep(_)
                | Control::Await(_)
                | Control::AwaitKeys(_)
                | Control::RunTransaction(_)
                | Control::Panic => {}
                Control::PanicIn(actor) => self.links.provocable.provoke(actor, Provoke::Panic),
                Control::FreezeIn(actor, time) => {
                    self.links.provocable.provoke(actor, Provoke::Freeze(time));
                }
                Control::Bug(key) => self.suspects.bug = key,
                Control::SetActiveExpire(active) => self.active_expire = active,
                Control::CloseClient(slot) => {
                    if let Some(connection) = self.connections[slot].take() {
                        connection.do_send(Close);
                    }
                }
                Control::Shutdown { now, save } => {
                    // What is not loaded yet nobody will ask for.
                    self.loader = None;
                    self.links.supervisor.shut_down(now, save);
                }
                // Who waits for keys has been unblocked at once.
                Control::Unblock { client, error } => self.unblock_suspended(client, error),
                Control::ShutdownOnceSaved { now, save } => self.shut_down_once_saved(now, save),
                Control::AbortShutdown => self.abort_shutdown(),
                Control::Snapshot => self.start_snapshot(),
                Control::Reload { save } => self.reload(save),
                Control::Rewrite => self.start_rewrite(),
                Control::ConfigChanged => self.apply_config(),
                Control::UsersChanged => self.links.admission.adjust(&self.config, self.clients.acl()),
            }
        }
    }

    /// Hands options to what the commands of the same batch already use.
    pub(super) fn adjust_commands(&mut self) {
        let events = self.config.notify_keyspace_events;
        self.store.set_limits(store_limits(&self.config));
        self.store.set_measure(measure(&self.config));
        self.eviction.start_anew();
        if self.config.maxmemory > 0 && self.facts.used_bytes().is_none() {
            tracing::warn!("maxmemory has no effect, as nobody tells how much memory is in use");
        }
        self.store.note_creations(events.publishes() && events.has(EventClasses::of(b"n")));
        self.clients.publish_events(events);
    }

    /// Hands changed options to everyone who lives by them.
    fn apply_config(&mut self) {
        self.history.adjust(&self.config);
        self.links.admission.adjust(&self.config, self.clients.acl());
        self.switch_log();
        self.log.timestamps = self.config.aof_timestamp_enabled;
        self.adjust_sync_policy();
        self.links.expiry.set_hz(self.config.hz);
        self.links.supervisor.set_shutdown_timeout(self.config.shutdown_timeout);
        if let Some(set_log_level) = &self.links.set_log_level {
            set_log_level(self.config.loglevel);
        }
        for (slot, connection) in self.connections.iter().enumerate() {
            if let Some(connection) = connection {
                connection.do_send(Adjust(connection_settings(&self.config, self.class(slot))));
            }
        }
    }
}

/// The options a Connection lives by.
pub(crate) fn connection_settings(config: &Config, class: ClientClass) -> Settings {
    Settings {
        max_bulk_bytes: config.proto_max_bulk_len,
        query_limit_bytes: config.client_query_buffer_limit,
        output_limit: *config.client_output_buffer_limit.of(class),
    }
}

/// The options the store lives by.
fn store_limits(config: &Config) -> Limits {
    Limits {
        hash: HashLimits {
            max_listpack_entries: config.hash_max_listpack_entries,
            max_listpack_value: config.hash_max_listpack_value,
        },
        list: ListLimits { max_listpack_size: config.list_max_listpack_size },
        set: SetLimits {
            max_intset_entries: config.set_max_intset_entries,
            max_listpack_entries: config.set_max_listpack_entries,
            max_listpack_value: config.set_max_listpack_value,
        },
        sorted_set: SortedSetLimits {
            max_listpack_entries: config.zset_max_listpack_entries,
            max_listpack_value: config.zset_max_listpack_value,
        },
    }
}
