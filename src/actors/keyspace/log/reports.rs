//! What the AofWriter reports: how far the log is on disk, which sets replies free, and what went wrong.

use super::Outgoing;
use crate::actors::aof_writer::{LogReport, Start};
use crate::actors::keyspace::Keyspace;
use crate::config::values::AppendFsync;
use crate::exit::Exit;
use actix::{Context, Handler};
use std::time::Duration;

/// A sync that takes longer than this counts as one that delayed writes.
const SLOW_SYNC: Duration = Duration::from_secs(2);

impl Keyspace {
    /// Sends the replies that have waited long enough.
    fn release_replies(&mut self) {
        for outgoing in self.log.released() {
            self.send_outgoing(outgoing);
        }
    }

    /// Answers those whose writes cannot be made durable, and those who only read, when the disk is in trouble:
    /// nobody is told that a write is safe, and nobody waits for a disk that may be full until tomorrow.
    fn release_in_trouble(&mut self, reason: &str) {
        for held in std::mem::take(&mut self.log.held) {
            let outgoing = match held.outgoing {
                Outgoing::Replies(replies) if held.wrote => {
                    Outgoing::Replies(self.with_errors(replies, reason))
                }
                outgoing => outgoing,
            };
            self.send_outgoing(outgoing);
        }
    }

    fn log_progressed(&mut self, written_seq: u64, durable_seq: u64, trouble: Option<String>) {
        self.log.progressed(written_seq, durable_seq);
        if !self.log.is_on() {
            self.release_replies();
            return;
        }
        if self.log.removed {
            return;
        }
        self.log.in_trouble = trouble.is_some();
        let log = &mut self.durability.log;
        log.waiting_bytes = self.log.waiting_bytes();
        log.sync_pending = written_seq > durable_seq;
        if log.trouble.is_some() && trouble.is_none() {
            tracing::warn!("the log can be written again");
        }
        log.trouble.clone_from(&trouble);
        match trouble {
            Some(reason) => self.release_in_trouble(&reason),
            None => self.release_replies(),
        }
    }

    /// The files are gone, the data is not: a new log begins, and writes are refused until it has a base.
    fn log_removed(&mut self) {
        const REASON: &str = "the files of the log have been removed";
        if !self.log.is_on() {
            return;
        }
        self.log.removed = true;
        self.durability.log.trouble = Some(REASON.to_owned());
        self.durability.log.awaits_base = true;
        self.cancel_rewrite(REASON);
        self.release_in_trouble(REASON);
        self.start_rewrite();
    }

    /// Begins a new log in the place of one that was removed.
    pub(in crate::actors::keyspace) fn begin_again_if_removed(&mut self) {
        if self.log.removed {
            let seq = self.log.seq();
            self.log.begin(&self.config, Start::Afresh { seq });
        }
    }

    /// A new base counts: if the files had been removed, everything is on disk again.
    pub(in crate::actors::keyspace) fn log_restored(&mut self) {
        if std::mem::take(&mut self.log.removed) {
            self.durability.log.trouble = None;
            self.log.in_trouble = false;
        }
    }

    fn note_sync(&mut self, took: Duration) {
        let log = &mut self.durability.log;
        log.slow_syncs += u64::from(took >= SLOW_SYNC);
        let took_ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let event = if self.log.policy == AppendFsync::Always {
            "aof-fsync-always"
        } else {
            "aof-write-pending-fsync"
        };
        self.history.event(event, took_ns, self.now_ms / 1000, &self.config);
    }
}

impl Handler<LogReport> for Keyspace {
    type Result = ();

    fn handle(&mut self, report: LogReport, ctx: &mut Context<Self>) {
        self.links.health.taken();
        self.read_clock();
        match report {
            LogReport::Begun(outcome) => self.log_begun(outcome),
            LogReport::Progress { written_seq, durable_seq, synced_seq, trouble, sync_time, len_bytes } => {
                self.durability.log.size_bytes = len_bytes;
                self.durability.log.synced_seq = synced_seq;
                self.log_progressed(written_seq, durable_seq, trouble);
                if let Some(took) = sync_time {
                    self.note_sync(took);
                }
                self.resume_suspended();
            }
            LogReport::Rotated(outcome) => self.log_rotated(outcome),
            LogReport::Switched(outcome) => self.base_switched(outcome),
            LogReport::Resend { durable_seq } => {
                self.log.resend(durable_seq);
                self.rewrite_interrupted("the aof_writer failed");
                self.ask_to_settle();
            }
            LogReport::Settled { number, outcome } => self.log_settled(number, outcome, ctx),
            LogReport::Removed => self.log_removed(),
            LogReport::GaveUp => {
                self.log.gave_up = true;
                self.durability.log.trouble = Some("the aof_writer failed too often".to_owned());
                self.give_up_rebuilding("the aof_writer failed too often");
                if self.log.policy == AppendFsync::Always {
                    self.links.supervisor.escalate(Exit::FinalWriteFailed);
                } else {
                    self.release_replies();
                }
            }
        }
        self.wind_up(ctx);
    }
}
