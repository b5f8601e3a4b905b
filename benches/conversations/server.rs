//! A server under test, without persistence, and what it uses of the processor.

use super::process::{Kind, Process, Programs};
use std::fs;
use std::io;

/// As many clients as there may be: all that wait, and some more.
const MAX_CLIENTS: &str = "12000";

/// The server.
pub(crate) struct Server {
    process: Process,
}

impl Server {
    pub(crate) fn start(kind: Kind, programs: &Programs) -> io::Result<Self> {
        let options = ["--save", "", "--maxclients", MAX_CLIENTS];
        Ok(Self { process: Process::start(kind, programs, &options)? })
    }

    pub(crate) fn port(&self) -> u16 {
        self.process.port
    }

    /// Nanoseconds that all threads of the server have run.
    pub(crate) fn cpu_ns(&self) -> f64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.process.id())).expect("the server runs");
        let files = tasks.map(|task| task.expect("a task").path().join("schedstat"));
        let times = files.filter_map(|file| fs::read_to_string(file).ok());
        times.filter_map(|text| text.split_whitespace().next()?.parse::<f64>().ok()).sum()
    }

    /// Ticks of the clock that the server has run, as `/proc/PID/stat` counts them.
    pub(crate) fn ticks(&self) -> f64 {
        /// Its fields for time in user code and in the kernel, counted behind the program's name.
        const TIMES: [usize; 2] = [11, 12];
        let text = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).expect("the server runs");
        let (_, behind) = text.rsplit_once(") ").expect("a name in brackets");
        let fields: Vec<_> = behind.split(' ').collect();
        TIMES.iter().map(|field| fields[*field].parse::<f64>().expect("a number")).sum()
    }

    /// Sends a request that is answered by one line.
    pub(crate) fn ask(&mut self, request: &str) -> io::Result<String> {
        self.process.ask(request)
    }

    /// How many clients wait.
    pub(crate) fn blocked(&mut self) -> io::Result<usize> {
        let text = self.process.info("clients")?;
        let count = text.lines().find_map(|line| line.strip_prefix("blocked_clients:"));
        Ok(count.and_then(|count| count.parse().ok()).expect("INFO tells who waits"))
    }
}
