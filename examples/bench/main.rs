//! The benchmark: Memora beside redis-server, and beside valkey-server where there is one.
//!
//! ```sh
//! cargo run --release --example bench                          # a quarter of an hour
//! cargo run --release --example bench -- --quick               # one minute
//! cargo run --release --example bench -- --full                # all combinations, more than an hour
//! cargo run --release --example bench -- --only memory,pauses --rounds 5 --json results.jsonl
//! cargo run --release --example bench -- --write               # also into docs/BENCHMARKS.md and docs/charts
//! ```
//!
//! It builds and starts `memora-server`, starts the others side by side with it, lets them take turns, and prints tables
//! with medians, ratios and what the servers used of the processor. Everything it starts it ends, also on Ctrl-C.
//! Deliberately absent: what durability costs, clients that block or listen; `benches/` measures those.

mod charts;
mod crowd;
mod load;
mod machine;
mod memory;
mod pauses;
mod plan;
mod probe;
mod process;
mod progress;
mod replies;
mod report;
mod requests;
mod results;
mod servers;
mod stream;
mod workloads;

use clap::{Parser, ValueEnum};
use machine::Conditions;
use plan::{Bench, Extent};
use progress::Progress;
use results::Results;
use servers::{Kind, Program};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::available_parallelism;

/// Sockets of the biggest crowd and all other files.
#[cfg(unix)]
const FILES: u64 = 10_000 + OTHER_FILES;
#[cfg(unix)]
const OTHER_FILES: u64 = 1_500;

/// More threads of clients than this no server needs.
const MOST_THREADS: usize = 4;

/// The tables of which charts are drawn, and their names.
const CHARTS: [(&str, &str); 4] = [
    (workloads::RATE, "throughput"),
    (workloads::CPU, "processor"),
    (memory::MEMORY, "memory"),
    (pauses::PAUSES, "pauses"),
];

/// Measures Memora beside redis-server and valkey-server, and prints tables in Markdown.
#[derive(Parser)]
#[command(name = "bench")]
struct Options {
    /// Takes a minute: fewer combinations, smaller sizes, one round
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// Measures all combinations of requests, pipelines, clients, values and keys
    #[arg(long)]
    full: bool,
    /// Measures these parts only
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// How many rounds
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: Option<u16>,
    /// Threads of clients [default: half of the cores, 4 at most]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Clients come over a Unix socket instead of TCP
    #[arg(long)]
    unix: bool,
    /// memora-server [default: built beside this program]
    #[arg(long, value_name = "PATH")]
    memora: Option<PathBuf>,
    /// redis-server [default: the one in PATH, if any]
    #[arg(long, value_name = "PATH")]
    redis: Option<PathBuf>,
    /// valkey-server [default: the one in PATH, if any]
    #[arg(long, value_name = "PATH")]
    valkey: Option<PathBuf>,
    /// Writes each value as a line of JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also writes the tables into docs/BENCHMARKS.md and draws charts into docs/charts
    #[arg(long)]
    write: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Throughput,
    Memory,
    Pauses,
    Connections,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> io::Result<()> {
    let programs = programs(options)?;
    servers::end_with_ctrl_c()?;
    let conditions = Conditions::now();
    let threads = available_parallelism().map_or(1, |cores| (cores.get() / 2).clamp(1, MOST_THREADS));
    let plan = options.extent().plan(
        options.rounds.map(usize::from),
        options.threads.map_or(threads, usize::from),
        options.unix && cfg!(unix),
        most_clients(),
    );
    let results = Results::new(&programs, options.json.as_deref())?;
    let mut bench = Bench { plan, programs, results, progress: Progress::new(0) };
    bench.progress = Progress::new(options.parts().iter().map(|part| part.steps(&bench)).sum());
    for part in options.parts() {
        part.measure(&mut bench)?;
    }
    // Its bar must not stand between the tables.
    bench.progress = Progress::new(0);
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let charts = if options.write { charts(&bench, &docs)? } else { Vec::new() };
    let text = report::markdown(&bench, &conditions, &charts);
    println!("{text}");
    if options.write {
        report::write(&docs.join("BENCHMARKS.md"), &text)?;
    }
    Ok(())
}

impl Options {
    fn extent(&self) -> Extent {
        match (self.quick, self.full) {
            (true, _) => Extent::Quick,
            (_, true) => Extent::Full,
            _ => Extent::Usual,
        }
    }

    fn parts(&self) -> Vec<Part> {
        let chosen = |part: &Part| self.only.is_empty() || self.only.contains(part);
        Part::value_variants().iter().copied().filter(chosen).collect()
    }
}

impl Part {
    fn steps(self, bench: &Bench) -> u64 {
        match self {
            Part::Throughput => workloads::steps(bench),
            Part::Memory => memory::steps(bench),
            Part::Pauses => pauses::steps(bench),
            Part::Connections => crowd::steps(bench),
        }
    }

    fn measure(self, bench: &mut Bench) -> io::Result<()> {
        match self {
            Part::Throughput => workloads::measure(bench),
            Part::Memory => memory::measure(bench),
            Part::Pauses => pauses::measure(bench),
            Part::Connections => crowd::measure(bench),
        }
    }
}

/// Memora first; of the others those that are named have to be there, and those in `PATH` may be.
fn programs(options: &Options) -> io::Result<Vec<Program>> {
    let memora = options.memora.clone().map_or_else(servers::memora_beside, Ok)?;
    if cfg!(debug_assertions) {
        eprintln!("bench: this is a debug build: its figures say nothing");
    }
    let mut programs = vec![Program::find(Kind::Memora, &memora)?];
    let others =
        [(Kind::Redis, &options.redis, "redis-server"), (Kind::Valkey, &options.valkey, "valkey-server")];
    for (kind, named, usual) in others {
        match (named, Program::find(kind, named.as_deref().unwrap_or(Path::new(usual)))) {
            (_, Ok(program)) => programs.push(program),
            (Some(_), Err(error)) => return Err(error),
            (None, Err(_)) => eprintln!("bench: no {usual} in PATH, so Memora is not compared with it"),
        }
    }
    Ok(programs)
}

#[cfg(unix)]
fn most_clients() -> u64 {
    // The limit is inherited by the servers, which need as many files.
    rlimit::increase_nofile_limit(FILES).map_or(0, |limit| limit.saturating_sub(OTHER_FILES)).max(1)
}

#[cfg(not(unix))]
fn most_clients() -> u64 {
    u64::MAX
}

/// Draws the charts of all tables that there are; tells their paths beside the document.
fn charts(bench: &Bench, docs: &Path) -> io::Result<Vec<(&'static str, String)>> {
    let mut drawn = Vec::new();
    for (table, name) in CHARTS {
        if bench.results.rows.iter().any(|row| row.table == table) {
            let path = format!("charts/{name}.svg");
            charts::draw(&bench.results, &bench.programs, table, &docs.join(&path))?;
            drawn.push((table, path));
        }
    }
    Ok(drawn)
}
