//! Throughput: which requests, how many in flight, over how many connections, with which values and keys.

use crate::load::{Load, fill};
use crate::plan::{Bench, Extent, counted};
use crate::process;
use crate::requests::{Batch, key, put, value};
use crate::servers::{Kind, Server};
use std::fmt;
use std::io;

/// The tables that this part fills.
pub(crate) const RATE: &str = "requests per second";
pub(crate) const CPU: &str = "processor time of the server per request, µs";

/// Keys that one MSET sets.
const MSET_KEYS: usize = 10;

/// Of so many mixed requests one is a SET and the others are GETs.
const MIXED: usize = 5;

/// Elements of the list for LPOP if they are small: enough for more than a second.
const LIST_ELEMENTS: u64 = 3_000_000;

/// Elements that one LPUSH brings when that list is filled.
const PUSH_ELEMENTS: u64 = 100;

/// What lists may weigh.
const MOST_LIST_BYTES: u64 = 512 << 20;

/// What all values of a keyspace may weigh.
const MOST_DATA_BYTES: u64 = 2 << 30;

/// What all connections may have in flight; a kilobyte more or less per request does not matter here.
const MOST_FLYING_BYTES: usize = 128 << 20;

const KEYSPACES: [u64; 2] = [100_000, 5_000_000];
const VALUES_BYTES: [usize; 3] = [3, 512, 16_384];
const PIPELINES: [usize; 3] = [1, 16, 100];
const CLIENTS: [usize; 3] = [1, 50, 1000];

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Workload {
    Set,
    Get,
    Mixed,
    Mset,
    Incr,
    Hset,
    Lpush,
    Lpop,
}

const WORKLOADS: [Workload; 8] = [
    Workload::Set,
    Workload::Get,
    Workload::Mixed,
    Workload::Mset,
    Workload::Incr,
    Workload::Hset,
    Workload::Lpush,
    Workload::Lpop,
];

/// One combination. Without a word about them there are 50 clients, values of 3 bytes and 100 thousand keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    workload: Workload,
    pipeline: usize,
    clients: usize,
    value_bytes: usize,
    keyspace: u64,
}

/// A server and the keys that are in it.
struct Stage {
    server: Server,
    /// Keyspace and size of the values.
    filled: Option<(u64, usize)>,
}

/// How many steps of the progress this part takes.
pub(crate) fn steps(bench: &Bench) -> u64 {
    (cells(bench.plan.extent).len() * bench.plan.rounds * bench.programs.len()) as u64
}

/// Measures all combinations in all rounds.
pub(crate) fn measure(bench: &mut Bench) -> io::Result<()> {
    let stages = bench
        .programs
        .clone()
        .into_iter()
        .map(|program| Ok(Stage { server: Server::start(&program, bench.plan.unix)?, filled: None }));
    let mut stages: Vec<_> = stages.collect::<io::Result<_>>()?;
    for round in 0..bench.plan.rounds {
        for cell in cells(bench.plan.extent) {
            for place in bench.order(round) {
                let stage = &mut stages[place];
                bench.step(round, stage.server.kind, &cell.to_string());
                let result = stage.measure(cell, bench);
                bench.or_skip(RATE, &cell.to_string(), stage.server.kind, result)?;
            }
        }
    }
    Ok(())
}

/// The combinations, those with the same keys side by side.
fn cells(extent: Extent) -> Vec<Cell> {
    let mut cells = Vec::new();
    for keyspace in KEYSPACES {
        for value_bytes in VALUES_BYTES {
            for clients in [CLIENTS[1], CLIENTS[0], CLIENTS[2]] {
                for workload in WORKLOADS {
                    let cell = |pipeline| Cell { workload, pipeline, clients, value_bytes, keyspace };
                    cells.extend(PIPELINES.map(cell));
                }
            }
        }
    }
    cells.retain(|cell| cell.is_feasible() && cell.belongs_to(extent));
    cells
}

impl Cell {
    fn belongs_to(&self, extent: Extent) -> bool {
        let strings = matches!(self.workload, Workload::Set | Workload::Get);
        let unusual = [self.clients != 50, self.value_bytes != 3, self.keyspace != KEYSPACES[0]];
        let unusual = unusual.iter().filter(|unusual| **unusual).count();
        match extent {
            Extent::Quick => strings && unusual == 0,
            // Everything in the usual setting; for what else is varied, one thing at a time and strings alone.
            Extent::Usual => unusual == 0 || (unusual == 1 && strings && self.pipeline < 100),
            Extent::Full => true,
        }
    }

    /// Whether it fits into an ordinary machine's memory.
    fn is_feasible(&self) -> bool {
        let request_bytes = self.value_bytes * if self.workload == Workload::Mset { MSET_KEYS } else { 1 };
        let flying = request_bytes * self.pipeline * self.clients;
        self.keyspace * self.value_bytes as u64 <= MOST_DATA_BYTES && flying <= MOST_FLYING_BYTES
    }

    /// What is sent, in turns.
    fn batches(&self) -> Vec<Batch> {
        let count = if self.workload == Workload::Mixed { MIXED } else { 1 };
        let value = value(self.value_bytes);
        let batch = |number: usize| {
            let mut batch = Batch::new(self.keyspace);
            for request in 0..self.pipeline {
                self.request(number * self.pipeline + request, &value, &mut batch);
            }
            batch
        };
        (0..count).map(batch).collect()
    }

    fn request(&self, number: usize, value: &[u8], batch: &mut Batch) {
        match self.workload {
            Workload::Mixed if number % MIXED == 0 => {
                batch.request(3).word(b"SET").numbered("key:").word(value)
            }
            Workload::Set => batch.request(3).word(b"SET").numbered("key:").word(value),
            Workload::Get | Workload::Mixed => batch.request(2).word(b"GET").numbered("key:"),
            Workload::Incr => batch.request(2).word(b"INCR").numbered("cnt:"),
            Workload::Hset => batch.request(4).word(b"HSET").word(b"hash").numbered("fld:").word(value),
            Workload::Lpush => batch.request(3).word(b"LPUSH").word(b"list").word(value),
            Workload::Lpop => batch.request(2).word(b"LPOP").word(b"list"),
            Workload::Mset => {
                batch.request(1 + 2 * MSET_KEYS).word(b"MSET");
                for _ in 0..MSET_KEYS {
                    batch.numbered("key:").word(value);
                }
                batch
            }
        };
    }

    /// Elements that a list of these values may have.
    fn list_elements(&self) -> u64 {
        LIST_ELEMENTS.min(MOST_LIST_BYTES / self.value_bytes as u64)
    }

    /// Where the number of requests is bounded, shares of it to warm up with and to measure.
    fn bounds(&self) -> (Option<u64>, Option<u64>) {
        let elements = match self.workload {
            Workload::Lpop => self.list_elements(),
            Workload::Lpush => MOST_LIST_BYTES / self.value_bytes as u64,
            _ => return (None, None),
        };
        (Some(elements / 5), Some(elements / 5 * 4))
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.workload {
            Workload::Mixed => write!(f, "SET and GET 1:{}", MIXED - 1)?,
            Workload::Mset => write!(f, "MSET of {MSET_KEYS} keys")?,
            workload => write!(f, "{}", format!("{workload:?}").to_uppercase())?,
        }
        write!(f, ", pipeline {}", self.pipeline)?;
        if self.clients != 50 {
            write!(
                f,
                ", {} client{}",
                counted(self.clients as u64),
                if self.clients == 1 { "" } else { "s" }
            )?;
        }
        if self.value_bytes != 3 {
            write!(f, ", {} bytes", self.value_bytes)?;
        }
        if self.keyspace != KEYSPACES[0] {
            write!(f, ", {} keys", counted(self.keyspace))?;
        }
        Ok(())
    }
}

impl Stage {
    fn measure(&mut self, cell: Cell, bench: &mut Bench) -> io::Result<()> {
        self.prepare(cell)?;
        let mut load = Load::open(&self.server.address, cell.clients, bench.plan.threads, &cell.batches())?;
        let (warm, most) = cell.bounds();
        load.run(bench.plan.warm, warm)?;
        let (before, own) = (self.server.cpu_us(), process::own_cpu_us());
        let ran = load.run(bench.plan.measured, most)?;
        let used = self.server.cpu_us().zip(before).map(|(after, before)| after - before);
        let own = process::own_cpu_us().zip(own).map(|(after, before)| after - before);
        bench.results.client_shares.extend(own.zip(used).map(|(own, used)| own / used));
        drop(load);
        if matches!(cell.workload, Workload::Lpush | Workload::Lpop | Workload::Hset) {
            self.server.client()?.ask("DEL list hash")?;
        }
        let (what, requests) = (cell.to_string(), ran.requests as f64);
        bench.results.add(RATE, &what, self.server.kind, Some(requests / ran.seconds))?;
        bench.results.add(CPU, &what, self.server.kind, used.map(|used| used / requests))
    }

    /// Puts in what the requests want to find.
    fn prepare(&mut self, cell: Cell) -> io::Result<()> {
        let wanted = (cell.keyspace, cell.value_bytes);
        if self.filled != Some(wanted) {
            self.server.client()?.ask("FLUSHALL")?;
            let value = value(cell.value_bytes);
            fill(&self.server, cell.keyspace, |number, bytes| {
                put(bytes, &[b"SET", key(number).as_bytes(), &value])
            })?;
            self.filled = Some(wanted);
        }
        if cell.workload == Workload::Lpop {
            let value = value(cell.value_bytes);
            let words: Vec<&[u8]> =
                [&b"LPUSH"[..], b"list"].into_iter().chain((0..PUSH_ELEMENTS).map(|_| &value[..])).collect();
            fill(&self.server, cell.list_elements() / PUSH_ELEMENTS, |_, bytes| put(bytes, &words))?;
        }
        self.server.rest();
        Ok(())
    }
}

/// A server that runs for other parts, and the load of clients that get keys.
pub(crate) fn getters(server: &Server, clients: usize, threads: usize, keyspace: u64) -> io::Result<Load> {
    let cell = Cell { workload: Workload::Get, pipeline: 1, clients, value_bytes: 3, keyspace };
    Load::open(&server.address, clients, threads, &cell.batches())
}

/// All combinations that are too big, for the report.
pub(crate) fn left_out(kinds: &[Kind]) -> String {
    let all = KEYSPACES.len() * VALUES_BYTES.len() * PIPELINES.len() * CLIENTS.len() * WORKLOADS.len();
    let measured = cells(Extent::Full).len();
    format!(
        "Of {all} combinations {} are left out of `--full`: their values would weigh more than {} GiB in each of {} \
         servers, or what is in flight more than {} MiB.",
        all - measured,
        MOST_DATA_BYTES >> 30,
        kinds.len(),
        MOST_FLYING_BYTES >> 20
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_extent_has_more_than_the_one_before() {
        let [quick, usual, full] = [Extent::Quick, Extent::Usual, Extent::Full].map(cells);
        assert!(quick.iter().all(|cell| usual.contains(cell)) && quick.len() < usual.len());
        assert!(usual.iter().all(|cell| full.contains(cell)) && usual.len() < full.len());
    }

    #[test]
    fn combinations_have_names_of_their_own() {
        let mut names: Vec<_> = cells(Extent::Full).iter().map(ToString::to_string).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn one_of_five_mixed_requests_is_a_set() {
        let cell = Cell { workload: Workload::Mixed, pipeline: 1, clients: 1, value_bytes: 3, keyspace: 10 };
        let mut random = crate::requests::Random::new(1);
        let mut batches = cell.batches();
        let sent = batches.iter_mut().map(|batch| batch.with_numbers(&mut random).to_vec());
        assert_eq!(sent.filter(|bytes| bytes.starts_with(b"*3\r\n$3\r\nSET")).count(), 1);
        assert_eq!(batches.len(), MIXED);
    }

    #[test]
    fn a_bounded_load_can_send_at_least_one_round() {
        for cell in cells(Extent::Full) {
            let (warm, most) = cell.bounds();
            let round = (cell.clients * cell.pipeline) as u64;
            assert!(warm.is_none_or(|warm| warm >= round) && most.is_none_or(|most| most >= round), "{cell}");
        }
    }
}
