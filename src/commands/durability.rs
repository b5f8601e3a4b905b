//! What commands know of the data on disk: loading, the log, snapshots.
//!
//! The Keyspace keeps it up to date as the actors that do the work report; commands and gates read it, and mark
//! in it what they ask for. Times are Unix times in milliseconds.

/// The data on disk, as far as commands are concerned.
#[derive(Clone, Debug, Default)]
pub struct Durability {
    /// The loading of the data at the start, while it lasts.
    pub loading: Option<Loading>,
    /// Keys that the last loading of a snapshot brought.
    pub loaded_keys: u64,
    /// Keys that it left out because they were past their deadline.
    pub loaded_expired_keys: u64,
    /// The append-only log.
    pub log: LogState,
    /// Snapshots.
    pub snapshot: SnapshotState,
}

/// How far the loading has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loading {
    /// When it began.
    pub started_ms: u64,
    /// All there is to load, bytes.
    pub total_bytes: u64,
    /// What has been loaded, bytes.
    pub loaded_bytes: u64,
}

/// A job that runs beside the commands, one at a time: how it fares and how it fared.
#[derive(Clone, Debug)]
pub struct Job {
    /// When the one that runs began.
    pub started_ms: Option<u64>,
    /// Whether it is to begin as soon as nothing else runs.
    pub scheduled: bool,
    /// How long the last one took, seconds.
    pub last_time_s: Option<u64>,
    /// Whether the last one succeeded.
    pub last_ok: bool,
    /// How many have succeeded.
    pub done: u64,
    /// How many have failed since the last that succeeded.
    pub failures_in_a_row: u64,
    /// When the last one ended.
    pub ended_ms: u64,
}

impl Default for Job {
    fn default() -> Self {
        Self {
            started_ms: None,
            scheduled: false,
            last_time_s: None,
            last_ok: true,
            done: 0,
            failures_in_a_row: 0,
            ended_ms: 0,
        }
    }
}

impl Job {
    /// Whether one runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.started_ms.is_some()
    }

    /// One begins.
    pub fn begin(&mut self, now_ms: u64) {
        self.started_ms = Some(now_ms);
        self.scheduled = false;
    }

    /// The one that runs has ended.
    pub fn end(&mut self, now_ms: u64, ok: bool) {
        let started_ms = self.started_ms.take().unwrap_or(now_ms);
        self.last_time_s = Some(now_ms.saturating_sub(started_ms) / 1000);
        self.ended_ms = now_ms;
        self.last_ok = ok;
        self.done += u64::from(ok);
        self.failures_in_a_row = if ok { 0 } else { self.failures_in_a_row + 1 };
    }
}

/// The append-only log.
#[derive(Clone, Debug, Default)]
pub struct LogState {
    /// Whether commands are logged.
    pub enabled: bool,
    /// Whether what is logged counts only once a first base has been written (`CONFIG SET appendonly yes`).
    pub awaits_base: bool,
    /// What keeps it from being written, if anything.
    pub trouble: Option<String>,
    /// Bytes of all its files.
    pub size_bytes: u64,
    /// Bytes of all its files after the last rewrite or the start, from which growth counts.
    pub base_size_bytes: u64,
    /// Bytes that wait to be written.
    pub waiting_bytes: u64,
    /// Whether something written waits to be made durable.
    pub sync_pending: bool,
    /// Syncs that took so long that writes waited behind them.
    pub slow_syncs: u64,
    /// Everything up to here is on disk for good.
    pub synced_seq: u64,
    /// The rewrite of the log.
    pub rewrite: Job,
}

impl LogState {
    /// Whether everything up to a unit is on disk for good; what waits for a first base is not yet, as the next start
    /// would not read it.
    #[must_use]
    pub fn has_on_disk(&self, seq: u64) -> bool {
        self.enabled && (seq == 0 || !self.awaits_base && self.synced_seq >= seq)
    }
}

/// Snapshots.
#[derive(Clone, Debug, Default)]
pub struct SnapshotState {
    /// The writing of one.
    pub save: Job,
    /// When the last one was written, or the server started.
    pub last_save_ms: u64,
    /// Whether the server is to end once the one that is being written is on disk.
    pub ends_server: bool,
    /// Changes that were counted when the one that is being written began.
    pub changes_at_start: u64,
}

/// Why writes are refused.
pub(super) enum WritesRefused {
    /// The log cannot be written, with the system's reason.
    Log(String),
    /// The last snapshot failed, and the options ask to be told.
    Snapshot,
}

impl Durability {
    /// Why writes are refused, if they are.
    pub(super) fn refuses_writes(&self, config: &crate::config::Config) -> Option<WritesRefused> {
        if config.stop_writes_on_bgsave_error && !config.save.is_empty() && !self.snapshot.save.last_ok {
            return Some(WritesRefused::Snapshot);
        }
        self.log.trouble.clone().map(WritesRefused::Log)
    }
}
