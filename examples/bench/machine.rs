//! What numbers are worth nothing without: the machine, how busy it was, the date and the command.

use std::env;
use std::fs;
use std::thread::available_parallelism;
use std::time::SystemTime;

/// The conditions of a run, as they were at its start.
pub(crate) struct Conditions {
    machine: String,
    load: Option<String>,
    date: String,
    command: String,
}

impl Conditions {
    pub(crate) fn now() -> Self {
        let date = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let options: Vec<_> = env::args().skip(1).collect();
        let command = format!("cargo run --release --example bench -- {}", options.join(" "));
        Self {
            machine: machine(),
            load: load(),
            date: date.chars().take("2026-01-01".len()).collect(),
            command: command.trim_end_matches(['-', ' ']).to_owned(),
        }
    }

    /// Sentences about them, at the end of the run.
    pub(crate) fn told(&self) -> String {
        let load = match (&self.load, load()) {
            (Some(start), Some(end)) => format!("load average {start} at the start and {end} at the end"),
            _ => "load average unknown".into(),
        };
        format!("{}; {load}; {}. This repeats it:\n\n```sh\n{}\n```", self.machine, self.date, self.command)
    }
}

fn machine() -> String {
    let cores = available_parallelism().map_or(1, usize::from);
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| env::consts::ARCH.into());
    let memory = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.strip_suffix(" kB")?.trim().parse::<u64>().ok());
    let memory = memory.map_or(String::new(), |kib| format!(", {} GiB of memory", kib >> 20));
    let system = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores of {processor}{memory}, {} {}", env::consts::OS, system.trim())
        .trim_end()
        .to_owned()
}

fn load() -> Option<String> {
    Some(fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.to_owned())
}

/// The value of the first line with this name.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    Some(pairs.find(|(field, _)| field.trim() == name)?.1.trim().to_owned())
}
