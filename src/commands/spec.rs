//! What a command declares about itself, and the row that ties it to its code.
//!
//! A command is declared once: its [`Spec`] names it, counts its arguments, says where its keys lie and
//! spells its syntax. Everything a server or client wants to know of it is derived from there: arity errors,
//! gates, ACL categories, `COMMAND INFO` and `COMMAND DOCS`, the CLI's hints, the README's table. Nothing in
//! this file executes anything.
//!
//! The terms are Redis's, see <https://redis.io/docs/latest/commands/command/> and
//! <https://redis.io/docs/latest/develop/reference/key-specs/>.

use super::args::Args;
use super::categories::Category;
use super::context::{Context, Outcome};
use super::faults::Fault;
use super::key_specs::LegacyRange;
use super::table::Call;

pub use super::key_specs::{FindKeys, KeyAt, KeyFlag, KeyFlags, KeySpec, Words};

/// The facts of one command, subcommand or container of subcommands.
pub struct Spec {
    /// Lower-case name; a subcommand has its own name only (`setname`), its container is known from the table.
    pub name: &'static str,
    /// Number of arguments, the name included; negative: at least that many.
    pub arity: i32,
    /// What the command is and is allowed to, in Redis's terms.
    pub flags: &'static [Flag],
    /// ACL categories beyond those that follow from flags and group; one that says what the command is about
    /// takes the place of the group's.
    pub categories: &'static [Category],
    /// Where the keys are among the arguments.
    pub keys: &'static [KeySpec],
    /// Finds the keys where `keys` cannot, because they or what is done to them depend on options.
    pub find_keys: Option<FindKeys>,
    /// The family in the documentation.
    pub group: Group,
    /// The Redis version that introduced it, such as `"1.0.0"`.
    pub since: &'static str,
    /// Time complexity as documented.
    pub complexity: &'static str,
    /// One sentence for people, without a final dot.
    pub summary: &'static str,
    /// The arguments after the name, such as `key value [NX | XX] [EX seconds | PX milliseconds]`.
    pub syntax: &'static str,
    /// Redis's command tips, such as `"nondeterministic_output"`.
    pub tips: &'static [&'static str],
    /// What changed after `since`: version and change; a word in backticks is an option that came with it.
    pub history: &'static [(&'static str, &'static str)],
    /// Since when it is out of favour, and what to use instead.
    pub deprecated: Option<Deprecated>,
    /// Meant for servers talking to each other, not for people (the documentation's flag `syscmd`).
    pub is_internal: bool,
}

/// That a command is out of favour.
pub struct Deprecated {
    /// The Redis version since when.
    pub since: &'static str,
    /// What to use instead, as a phrase with the command in backticks.
    pub replaced_by: &'static str,
}

impl Spec {
    /// The neutral element to build a specification from: `Spec { name: "get", ..Spec::EMPTY }`.
    pub const EMPTY: Self = Self {
        name: "",
        arity: -1,
        flags: &[],
        categories: &[],
        keys: &[],
        find_keys: None,
        group: Group::Generic,
        since: "1.0.0",
        complexity: "O(1)",
        summary: "",
        syntax: "",
        tips: &[],
        history: &[],
        deprecated: None,
        is_internal: false,
    };

    /// Whether `count` arguments, the name included, are a number this command takes.
    #[must_use]
    pub const fn takes(&self, count: usize) -> bool {
        let arity = self.arity.unsigned_abs() as usize;
        if self.arity < 0 { count >= arity } else { count == arity }
    }
}

/// A property of a command, named as `COMMAND INFO` prints it in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Flag {
    /// May change data.
    Write = 1 << 0,
    /// Only reads data.
    Readonly = 1 << 1,
    /// May need memory; refused when there is none left.
    Denyoom = 1 << 2,
    /// For administrators.
    Admin = 1 << 3,
    /// Publish and subscribe.
    Pubsub = 1 << 4,
    /// Not from scripts.
    Noscript = 1 << 5,
    /// May block the client.
    Blocking = 1 << 6,
    /// Allowed while the data is being loaded.
    Loading = 1 << 7,
    /// Allowed on a stale replica.
    Stale = 1 << 8,
    /// Not shown to `MONITOR`.
    SkipMonitor = 1 << 9,
    /// Not recorded in the slow log.
    SkipSlowlog = 1 << 10,
    /// Constant or logarithmic time.
    Fast = 1 << 11,
    /// Allowed before authentication.
    NoAuth = 1 << 12,
    /// Not inside `MULTI`.
    NoMulti = 1 << 13,
    /// Its keys can only be found by reading the arguments. Follows from the key specifications, so no
    /// command declares it.
    Movablekeys = 1 << 14,
    /// Allowed while a script or module keeps the server busy.
    AllowBusy = 1 << 15,
    /// Not while a replica loads in the background.
    NoAsyncLoading = 1 << 16,
    /// May be given no key although it has some (scripts).
    NoMandatoryKeys = 1 << 17,
}

impl Flag {
    /// The flags `COMMAND INFO` prints, in its order, with the names it prints.
    pub const PRINTED: &'static [(Self, &'static str)] = &[
        (Self::Write, "write"),
        (Self::Readonly, "readonly"),
        (Self::Denyoom, "denyoom"),
        (Self::Admin, "admin"),
        (Self::Pubsub, "pubsub"),
        (Self::Noscript, "noscript"),
        (Self::Blocking, "blocking"),
        (Self::Loading, "loading"),
        (Self::Stale, "stale"),
        (Self::SkipMonitor, "skip_monitor"),
        (Self::SkipSlowlog, "skip_slowlog"),
        (Self::Fast, "fast"),
        (Self::NoAuth, "no_auth"),
        (Self::NoMandatoryKeys, "no_mandatory_keys"),
        (Self::NoAsyncLoading, "no_async_loading"),
        (Self::NoMulti, "no_multi"),
        (Self::Movablekeys, "movablekeys"),
        (Self::AllowBusy, "allow_busy"),
    ];
}

/// A set of [`Flag`]s that is tested with one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u32);

impl Flags {
    const fn of(list: &[Flag]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < list.len() {
            bits |= list[i] as u32;
            i += 1;
        }
        Self(bits)
    }

    const fn with(self, flag: Flag, present: bool) -> Self {
        if present { Self(self.0 | flag as u32) } else { self }
    }

    /// Whether `flag` is in the set.
    #[must_use]
    pub const fn has(self, flag: Flag) -> bool {
        self.0 & flag as u32 != 0
    }

    /// Whether they are those of a command that works on data and does not wait.
    #[must_use]
    pub const fn is_plain(self) -> bool {
        let concerned = Flag::Write as u32 | Flag::Readonly as u32;
        self.0 & concerned != 0 && !self.has(Flag::Blocking)
    }

    /// The names of the flags in the set, in Redis's order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Flag::PRINTED.iter().filter(move |(flag, _)| self.has(*flag)).map(|(_, name)| *name)
    }
}

/// The families of the documentation, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Works on keys of any type.
    Generic,
    /// Strings and counters.
    String,
    /// Lists.
    List,
    /// Sets.
    Set,
    /// Sorted sets.
    SortedSet,
    /// Hashes.
    Hash,
    /// Streams.
    Stream,
    /// Bits in strings.
    Bitmap,
    /// Estimated cardinalities.
    Hyperloglog,
    /// Positions on the globe.
    Geo,
    /// Publish and subscribe.
    Pubsub,
    /// MULTI and what belongs to it.
    Transactions,
    /// Scripts and functions.
    Scripting,
    /// The connection itself.
    Connection,
    /// The server as a whole.
    Server,
    /// Several servers as one.
    Cluster,
}

impl Group {
    /// All of them with their names in `COMMAND DOCS`, in the order of the documentation.
    pub const ALL: &'static [(Self, &'static str)] = &[
        (Self::Generic, "generic"),
        (Self::String, "string"),
        (Self::List, "list"),
        (Self::Set, "set"),
        (Self::SortedSet, "sorted-set"),
        (Self::Hash, "hash"),
        (Self::Stream, "stream"),
        (Self::Bitmap, "bitmap"),
        (Self::Hyperloglog, "hyperloglog"),
        (Self::Geo, "geo"),
        (Self::Pubsub, "pubsub"),
        (Self::Transactions, "transactions"),
        (Self::Scripting, "scripting"),
        (Self::Connection, "connection"),
        (Self::Server, "server"),
        (Self::Cluster, "cluster"),
    ];

    /// The name in `COMMAND DOCS`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// A command as a type: what it declares, how its arguments are read, what it does.
pub trait Command: Sized + Send + 'static {
    /// What it declares.
    const SPEC: Spec;

    /// Reads the arguments after the name. Runs in the Connection, so it sees no data and no session.
    ///
    /// # Errors
    /// The fault that Redis answers for these arguments.
    fn parse(args: &mut Args<'_>) -> Result<Self, Fault>;

    /// Does the work. Runs in the Keyspace.
    ///
    /// # Errors
    /// The fault that Redis answers; the data is then as it was.
    fn run(&self, context: &mut Context<'_>) -> Outcome;
}

/// One row of a family's table: a command's declaration and its code, or a container of subcommands.
pub struct Row {
    /// What the command declares.
    pub spec: &'static Spec,
    /// `spec.flags` as a set, and what follows from the key specifications.
    pub flags: Flags,
    /// The keys in three numbers, as far as that goes.
    pub range: LegacyRange,
    /// Reads the arguments; for a container without a use of its own, there are none that it takes.
    pub(super) parse: fn(&mut Args<'_>) -> Result<Call, Fault>,
    /// The subcommands of a container, empty for an ordinary command.
    pub subcommands: &'static [Row],
    runs_alone: bool,
}

impl Row {
    /// The row of an ordinary command.
    pub(super) const fn new(spec: &'static Spec, parse: fn(&mut Args<'_>) -> Result<Call, Fault>) -> Self {
        let range = LegacyRange::of(spec.keys);
        let flags = Flags::of(spec.flags).with(Flag::Movablekeys, range.movable);
        Self { spec, flags, range, parse, subcommands: &[], runs_alone: true }
    }

    /// The row of a container: a command that only makes sense with one of its subcommands.
    pub(super) const fn container(spec: &'static Spec, subcommands: &'static [Self]) -> Self {
        let parse = |_: &mut Args<'_>| Err(super::faults::SYNTAX);
        Self { runs_alone: false, ..Self::new(spec, parse).with_subcommands(subcommands) }
    }

    /// The row of a command that also has subcommands.
    pub(super) const fn with_subcommands(mut self, subcommands: &'static [Self]) -> Self {
        self.subcommands = subcommands;
        self
    }

    /// Whether it only makes sense with one of its subcommands.
    #[must_use]
    pub const fn is_only_container(&self) -> bool {
        !self.runs_alone
    }
}
