//! The text of INFO: sections of `name:value` lines, in Redis's names and order.
//!
//! Only facts stand here: a field of Redis's that Memora has no figure for is left out, never made up. Fields
//! about things that do not exist here (modules, replicas, forks) are truly zero.

mod activity;
mod persistence;
mod process;

use super::context::Context;
use std::fmt::Write;

/// A section: its name and what writes it.
struct Section {
    name: &'static str,
    title: &'static str,
    /// Whether a plain INFO shows it.
    default: bool,
    write: fn(&mut String, &Context<'_>),
}

impl Section {
    const fn new(name: &'static str, title: &'static str, write: fn(&mut String, &Context<'_>)) -> Self {
        Self { name, title, default: true, write }
    }

    const fn on_request(self) -> Self {
        Self { default: false, ..self }
    }
}

const SECTIONS: &[Section] = &[
    Section::new("server", "Server", process::server),
    Section::new("clients", "Clients", process::clients),
    Section::new("memory", "Memory", process::memory),
    Section::new("persistence", "Persistence", persistence::persistence),
    Section::new("stats", "Stats", activity::stats),
    Section::new("replication", "Replication", activity::replication),
    Section::new("cpu", "CPU", process::cpu),
    Section::new("modules", "Modules", |_, _| {}),
    Section::new("commandstats", "Commandstats", activity::command_stats).on_request(),
    Section::new("errorstats", "Errorstats", activity::error_stats),
    Section::new("latencystats", "Latencystats", activity::latency_stats).on_request(),
    Section::new("cluster", "Cluster", |text, _| line(text, format_args!("cluster_enabled:0"))),
    Section::new("actors", "Actors", process::actors),
    Section::new("keyspace", "Keyspace", activity::keyspace),
];

/// The sections asked for (lower-case names, `default`, `all`, `everything`), or the default ones.
pub(super) fn text(context: &Context<'_>, wanted: &[Vec<u8>]) -> String {
    let asked = |name: &str| wanted.iter().any(|word| word == name.as_bytes());
    let everything = asked("all") || asked("everything");
    let default = wanted.is_empty() || asked("default");
    let mut text = String::new();
    for section in SECTIONS {
        if everything || default && section.default || asked(section.name) {
            if !text.is_empty() {
                text.push_str("\r\n");
            }
            line(&mut text, format_args!("# {}", section.title));
            (section.write)(&mut text, context);
        }
    }
    text
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(content);
    text.push_str("\r\n");
}

macro_rules! fields {
    ($text:expr, $($name:literal: $value:expr),* $(,)?) => {
        $($crate::commands::info::line($text, format_args!("{}:{}", $name, $value));)*
    };
}
use fields;

/// A number of bytes for people: `1.50M`.
pub(super) fn human(bytes: u64) -> String {
    const UNITS: [(u64, char); 4] = [(40, 'T'), (30, 'G'), (20, 'M'), (10, 'K')];
    match UNITS.iter().find(|(shift, _)| bytes >> shift > 0) {
        Some((shift, unit)) => format!("{:.2}{unit}", bytes as f64 / (1_u64 << shift) as f64),
        None => format!("{bytes}B"),
    }
}
