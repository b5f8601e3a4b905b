//! The types of option values that the standard library does not have.
//!
//! They are what the rest of the server reads; how each is written as text stands in `kinds`.
//! Nothing here opens a socket or touches a file.

use std::fmt;
use std::time::Duration;
use tracing::level_filters::LevelFilter;

/// A choice of one word out of a fixed list.
pub trait Named: Copy + PartialEq + Send + Sync + 'static {
    /// The words and their values, in the order in which Redis lists them in its errors.
    const NAMES: &'static [(&'static str, Self)];
    /// Further words that are understood but never listed or answered.
    const ALSO: &'static [(&'static str, Self)] = &[];

    /// The value for `word`, whatever its case.
    fn named(word: &str) -> Option<Self> {
        let mut all = Self::NAMES.iter().chain(Self::ALSO);
        all.find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, value)| *value)
    }

    /// The word for this value.
    fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(_, value)| *value == self);
        found.expect("every value of a choice has a name; a table test checks it").0
    }
}

/// `loglevel`: how much is logged, from most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum LogLevel {
    /// Everything (tracing's `TRACE`).
    Debug,
    /// Rarely useful detail (tracing's `DEBUG`).
    Verbose,
    /// What one wants to see in production (tracing's `INFO`).
    #[default]
    Notice,
    /// Only what deserves attention (tracing's `WARN`).
    Warning,
    /// Nothing at all.
    Nothing,
}

impl LogLevel {
    /// The tracing filter for this level. Redis's four levels are the upper four of tracing's five, in order.
    #[must_use]
    pub fn filter(self) -> LevelFilter {
        match self {
            LogLevel::Debug => LevelFilter::TRACE,
            LogLevel::Verbose => LevelFilter::DEBUG,
            LogLevel::Notice => LevelFilter::INFO,
            LogLevel::Warning => LevelFilter::WARN,
            LogLevel::Nothing => LevelFilter::OFF,
        }
    }
}

impl Named for LogLevel {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("debug", Self::Debug),
        ("verbose", Self::Verbose),
        ("notice", Self::Notice),
        ("warning", Self::Warning),
        ("nothing", Self::Nothing),
    ];
    // tracing's words; `debug` keeps Redis's meaning, and errors are logged at every level but `nothing`.
    const ALSO: &'static [(&'static str, Self)] =
        &[("trace", Self::Debug), ("info", Self::Notice), ("warn", Self::Warning), ("error", Self::Warning)];
}

/// `log-format`: what a log line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Several lines per event, for a person at a terminal.
    Pretty,
    /// One line per event.
    #[default]
    Compact,
    /// One JSON object per line, for a log collector.
    Json,
}

impl Named for LogFormat {
    const NAMES: &'static [(&'static str, Self)] =
        &[("pretty", Self::Pretty), ("compact", Self::Compact), ("json", Self::Json)];
}

/// `on-panic`: what becomes of the data when the keyspace fails and no log exists to rebuild it from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnPanic {
    /// Check the data and go on with it.
    #[default]
    Keep,
    /// End the process.
    Exit,
}

impl Named for OnPanic {
    const NAMES: &'static [(&'static str, Self)] = &[("keep", Self::Keep), ("exit", Self::Exit)];
}

/// `appendfsync`: when written entries of the log are made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AppendFsync {
    /// Before a client hears of its write.
    Always,
    /// Once a second.
    #[default]
    Everysec,
    /// When the system pleases.
    No,
}

impl Named for AppendFsync {
    const NAMES: &'static [(&'static str, Self)] =
        &[("everysec", Self::Everysec), ("always", Self::Always), ("no", Self::No)];
}

/// `enable-debug-command`: who may use DEBUG.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DebugCommand {
    /// Nobody.
    #[default]
    No,
    /// Every client.
    Yes,
    /// Clients connected from this machine.
    Local,
}

impl Named for DebugCommand {
    const NAMES: &'static [(&'static str, Self)] =
        &[("no", Self::No), ("yes", Self::Yes), ("local", Self::Local)];
}

/// `acl-pubsub-default`: which channels new users may hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AclPubsubDefault {
    /// All.
    Allchannels,
    /// None.
    #[default]
    Resetchannels,
}

impl Named for AclPubsubDefault {
    const NAMES: &'static [(&'static str, Self)] =
        &[("allchannels", Self::Allchannels), ("resetchannels", Self::Resetchannels)];
}

/// `maxmemory-policy`: what is evicted when memory is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the names are Redis's and say all there is to say")]
pub enum EvictionPolicy {
    VolatileLru,
    VolatileLfu,
    VolatileRandom,
    VolatileTtl,
    AllkeysLru,
    AllkeysLfu,
    AllkeysRandom,
    #[default]
    Noeviction,
}

impl EvictionPolicy {
    /// Whether it goes by how keys are used.
    #[must_use]
    pub fn goes_by_uses(self) -> bool {
        matches!(self, Self::VolatileLru | Self::AllkeysLru) || self.counts_frequency()
    }

    /// Whether it goes by how often keys are used, rather than by how recently.
    #[must_use]
    pub fn counts_frequency(self) -> bool {
        matches!(self, Self::VolatileLfu | Self::AllkeysLfu)
    }
}

/// `maxmemory-clients`: how much memory all clients together may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientsMemory {
    /// So many bytes; 0 for as much as they like.
    Bytes(usize),
    /// So many hundredths of `maxmemory`.
    Percent(u8),
}

impl Default for ClientsMemory {
    fn default() -> Self {
        Self::Bytes(0)
    }
}

impl ClientsMemory {
    /// The least that is a limit, as in Redis: any less would close clients that do next to nothing.
    const MIN_BYTES: u64 = 128 << 10;

    /// The limit in bytes, given `maxmemory`; 0 for none.
    #[must_use]
    pub fn bytes(self, maxmemory: u64) -> u64 {
        let bytes = match self {
            Self::Bytes(0) => return 0,
            Self::Percent(_) if maxmemory == 0 => return 0,
            Self::Bytes(bytes) => bytes as u64,
            Self::Percent(percent) => maxmemory / 100 * u64::from(percent),
        };
        bytes.max(Self::MIN_BYTES)
    }
}

impl Named for EvictionPolicy {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("volatile-lru", Self::VolatileLru),
        ("volatile-lfu", Self::VolatileLfu),
        ("volatile-random", Self::VolatileRandom),
        ("volatile-ttl", Self::VolatileTtl),
        ("allkeys-lru", Self::AllkeysLru),
        ("allkeys-lfu", Self::AllkeysLfu),
        ("allkeys-random", Self::AllkeysRandom),
        ("noeviction", Self::Noeviction),
    ];
}

/// One address of `bind`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindAddress {
    /// An IP address or host name, or `*` and `::*` for every IPv4 and every IPv6 address.
    pub host: String,
    /// Written with a leading `-`: not an error when this machine does not have the address.
    pub optional: bool,
}

impl BindAddress {
    /// The host in a form that name resolution understands.
    #[must_use]
    pub fn resolvable(&self) -> &str {
        match self.host.as_str() {
            "*" => "0.0.0.0",
            "::*" => "::",
            host => host,
        }
    }
}

impl fmt::Display for BindAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dash = if self.optional { "-" } else { "" };
        write!(f, "{dash}{}", self.host)
    }
}

/// The classes of clients that `client-output-buffer-limit` tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientClass {
    /// Ordinary clients.
    Normal,
    /// Replicas (Redis's older word, which CONFIG GET still answers, is `slave`).
    Replica,
    /// Clients with subscriptions.
    Pubsub,
}

/// The limit of one class: reply bytes that may wait for a slow client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutputBufferLimit {
    /// Above this many bytes the client is closed at once; 0 is no limit.
    pub hard_bytes: usize,
    /// Above this many bytes the client is closed after [`Self::soft_for`]; 0 is no limit.
    pub soft_bytes: usize,
    /// How long the soft limit may be exceeded; whole seconds.
    pub soft_for: Duration,
}

/// `client-output-buffer-limit`: one limit per class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutputBufferLimits {
    /// The limit of [`ClientClass::Normal`].
    pub normal: OutputBufferLimit,
    /// The limit of [`ClientClass::Replica`].
    pub replica: OutputBufferLimit,
    /// The limit of [`ClientClass::Pubsub`].
    pub pubsub: OutputBufferLimit,
}

impl OutputBufferLimits {
    /// The limit of one class.
    #[must_use]
    pub fn of(&self, class: ClientClass) -> &OutputBufferLimit {
        match class {
            ClientClass::Normal => &self.normal,
            ClientClass::Replica => &self.replica,
            ClientClass::Pubsub => &self.pubsub,
        }
    }

    pub(super) fn of_mut(&mut self, class: ClientClass) -> &mut OutputBufferLimit {
        match class {
            ClientClass::Normal => &mut self.normal,
            ClientClass::Replica => &mut self.replica,
            ClientClass::Pubsub => &mut self.pubsub,
        }
    }
}

/// One pair of `save`: snapshot after `seconds` when at least `changes` keys changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavePoint {
    /// Seconds since the last snapshot, at least 1.
    pub seconds: u32,
    /// Changes since the last snapshot.
    pub changes: u32,
}

/// A line `user`: a user's name and the rules that make it. Rules may hold passwords, so `{:?}` shows the name only.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct UserLine {
    /// Where it stands, for messages.
    pub place: String,
    /// The name and the rules.
    pub words: Vec<String>,
}

impl fmt::Debug for UserLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UserLine").field(&self.words.first()).finish()
    }
}

/// A password: readable where it is asked for, never in a log, an error or `{:?}`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps a password; the empty one means that none is set.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether a password is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether `given` is the password, in a time that depends only on the lengths.
    #[must_use]
    pub fn matches(&self, given: &[u8]) -> bool {
        let own = self.0.as_bytes();
        let pairs = own.iter().zip(given);
        let difference = pairs.fold(0, |seen, (left, right)| seen | (left ^ right));
        own.len() == given.len() && std::hint::black_box(difference) == 0
    }

    /// The password itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_set() { "<hidden>" } else { "<none>" })
    }
}
