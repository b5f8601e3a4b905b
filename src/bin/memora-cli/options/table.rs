//! Every option, once: its names, its value, where it is listed, and what it does.
//!
//! The parser looks its words up here, and `--help`, the completions of shells and the manual page are made
//! of the same rows, so that none of them can name an option another does not know.

/// What an option means to the parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flag {
    Host,
    Port,
    Socket,
    Uri,
    User,
    Password,
    AskPassword,
    NoAuthWarning,
    Database,
    Resp2,
    Resp3,
    Cluster,
    Repeat,
    Interval,
    LastFromStdin,
    TaggedFromStdin,
    QuotedInput,
    Eval,
    Raw,
    NoRaw,
    Csv,
    Json,
    QuotedJson,
    ElementDelimiter,
    ReplyDelimiter,
    ExitOnError,
    ShowPushes,
    Scan,
    Pattern,
    QuotedPattern,
    Count,
    Pipe,
    PipeTimeout,
    BigKeys,
    MemKeys,
    MemKeysSamples,
    HotKeys,
    KeyStats,
    KeyStatsSamples,
    Top,
    Cursor,
    Stat,
    Latency,
    LatencyHistory,
    LatencyDist,
    IntrinsicLatency,
    Export,
    Import,
    Yes,
    Completions,
    Manual,
    Verbose,
    Help,
    Version,
}

/// Under which heading `--help` lists an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Server,
    Command,
    Output,
    Tools,
    Other,
}

impl Group {
    /// Every heading, in the order of `--help`.
    pub(crate) const ALL: [Self; 5] = [Self::Server, Self::Command, Self::Output, Self::Tools, Self::Other];

    /// The heading itself.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Server => "Server",
            Self::Command => "Command",
            Self::Output => "Output",
            Self::Tools => "Tools",
            Self::Other => "Other",
        }
    }
}

/// One option.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) flag: Flag,
    /// Its names, each with its dashes.
    pub(crate) names: &'static [&'static str],
    /// What stands for its value in texts; without one it takes none.
    pub(crate) value: Option<&'static str>,
    pub(crate) group: Group,
    /// What it does, in one line.
    pub(crate) help: &'static str,
}

/// The row of an option, by any of its names.
pub(crate) fn find(name: &[u8]) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.names.iter().any(|known| known.as_bytes() == name))
}

const fn switch(flag: Flag, names: &'static [&'static str], group: Group, help: &'static str) -> Row {
    Row { flag, names, value: None, group, help }
}

const fn value(
    flag: Flag,
    names: &'static [&'static str],
    value: &'static str,
    group: Group,
    help: &'static str,
) -> Row {
    Row { flag, names, value: Some(value), group, help }
}

use Group::{Command, Other, Output, Server, Tools};

/// Every option, in the order of `--help`.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    value(Flag::Host, &["-h"], "host", Server, "Host of the server (default 127.0.0.1)"),
    value(Flag::Port, &["-p"], "port", Server, "Port of the server (default 6379)"),
    value(Flag::Socket, &["-s"], "socket", Server, "Unix socket of the server, instead of host and port"),
    value(Flag::Uri, &["-u"], "uri", Server, "redis://[user[:password]@]host[:port][/db]"),
    value(Flag::User, &["--user"], "name", Server, "User to authenticate as, together with a password"),
    value(Flag::Password, &["-a", "--pass"], "word", Server,
        "Password; the environment variable REDISCLI_AUTH keeps it out of sight"),
    switch(Flag::AskPassword, &["--askpass"], Server, "Ask for the password; -a and REDISCLI_AUTH do not count then"),
    switch(Flag::NoAuthWarning, &["--no-auth-warning"], Server, "Do not warn of a password on the command line"),
    value(Flag::Database, &["-n"], "db", Server, "Database number"),
    switch(Flag::Resp2, &["-2"], Server, "Speak RESP2"),
    switch(Flag::Resp3, &["-3"], Server, "Speak RESP3"),
    switch(Flag::Cluster, &["-c"], Server, "Accepted, but redirections of a cluster are not followed"),

    value(Flag::Repeat, &["-r"], "count", Command, "Run the command so many times; without end when negative"),
    value(Flag::Interval, &["-i"], "seconds", Command, "Pause between the repetitions, such as 0.5"),
    switch(Flag::LastFromStdin, &["-x"], Command, "Take one more, last argument from standard input"),
    value(Flag::TaggedFromStdin, &["-X"], "tag", Command, "Take the argument that equals <tag> from standard input"),
    switch(Flag::QuotedInput, &["--quoted-input"], Command, "The words of the command are quoted strings: '\"a\\x00b\"'"),
    value(Flag::Eval, &["--eval"], "file", Command, "Run the Lua script in a file: --eval <file> key1 key2 , arg1 arg2"),

    switch(Flag::Raw, &["--raw"], Output, "Plain strings; the default when the output is no terminal"),
    switch(Flag::NoRaw, &["--no-raw"], Output, "Types, quotes and numbering; the default on a terminal"),
    switch(Flag::Csv, &["--csv"], Output, "Comma-separated values"),
    switch(Flag::Json, &["--json"], Output, "JSON, with maps where the server sends them"),
    switch(Flag::QuotedJson, &["--quoted-json"], Output, "JSON in ASCII only"),
    value(Flag::ElementDelimiter, &["-d"], "delimiter", Output, "Between the elements of a raw list (default: line end)"),
    value(Flag::ReplyDelimiter, &["-D"], "delimiter", Output, "After each raw reply (default: line end)"),
    switch(Flag::ExitOnError, &["-e"], Output, "End with code 1 when the reply is an error"),
    value(Flag::ShowPushes, &["--show-pushes"], "y|n", Output,
        "Print RESP3 messages nobody asked for (default: on a terminal)"),

    switch(Flag::Scan, &["--scan"], Tools, "List the keys"),
    value(Flag::Pattern, &["--pattern"], "pattern", Tools, "Only keys that match, for every tool that walks over keys"),
    value(Flag::QuotedPattern, &["--quoted-pattern"], "pattern", Tools, "The same as a quoted string: '\"a\\x00*\"'"),
    value(Flag::Count, &["--count"], "keys", Tools, "Look at so many keys in each step (default 1000)"),
    switch(Flag::Pipe, &["--pipe"], Tools, "Send requests from standard input as they are, and count errors"),
    value(Flag::PipeTimeout, &["--pipe-timeout"], "seconds", Tools,
        "With --pipe, how long to wait for replies at the end (default 30; 0: for ever)"),
    switch(Flag::BigKeys, &["--bigkeys"], Tools, "Find the keys with the most elements of each type"),
    switch(Flag::MemKeys, &["--memkeys"], Tools, "Find the keys with the most memory of each type"),
    value(Flag::MemKeysSamples, &["--memkeys-samples"], "count", Tools,
        "The same, with so many elements of each key measured"),
    switch(Flag::HotKeys, &["--hotkeys"], Tools, "Find the keys used most, under an LFU maxmemory-policy"),
    switch(Flag::KeyStats, &["--keystats"], Tools, "Report memory and lengths of keys and how they are distributed"),
    value(Flag::KeyStatsSamples, &["--keystats-samples"], "count", Tools,
        "The same, with so many elements of each key measured"),
    value(Flag::Top, &["--top"], "keys", Tools, "With --keystats, list so many of the greatest (default 10)"),
    value(Flag::Cursor, &["--cursor"], "cursor", Tools, "Begin at this cursor, for every tool that walks over keys"),
    switch(Flag::Stat, &["--stat"], Tools, "Print what the server does, each second or as -i says"),
    switch(Flag::Latency, &["--latency"], Tools, "Measure round trips, for ever on a terminal, else for a second or -i"),
    switch(Flag::LatencyHistory, &["--latency-history"], Tools, "The same, with a line for each 15 seconds or -i"),
    switch(Flag::LatencyDist, &["--latency-dist"], Tools, "Round trips as a heat map, a line for each second or -i"),
    value(Flag::IntrinsicLatency, &["--intrinsic-latency"], "seconds", Tools,
        "Measure how long this machine leaves a program waiting"),
    value(Flag::Export, &["--export"], "file", Tools, "Write the keys of the database as lines of JSON; - is standard output"),
    value(Flag::Import, &["--import"], "file", Tools, "Make the keys of such a file, in place of those with their names"),

    switch(Flag::Verbose, &["--verbose"], Other, "Tell on standard error what is being connected to"),
    switch(Flag::Yes, &["--yes"], Other, "Do not ask at the prompt before FLUSHALL, SHUTDOWN and the like"),
    value(Flag::Completions, &["--completions"], "shell", Other, "Print completions for bash, zsh, fish or powershell"),
    switch(Flag::Manual, &["--manual"], Other, "Print the manual page: memora-cli --manual | man -l -"),
    switch(Flag::Help, &["--help"], Other, "Print this text; so does -h alone"),
    switch(Flag::Version, &["-v", "--version"], Other, "Print the version"),
];
