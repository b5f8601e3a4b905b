//! MEMORY: where the memory goes.

use super::args::Args;
use super::context::{Context, Outcome};
use super::family::family;
use super::faults::{self, Fault};
use super::help::help;
use super::info::human;
use super::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};

/// Elements of a collection that MEMORY USAGE looks at when it is not told, as in Redis.
const SAMPLES: usize = 5;

/// With less data than this the doctor has nothing to look at, as in Redis.
const TOO_LITTLE_BYTES: u64 = 5 * 1024 * 1024;

/// From this many times the memory in use, the resident memory or the peak is worth a word.
const NOTABLE_RATIO: f64 = 1.5;

/// What every subcommand declares alike.
const MEMORY_SUBCOMMAND: Spec = Spec {
    arity: 2,
    group: Group::Server,
    since: "4.0.0",
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    ..Spec::EMPTY
};

/// `MEMORY USAGE key [SAMPLES count]`
pub(super) struct Usage {
    key: Span,
    /// Elements to look at, 0: all.
    samples: usize,
}

impl Command for Usage {
    const SPEC: Spec = Spec {
        name: "usage",
        arity: -3,
        flags: &[Flag::Readonly],
        keys: &[KeySpec::one(&[KeyFlag::Ro]).at(2)],
        complexity: "O(N) where N is the number of samples",
        summary: "Estimates the memory a key takes, in bytes",
        syntax: "key [SAMPLES count]",
        tips: &[],
        ..MEMORY_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        let mut samples = SAMPLES;
        while args.more() {
            if !args.option_with_value("SAMPLES") {
                args.fail(faults::SYNTAX);
            }
            let count = args.integer();
            samples = usize::try_from(count).unwrap_or_else(|_| {
                args.fail(faults::SYNTAX);
                0
            });
        }
        args.done(Self { key, samples })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let key = context.argv.bytes(self.key);
        // As in Redis a key past its deadline takes memory until it is gone, and this does not look whether it is.
        let look_ms = 0;
        let bytes = context.db().memory_usage(key, self.samples, look_ms);
        Ok(bytes.map_or(Reply::Null, Reply::from_count))
    }
}

/// `MEMORY STATS`
pub(super) struct Stats;

impl Command for Stats {
    const SPEC: Spec =
        Spec { name: "stats", summary: "Lists where the memory goes, in bytes", ..MEMORY_SUBCOMMAND };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(Reply::Map(stats(context)))
    }
}

/// Redis's fields in its order, without those about its own allocator and scripts.
fn stats(context: &Context<'_>) -> Vec<(Reply, Reply)> {
    let figures = context.facts.memory();
    let used = figures.used_bytes.unwrap_or(0);
    let clients = context.clients_bytes();
    let mut overhead = figures.startup_bytes + clients;
    let mut rows = vec![
        row("peak.allocated", figures.peak_bytes.max(used)),
        row("total.allocated", used),
        row("startup.allocated", figures.startup_bytes),
        row("replication.backlog", 0),
        row("clients.slaves", 0),
        row("clients.normal", clients),
        row("cluster.links", 0),
        row("aof.buffer", 0),
    ];
    for (number, database) in context.store.iter().enumerate().filter(|(_, database)| !database.is_empty()) {
        let (table, deadlines) = database.table_bytes();
        overhead += (table + deadlines) as u64;
        let tables = vec![
            row("overhead.hashtable.main", table as u64),
            row("overhead.hashtable.expires", deadlines as u64),
        ];
        rows.push((Reply::bulk(format!("db.{number}").into_bytes()), Reply::Map(tables)));
    }
    let keys: usize = context.store.iter().map(|database| database.len()).sum();
    let data = used.saturating_sub(overhead);
    let grown = used.saturating_sub(figures.startup_bytes);
    rows.extend([
        row("overhead.total", overhead),
        row("keys.count", keys as u64),
        row("keys.bytes-per-key", grown.checked_div(keys as u64).unwrap_or(0)),
        row("dataset.bytes", data),
        (Reply::bulk("dataset.percentage"), Reply::Double(percentage(data, grown))),
        (Reply::bulk("peak.percentage"), Reply::Double(percentage(used, figures.peak_bytes.max(used)))),
    ]);
    if let Some(resident) = figures.resident_bytes {
        let beyond = i64::try_from(i128::from(resident) - i128::from(used)).unwrap_or(i64::MAX);
        rows.extend([
            (Reply::bulk("fragmentation"), Reply::Double(resident as f64 / used.max(1) as f64)),
            (Reply::bulk("fragmentation.bytes"), Reply::Integer(beyond)),
        ]);
    }
    rows
}

fn row(name: &'static str, bytes: u64) -> (Reply, Reply) {
    (Reply::bulk(name), Reply::Integer(i64::try_from(bytes).unwrap_or(i64::MAX)))
}

fn percentage(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64 * 100.0
}

/// `MEMORY DOCTOR`
pub(super) struct Doctor;

impl Command for Doctor {
    const SPEC: Spec =
        Spec { name: "doctor", summary: "Says in plain words what is odd about memory", ..MEMORY_SUBCOMMAND };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(Reply::text(diagnosis(context)))
    }
}

fn diagnosis(context: &Context<'_>) -> String {
    let figures = context.facts.memory();
    let Some(used) = figures.used_bytes else {
        return "This program does not count what it allocates, so there is nothing to say.\n".to_owned();
    };
    if used < TOO_LITTLE_BYTES {
        return format!("Only {} are in use, too little to find anything odd.\n", human(used));
    }
    let mut text = String::new();
    let times = |bytes: u64| bytes as f64 / used as f64;
    if times(figures.peak_bytes) >= NOTABLE_RATIO {
        text += &format!(
            "Once {} were in use, now {}: part of the difference may still count as resident. \
             MEMORY PURGE gives back what it can.\n",
            human(figures.peak_bytes),
            human(used)
        );
    }
    if let Some(resident) = figures.resident_bytes.filter(|resident| times(*resident) >= NOTABLE_RATIO) {
        text += &format!(
            "{} are resident for {} in use: memory is fragmented, or was needed a moment ago.\n",
            human(resident),
            human(used)
        );
    }
    let clients = context.clients_bytes();
    if clients > used / 2 {
        text += &format!("Clients' buffers take {}: see qbuf and omem in CLIENT LIST.\n", human(clients));
    }
    if text.is_empty() { format!("Nothing is odd about the {} in use.\n", human(used)) } else { text }
}

/// `MEMORY MALLOC-STATS`
pub(super) struct MallocStats;

impl Command for MallocStats {
    const SPEC: Spec =
        Spec { name: "malloc-stats", summary: "Shows the allocator's own figures", ..MEMORY_SUBCOMMAND };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let figures = context.facts.memory();
        let bytes =
            |bytes: Option<u64>| bytes.map_or_else(|| "unknown".to_owned(), |bytes| bytes.to_string());
        Ok(Reply::text(format!(
            "mimalloc\nallocated: {}\nresident: {}\n",
            bytes(figures.used_bytes),
            bytes(figures.resident_bytes)
        )))
    }
}

/// `MEMORY PURGE`
///
/// The allocator returns free memory to the system by itself after a moment, so there is nothing to be done.
pub(super) struct Purge;

impl Command for Purge {
    const SPEC: Spec = Spec {
        name: "purge",
        summary: "Returns free memory to the system",
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        ..MEMORY_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, _: &mut Context<'_>) -> Outcome {
        Ok(Reply::OK)
    }
}

help!(
    MemoryHelp,
    "4.0.0",
    Server,
    [Flag::Loading, Flag::Stale],
    "MEMORY",
    [
        "DOCTOR",
        "    Say in plain words what is odd about memory.",
        "MALLOC-STATS",
        "    Show the allocator's own figures.",
        "PURGE",
        "    Return free memory to the system.",
        "STATS",
        "    List where the memory goes.",
        "USAGE <key> [SAMPLES <count>]",
        "    Estimate the memory a key takes, looking at some elements (default: 5, 0: all).",
    ]
);

const MEMORY: Spec = Spec {
    name: "memory",
    arity: -2,
    group: Group::Server,
    since: "4.0.0",
    complexity: "Depends on subcommand",
    summary: "Shows where the memory goes",
    ..Spec::EMPTY
};

family!(Memory in MEMORY {
    Usage(Usage),
    Stats(Stats),
    Doctor(Doctor),
    MallocStats(MallocStats),
    Purge(Purge),
    Help(MemoryHelp),
});
