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
use super::context::{Context, Outcome};
use super::faults::Fault;
use super::table::Call;

/// The facts of one command, subcommand or container of subcommands.
pub struct Spec {
    /// Lower-case name; a subcommand has its own name only (`setname`), its container is known from the table.
    pub name: &'static str,
    /// Number of arguments, the name included; negative: at least that many.
    pub arity: i32,
    /// What the command is and is allowed to, in Redis's terms.
    pub flags: &'static [Flag],
    /// Where the keys are among the arguments.
    pub keys: &'static [KeySpec],
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
}

impl Spec {
    /// The neutral element to build a specification from: `Spec { name: "get", ..Spec::EMPTY }`.
    pub const EMPTY: Self = Self {
        name: "",
        arity: -1,
        flags: &[],
        keys: &[],
        group: Group::Generic,
        since: "1.0.0",
        complexity: "O(1)",
        summary: "",
        syntax: "",
        tips: &[],
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
    /// Its keys can only be found by reading the arguments.
    Movablekeys = 1 << 14,
    /// Allowed while a script or module keeps the server busy.
    AllowBusy = 1 << 15,
    /// Not while a replica loads in the background.
    NoAsyncLoading = 1 << 16,
    /// Its keys are not checked although it has some.
    NoMandatoryKeys = 1 << 17,
    /// Dangerous although neither admin nor keyspace-wide (category only, never printed as a flag).
    Dangerous = 1 << 18,
    /// Works on the keyspace (category only, never printed as a flag).
    Keyspace = 1 << 19,
    /// Deals with the connection itself (category only, never printed as a flag).
    Connection = 1 << 20,
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
        (Self::NoMulti, "no_multi"),
        (Self::Movablekeys, "movablekeys"),
        (Self::AllowBusy, "allow_busy"),
        (Self::NoAsyncLoading, "no_async_loading"),
        (Self::NoMandatoryKeys, "no_mandatory_keys"),
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

    /// Whether `flag` is in the set.
    #[must_use]
    pub const fn has(self, flag: Flag) -> bool {
        self.0 & flag as u32 != 0
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
    /// Hashes.
    Hash,
    /// The connection itself.
    Connection,
    /// The server as a whole.
    Server,
}

impl Group {
    /// The name in `COMMAND DOCS`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::String => "string",
            Self::List => "list",
            Self::Hash => "hash",
            Self::Connection => "connection",
            Self::Server => "server",
        }
    }
}

/// Where a run of keys lies among the arguments and what happens to them.
pub struct KeySpec {
    /// Position of the first key; the command's name is 0.
    pub first: i32,
    /// Position of the last key relative to the first; negative counts from the end of the arguments.
    pub last: i32,
    /// Distance between two keys.
    pub step: i32,
    /// What the command does to the keys, in Redis's words.
    pub flags: &'static [KeyFlag],
    /// A remark that `COMMAND INFO` repeats; empty if none.
    pub notes: &'static str,
}

impl KeySpec {
    /// A single key, the first argument.
    #[must_use]
    pub const fn one(flags: &'static [KeyFlag]) -> Self {
        Self { first: 1, last: 0, step: 1, flags, notes: "" }
    }

    /// The same with a remark.
    #[must_use]
    pub const fn with_notes(self, notes: &'static str) -> Self {
        Self { notes, ..self }
    }

    /// Every argument from the first on.
    #[must_use]
    pub const fn all(flags: &'static [KeyFlag]) -> Self {
        Self { first: 1, last: -1, step: 1, flags, notes: "" }
    }
}

/// What a command does to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFlag {
    /// Reads and writes it.
    Rw,
    /// Only reads it.
    Ro,
    /// Overwrites it.
    Ow,
    /// Removes it.
    Rm,
    /// The reply depends on the value.
    Access,
    /// The value changes.
    Update,
    /// Data is added.
    Insert,
    /// Data is taken away.
    Delete,
    /// Which keys it touches depends on options.
    VariableFlags,
}

impl KeyFlag {
    /// The name in `COMMAND INFO`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rw => "RW",
            Self::Ro => "RO",
            Self::Ow => "OW",
            Self::Rm => "RM",
            Self::Access => "access",
            Self::Update => "update",
            Self::Insert => "insert",
            Self::Delete => "delete",
            Self::VariableFlags => "variable_flags",
        }
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
    /// `spec.flags` as a set.
    pub flags: Flags,
    /// Reads the arguments; for a container without a use of its own, there are none that it takes.
    pub(super) parse: fn(&mut Args<'_>) -> Result<Call, Fault>,
    /// The subcommands of a container, empty for an ordinary command.
    pub subcommands: &'static [Row],
}

impl Row {
    /// The row of an ordinary command.
    pub(super) const fn new(spec: &'static Spec, parse: fn(&mut Args<'_>) -> Result<Call, Fault>) -> Self {
        Self { spec, flags: Flags::of(spec.flags), parse, subcommands: &[] }
    }

    /// The row of a container: a command that only makes sense with one of its subcommands.
    pub(super) const fn container(spec: &'static Spec, subcommands: &'static [Self]) -> Self {
        let parse = |_: &mut Args<'_>| Err(super::faults::SYNTAX);
        Self { spec, flags: Flags::of(spec.flags), parse, subcommands }
    }
}
