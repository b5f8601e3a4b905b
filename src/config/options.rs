//! The table of options: one row each, and the [`Config`] struct that is derived from it.
//!
//! Adding an option is adding a row. From the row come the field of [`Config`], its default, CONFIG GET and
//! CONFIG SET, the key in both kinds of file, the flag, the help text and `config/memora.toml`.
//!
//! A row reads: name (and Redis's older alias) => field: type = default as one would write it, how it is
//! written, whether it can change while the server runs, and one sentence. Options of Redis that would do
//! nothing here have no row; a few that clients or existing files rely on have one that admits a single value.

use super::compound::{Bind, BufferLimits, Percentiles, SavePoints};
use super::error::Invalid;
use super::kinds::{
    Choice, Clamped, Directory, FileName, Integer, Kind, Octal, Only, Password, PathOrNone, YesNo,
};
use super::notifications::{EventClasses, EventLetters};
use super::quantities::{HumanTime, Memory, MemoryOrPercent, Seconds};
use super::values::{
    AclPubsubDefault, AppendFsync, BindAddress, ClientsMemory, DebugCommand, EvictionPolicy, LogFormat,
    LogLevel, OnPanic, OutputBufferLimits, SavePoint, Secret, UserLine,
};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The largest value of Redis's options of type `int`.
const INT_MAX: i64 = i32::MAX as i64;
/// The smallest value of Redis's options of type `int`.
const INT_MIN: i64 = i32::MIN as i64;
/// The smallest limit on requests: below it the server could not be told to raise it again.
const MIN_REQUEST_LIMIT_BYTES: u64 = 1024 * 1024;
/// The most threads Redis admits for `io-threads`.
const MAX_IO_THREADS: i64 = 128;

/// When an option may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Only in the file and on the command line; CONFIG SET answers `can't set immutable config`.
    AtStart,
    /// As [`Change::AtStart`], but Redis words the refusal `can't set protected config`.
    Protected,
    /// At any time with CONFIG SET.
    Live,
}

/// The headings under which options are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Where and how clients connect.
    Network,
    /// How much one client may use.
    Limits,
    /// Who may do what.
    Security,
    /// Files, logs, threads and the end of the process.
    Process,
    /// What is recorded about slow commands.
    Monitoring,
    /// Restarts of failed actors.
    Supervision,
    /// Databases and the memory form of values.
    Data,
    /// What clients hear of changes to keys.
    Events,
    /// How much memory there is, and who has to go.
    Memory,
    /// The append-only log.
    Log,
    /// Snapshot files.
    Snapshots,
    /// Options of Redis that admit only one value here.
    Fixed,
}

impl Group {
    /// The heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Group::Network => "Network",
            Group::Limits => "Limits",
            Group::Security => "Security",
            Group::Process => "Process and log",
            Group::Monitoring => "Slow log and latency",
            Group::Supervision => "Supervision (Memora's own)",
            Group::Data => "Data",
            Group::Events => "Events and caching",
            Group::Memory => "Memory and eviction",
            Group::Log => "Append-only log",
            Group::Snapshots => "Snapshots",
            Group::Fixed => "Redis options that admit one value only",
        }
    }
}

/// One option. Everything that is known about it, and access to its value in a [`Config`].
pub struct OptionRow {
    /// Redis's directive name, or Memora's in the same style.
    pub name: &'static str,
    /// Redis's older name for the same option.
    pub alias: Option<&'static str>,
    /// The heading it belongs under.
    pub group: Group,
    /// The default, as one would write it in a file.
    pub default: &'static str,
    /// When it may change.
    pub change: Change,
    /// One sentence for the help text and `config/memora.toml`.
    pub doc: &'static str,
    pub(super) slot: &'static dyn Slot,
}

impl fmt::Debug for OptionRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OptionRow").field(&self.name).finish()
    }
}

/// A kind tied to a field of [`Config`], with the field's type erased.
pub(super) trait Slot: Sync {
    fn set(&self, config: &mut Config, words: &[&str]) -> Result<(), Invalid>;
    fn get(&self, config: &Config) -> String;
    fn in_full(&self, config: &Config) -> String;
    fn to_toml(&self, config: &Config) -> toml_edit::Value;
    fn allowed(&self) -> String;
    fn choices(&self) -> Vec<&'static str>;
    fn takes_many(&self) -> bool;
    fn is_sensitive(&self) -> bool;
}

struct Bound<T, K> {
    kind: K,
    field: fn(&Config) -> &T,
    field_mut: fn(&mut Config) -> &mut T,
}

impl<T, K: Kind<T> + Sync> Slot for Bound<T, K> {
    fn set(&self, config: &mut Config, words: &[&str]) -> Result<(), Invalid> {
        let value = self.kind.parse(words, (self.field)(config))?;
        *(self.field_mut)(config) = value;
        Ok(())
    }

    fn get(&self, config: &Config) -> String {
        self.kind.format((self.field)(config))
    }

    fn in_full(&self, config: &Config) -> String {
        self.kind.in_full((self.field)(config))
    }

    fn to_toml(&self, config: &Config) -> toml_edit::Value {
        self.kind.to_toml((self.field)(config))
    }

    fn allowed(&self) -> String {
        self.kind.allowed()
    }

    fn choices(&self) -> Vec<&'static str> {
        self.kind.choices()
    }

    fn takes_many(&self) -> bool {
        self.kind.takes_many()
    }

    fn is_sensitive(&self) -> bool {
        self.kind.is_sensitive()
    }
}

macro_rules! alias {
    () => {
        None
    };
    ($alias:literal) => {
        Some($alias)
    };
}

/// Turns the rows into the struct and the table; see the head of this file for how a row reads.
macro_rules! options {
    ($($group:ident { $(
        $name:literal $(| $alias:literal)? => $field:ident: $type:ty = $default:literal,
        $kind:expr, $change:ident, $doc:literal;
    )* })*) => {
        /// The value of every option. Fields are named as the options are, with `_` for `-`.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Config { $($(
            #[doc = concat!("`", $name, "`: ", $doc)]
            pub $field: $type,
        )*)*
            /// The lines `user`, which are no option: there may be many, and only the file and the command line have them.
            pub users: Vec<UserLine>,
        }

        impl Config {
            /// Every field at its type's default, ready for the defaults of the table.
            pub(super) fn blank() -> Self {
                Self { $($( $field: Default::default(), )*)* users: Vec::new() }
            }
        }

        /// Every option, grouped.
        pub static OPTIONS: &[OptionRow] = &[$($( OptionRow {
            name: $name,
            alias: alias!($($alias)?),
            group: Group::$group,
            default: $default,
            change: Change::$change,
            doc: $doc,
            slot: &Bound::<$type, _> {
                kind: $kind,
                field: |config| &config.$field,
                field_mut: |config| &mut config.$field,
            },
        }, )*)*];
    };
}

options! {
    Network {
        "bind" => bind: Vec<BindAddress> = "127.0.0.1 -::1", Bind, AtStart,
            "The addresses to listen on; `*` is every IPv4 and `::*` every IPv6 address, and a leading `-` forgives an address this machine does not have.";
        "port" => port: u16 = "6379", Integer(0, 65535), AtStart,
            "The TCP port to listen on; 0 picks a free one, which the READY line names.";
        "protected-mode" => protected_mode: bool = "yes", YesNo, Live,
            "Whether clients from other machines are refused as long as no password is set.";
        "unixsocket" => unixsocket: Option<PathBuf> = "", PathOrNone, AtStart,
            "The path of a Unix socket to listen on, besides TCP.";
        "unixsocketperm" => unixsocketperm: u32 = "0", Octal(0o777), AtStart,
            "The octal file mode of the Unix socket; 0 leaves it to the umask.";
        "tcp-backlog" => tcp_backlog: u32 = "511", Integer(0, INT_MAX), AtStart,
            "How many connections the kernel may queue before they are accepted.";
        "tcp-keepalive" => tcp_keepalive: Duration = "300", Seconds(INT_MAX), Live,
            "The idle time after which the kernel asks whether a peer is still there; 0 never asks.";
        "timeout" => timeout: Duration = "0", Seconds(INT_MAX), Live,
            "The idle time after which a client is closed; 0 never closes one.";
    }
    Limits {
        "maxclients" => maxclients: u32 = "10000", Integer(1, u32::MAX as i64), Live,
            "How many clients may be connected at the same time.";
        "client-query-buffer-limit" => client_query_buffer_limit: usize = "1gb", Memory(MIN_REQUEST_LIMIT_BYTES), Live,
            "How many bytes of unfinished requests one client may pile up.";
        "proto-max-bulk-len" => proto_max_bulk_len: usize = "512mb", Memory(MIN_REQUEST_LIMIT_BYTES), Live,
            "The longest single argument of a request, and so the longest string value.";
        "client-output-buffer-limit" => client_output_buffer_limit: OutputBufferLimits
            = "normal 0 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60", BufferLimits, Live,
            "How many reply bytes may wait for a slow client: class (normal, replica, pubsub), hard limit, soft limit, and the seconds the soft limit may be exceeded.";
    }
    Security {
        "requirepass" => requirepass: Secret = "", Password, Live,
            "The password clients must give with AUTH; empty asks for none.";
        "aclfile" => aclfile: Option<PathBuf> = "", PathOrNone, AtStart,
            "The file that users are read from, inside `dir` unless the path is absolute; empty for none, and then lines `user` may make users.";
        "acl-pubsub-default" => acl_pubsub_default: AclPubsubDefault = "resetchannels", Choice, Live,
            "Whether new users may listen to all channels or to none.";
        "acllog-max-len" => acllog_max_len: usize = "128", Integer(0, i64::MAX), Live,
            "How many refusals ACL LOG keeps.";
        "enable-debug-command" => enable_debug_command: DebugCommand = "no", Choice, AtStart,
            "Who may use DEBUG: nobody, every client, or clients on this machine.";
    }
    Process {
        "dir" => dir: PathBuf = "./", Directory, Protected,
            "The directory where data files live.";
        "io-threads" => io_threads: usize = "0", Integer(0, MAX_IO_THREADS), AtStart,
            "How many threads serve connections; 0 and 1 let them share the thread of the data, which is best on few cores.";
        "hz" => hz: u32 = "10", Clamped(0, INT_MAX, 1, 500), Live,
            "How many times a second background work such as the expiry of keys runs.";
        "loglevel" => loglevel: LogLevel = "notice", Choice, Live,
            "How much is logged.";
        "log-format" => log_format: LogFormat = "compact", Choice, AtStart,
            "What a log line looks like.";
        "logfile" => logfile: Option<PathBuf> = "", PathOrNone, AtStart,
            "The file to log to; empty logs to standard error.";
        "ready-file" => ready_file: Option<PathBuf> = "", PathOrNone, AtStart,
            "A file that is written with the listening addresses once clients are served, for scripts that wait for it.";
        "shutdown-timeout" => shutdown_timeout: Duration = "10", Seconds(INT_MAX), Live,
            "How long a shutdown waits for clients and files before it goes on without them.";
    }
    Monitoring {
        "slowlog-log-slower-than" => slowlog_log_slower_than: i64 = "10000", Integer(-1, i64::MAX), Live,
            "The time in microseconds from which on a command goes into the slow log; 0 logs every command, -1 none.";
        "slowlog-max-len" => slowlog_max_len: usize = "128", Integer(0, i64::MAX), Live,
            "How many commands the slow log keeps.";
        "latency-monitor-threshold" => latency_monitor_threshold: u64 = "0", Integer(0, i64::MAX), Live,
            "The time in milliseconds from which on LATENCY keeps a sample; 0 keeps none.";
        "latency-tracking" => latency_tracking: bool = "yes", YesNo, Live,
            "Whether the distribution of each command's durations is kept, for INFO and LATENCY HISTOGRAM.";
        "latency-tracking-info-percentiles" => latency_tracking_info_percentiles: Vec<f64> = "50 99 99.9", Percentiles, Live,
            "Which percentiles of each command's durations INFO shows.";
    }
    Supervision {
        "max-restarts" => max_restarts: u32 = "5", Integer(0, INT_MAX), AtStart,
            "How often one actor may be restarted within `restart-window` before it counts as broken.";
        "restart-window" => restart_window: Duration = "60s", HumanTime, AtStart,
            "The time over which restarts are counted.";
        "restart-backoff" => restart_backoff: Duration = "50ms", HumanTime, AtStart,
            "The pause before an actor is restarted; it doubles with each restart in the window.";
        "heartbeat-timeout" => heartbeat_timeout: Duration = "10s", HumanTime, AtStart,
            "How long an actor may give no sign of life before it is reported as frozen, in the log and in INFO; 0s watches none.";
        "on-panic" => on_panic: OnPanic = "keep", Choice, AtStart,
            "What happens when the keyspace fails and no log exists to rebuild it from: check the data and keep it, or exit.";
    }
    Data {
        "databases" => databases: usize = "16", Integer(1, INT_MAX), AtStart,
            "How many databases SELECT can choose from.";
        "hash-max-listpack-entries" | "hash-max-ziplist-entries" => hash_max_listpack_entries: usize
            = "512", Integer(0, i64::MAX), Live,
            "The most fields a hash keeps in its compact form.";
        "hash-max-listpack-value" | "hash-max-ziplist-value" => hash_max_listpack_value: usize
            = "64", Memory(0), Live,
            "The longest field or value, in bytes, a hash keeps in its compact form.";
        "hll-sparse-max-bytes" => hll_sparse_max_bytes: usize = "3000", Memory(0), Live,
            "The longest a HyperLogLog gets, in bytes, before it takes its dense form.";
        "list-max-listpack-size" | "list-max-ziplist-size" => list_max_listpack_size: i32
            = "-2", Integer(INT_MIN, INT_MAX), Live,
            "The most elements in one node of a list, or from -1 to -5 the most bytes: 4, 8, 16, 32 or 64 kb.";
        "set-max-intset-entries" => set_max_intset_entries: usize = "512", Integer(0, i64::MAX), Live,
            "The most integers a set keeps as a sorted array.";
        "set-max-listpack-entries" => set_max_listpack_entries: usize = "128", Integer(0, i64::MAX), Live,
            "The most members a set keeps in its compact form.";
        "set-max-listpack-value" => set_max_listpack_value: usize = "64", Memory(0), Live,
            "The longest member, in bytes, a set keeps in its compact form.";
        "zset-max-listpack-entries" | "zset-max-ziplist-entries" => zset_max_listpack_entries: usize
            = "128", Integer(0, i64::MAX), Live,
            "The most members a sorted set keeps in its compact form.";
        "zset-max-listpack-value" | "zset-max-ziplist-value" => zset_max_listpack_value: usize
            = "64", Memory(0), Live,
            "The longest member, in bytes, a sorted set keeps in its compact form.";
    }
    Events {
        "notify-keyspace-events" => notify_keyspace_events: EventClasses = "", EventLetters, Live,
            "Which changes to keys are published to subscribers, as Redis's letters: K and E name the channels, A and others the events; empty publishes none.";
        "tracking-table-max-keys" => tracking_table_max_keys: usize = "1000000", Integer(0, i64::MAX), Live,
            "How many keys are remembered for clients that cache what they read (CLIENT TRACKING); beyond that, clients are told to forget some; 0 sets no limit.";
    }
    Memory {
        "maxmemory" => maxmemory: usize = "0", Memory(0), Live,
            "From so much memory on keys are evicted, or commands that take memory refused; 0 is no limit.";
        "maxmemory-policy" => maxmemory_policy: EvictionPolicy = "noeviction", Choice, Live,
            "Which keys are evicted: those used least recently (lru), least often (lfu), any, or those whose deadline is next, out of all or of those with a deadline (volatile); or none.";
        "maxmemory-samples" => maxmemory_samples: usize = "5", Integer(1, INT_MAX), Live,
            "So many keys are looked at for each that is evicted; more find better ones and take longer.";
        "maxmemory-eviction-tenacity" => maxmemory_eviction_tenacity: u32 = "10", Integer(0, 100), Live,
            "How long clients may wait for an eviction: 10 is half a millisecond, 100 as long as it takes.";
        "maxmemory-clients" => maxmemory_clients: ClientsMemory = "0", MemoryOrPercent, Live,
            "The clients with the most memory are closed while all together have more than this; 0 is no limit.";
        "lfu-log-factor" => lfu_log_factor: u32 = "10", Integer(0, INT_MAX), Live,
            "Under lfu, the greater, the more uses it takes until a key counts as used more often.";
        "lfu-decay-time" => lfu_decay_time: u32 = "1", Integer(0, INT_MAX), Live,
            "Under lfu, after so many minutes without use a key counts as used less often; 0 is never.";
        "disable-thp" => disable_thp: bool = "yes", YesNo, AtStart,
            "Whether the server asks Linux for ordinary pages only: huge ones take memory that nobody needs, and time when they are touched first.";
    }
    Log {
        "appendonly" => appendonly: bool = "no", YesNo, Live,
            "Whether every write goes to a log on disk, from which the data is restored at the next start.";
        "appendfsync" => appendfsync: AppendFsync = "everysec", Choice, Live,
            "When written entries are made durable: before a client hears of its write, once a second, or when the system pleases.";
        "appenddirname" => appenddirname: String = "appendonlydir",
            FileName("appenddirname can't be empty", "appenddirname can't be a path, just a dirname"), AtStart,
            "The directory of the log's files, inside `dir`.";
        "appendfilename" => appendfilename: String = "appendonly.aof",
            FileName("appendfilename can't be empty", "appendfilename can't be a path, just a filename"), AtStart,
            "What the names of the log's files begin with.";
        "aof-load-truncated" => aof_load_truncated: bool = "yes", YesNo, Live,
            "Whether a log that ends in the middle of an entry, as a crash leaves it, is cut there at the start instead of refused.";
        "aof-use-rdb-preamble" => aof_use_rdb_preamble: bool = "yes", YesNo, Live,
            "Whether the base file that a rewrite makes is a snapshot, which loads faster, rather than a list of commands.";
        "aof-timestamp-enabled" => aof_timestamp_enabled: bool = "no", YesNo, Live,
            "Whether the log notes the time between entries, once a second.";
        "auto-aof-rewrite-percentage" => auto_aof_rewrite_percentage: u32 = "100", Integer(0, INT_MAX), Live,
            "The log is rewritten when it has grown by so many per cent since the last time; 0 never does it by itself.";
        "auto-aof-rewrite-min-size" => auto_aof_rewrite_min_size: usize = "64mb", Memory(0), Live,
            "A log smaller than this is not rewritten by itself.";
        "no-appendfsync-on-rewrite" => no_appendfsync_on_rewrite: bool = "no", YesNo, Live,
            "Whether the log is left to the system's own pace while a rewrite or a snapshot keeps the disk busy.";
    }
    Snapshots {
        "save" => save: Vec<SavePoint> = "3600 1 300 100 60 10000", SavePoints, Live,
            "When a snapshot is written: after so many seconds if at least so many changes were made; empty writes none, and none at the end.";
        "dbfilename" => dbfilename: String = "dump.rdb",
            FileName("dbfilename can't be empty", "dbfilename can't be a path, just a filename"), Protected,
            "The snapshot's file, inside `dir`.";
        "rdbcompression" => rdbcompression: bool = "yes", YesNo, Live,
            "Whether long strings are compressed in snapshots.";
        "rdbchecksum" => rdbchecksum: bool = "yes", YesNo, AtStart,
            "Whether snapshots end with a checksum, which is verified when they are read.";
        "stop-writes-on-bgsave-error" => stop_writes_on_bgsave_error: bool = "yes", YesNo, Live,
            "Whether writes are refused after a snapshot by `save` has failed, so that somebody notices.";
    }
    Fixed {
        "daemonize" => daemonize: bool = "no",
            Only(YesNo, false, "Memora stays in the foreground; start it from systemd, a container, nohup or with & instead"), AtStart,
            "Whether the server puts itself into the background; Memora leaves that to the program that starts it.";
    }
}
