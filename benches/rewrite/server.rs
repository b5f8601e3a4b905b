//! A server under test: started, filled, told to rewrite its log, its memory watched.

use super::load::{KEYS, Random, put_set};
use super::process::{Kind, POLL, Process, Programs};
use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

/// SETs sent at once while filling.
const FILL_CHUNK: u64 = 5_000;

/// How often the memory of Redis and its child is added up; looking is not free, as it stops the process's page
/// faults, so it is not done while latency is measured.
const MEMORY_POLL: Duration = Duration::from_millis(20);

/// Resident memory in KiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) before_kib: f64,
    pub(crate) peak_kib: f64,
}

/// The server.
pub(crate) struct Server {
    kind: Kind,
    process: Process,
}

impl Server {
    pub(crate) fn start(kind: Kind, programs: &Programs) -> io::Result<Self> {
        let options = ["--save", "", "--appendonly", "yes", "--appendfsync", "everysec"];
        let options = [&options[..], &["--auto-aof-rewrite-percentage", "0"]].concat();
        Ok(Self { kind, process: Process::start(kind, programs, &options)? })
    }

    pub(crate) fn port(&self) -> u16 {
        self.process.port
    }

    pub(crate) fn fill(&mut self) -> io::Result<()> {
        let (mut random, mut requests) = (Random(1), Vec::new());
        for first in (0..KEYS).step_by(FILL_CHUNK as usize) {
            requests.clear();
            (first..first + FILL_CHUNK).for_each(|key| put_set(&mut requests, key, &mut random));
            self.process.send(&requests)?;
            for _ in 0..FILL_CHUNK {
                assert_eq!(self.process.line()?, "+OK");
            }
        }
        Ok(())
    }

    /// Has the log rewritten; comes back when that is done.
    pub(crate) fn rewrite(&mut self) -> io::Result<()> {
        let answer = self.process.ask("BGREWRITEAOF")?;
        assert!(answer.starts_with('+'), "{answer}");
        loop {
            sleep(POLL);
            let facts = self.process.info("persistence")?;
            let says = |fact: &str| facts.lines().any(|line| line == fact);
            if says("aof_rewrite_in_progress:0") && says("aof_rewrite_scheduled:0") {
                assert!(says("aof_last_bgrewrite_status:ok"), "the rewrite failed");
                return Ok(());
            }
        }
    }

    /// The resident memory before `act`, and the most of it meanwhile: of the server and its child together, where
    /// pages that both share count once.
    pub(crate) fn memory_during(&mut self, act: fn(&mut Self) -> io::Result<()>) -> io::Result<Memory> {
        let pid = self.process.id();
        if self.kind == Kind::Memora {
            // Begins to watch the most afresh.
            fs::write(format!("/proc/{pid}/clear_refs"), "5")?;
            let before_kib = field_kib(&format!("/proc/{pid}/status"), "VmRSS:");
            act(self)?;
            return Ok(Memory { before_kib, peak_kib: field_kib(&format!("/proc/{pid}/status"), "VmHWM:") });
        }
        let before_kib = with_children_kib(pid);
        let done = AtomicBool::new(false);
        let peak_kib = scope(|scope| {
            let watch = scope.spawn(|| {
                let mut peak_kib = before_kib;
                while !done.load(Ordering::Relaxed) {
                    peak_kib = peak_kib.max(with_children_kib(pid));
                    sleep(MEMORY_POLL);
                }
                peak_kib
            });
            let outcome = act(self);
            done.store(true, Ordering::Relaxed);
            outcome.map(|()| watch.join().expect("the watch only looks"))
        })?;
        Ok(Memory { before_kib, peak_kib })
    }
}

fn with_children_kib(pid: u32) -> f64 {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let pids = children.split_whitespace().map(str::to_owned).chain([pid.to_string()]);
    pids.map(|pid| field_kib(&format!("/proc/{pid}/smaps_rollup"), "Pss:")).sum()
}

/// A field of a file of /proc; 0 when the process has just ended.
fn field_kib(file: &str, name: &str) -> f64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0.0)
}
