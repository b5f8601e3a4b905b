//! The text of INFO: sections of `name:value` lines, in Redis's names and order.
//!
//! Only facts stand here: a field of Redis's that Memora has no figure for is left out, never made up.

use super::connection::REDIS_VERSION;
use super::context::Context;
use super::table::table;
use std::fmt::Write;

/// A section: its name and what writes it.
struct Section {
    name: &'static str,
    title: &'static str,
    /// Whether a plain INFO shows it.
    default: bool,
    write: fn(&mut String, &Context<'_>),
}

const SECTIONS: &[Section] = &[
    Section { name: "server", title: "Server", default: true, write: server },
    Section { name: "clients", title: "Clients", default: true, write: clients },
    Section { name: "memory", title: "Memory", default: true, write: memory },
    Section { name: "persistence", title: "Persistence", default: true, write: persistence },
    Section { name: "stats", title: "Stats", default: true, write: stats },
    Section { name: "replication", title: "Replication", default: true, write: replication },
    Section { name: "commandstats", title: "Commandstats", default: false, write: command_stats },
    Section { name: "errorstats", title: "Errorstats", default: true, write: error_stats },
    Section { name: "actors", title: "Actors", default: true, write: actors },
    Section { name: "keyspace", title: "Keyspace", default: true, write: keyspace },
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
        $(line($text, format_args!("{}:{}", $name, $value));)*
    };
}

fn server(text: &mut String, context: &Context<'_>) {
    let fixed = context.facts.fixed();
    let now_us = context.facts.now_us();
    let uptime_secs = (now_us / 1000).saturating_sub(fixed.started_ms) / 1000;
    fields!(text,
        "redis_version": REDIS_VERSION,
        "redis_mode": "standalone",
        "memora_version": env!("CARGO_PKG_VERSION"),
        "os": format_args!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        "arch_bits": usize::BITS,
        "process_id": std::process::id(),
        "run_id": fixed.run_id,
        "tcp_port": fixed.port,
        "server_time_usec": now_us,
        "uptime_in_seconds": uptime_secs,
        "uptime_in_days": uptime_secs / 86_400,
        "hz": context.config.hz,
        "configured_hz": context.config.hz,
        "executable": fixed.executable,
        "config_file": fixed.config_file,
        "io_threads_active": u8::from(fixed.io_threads > 0),
    );
}

fn clients(text: &mut String, context: &Context<'_>) {
    let sessions = context.clients.sorted();
    let most = |size: fn(&super::session::Gauges) -> u64| {
        sessions.iter().map(|session| size(&session.gauges)).max().unwrap_or(0)
    };
    fields!(text,
        "connected_clients": context.clients.len(),
        "maxclients": context.config.maxclients,
        "client_recent_max_input_buffer": most(super::session::Gauges::query_bytes),
        "client_recent_max_output_buffer": most(super::session::Gauges::output_bytes),
        "blocked_clients": 0,
    );
}

fn memory(text: &mut String, context: &Context<'_>) {
    if let Some(resident) = context.facts.resident_bytes() {
        fields!(text, "used_memory_rss": resident, "used_memory_rss_human": human(resident));
    }
    fields!(text,
        "maxmemory": context.config.maxmemory,
        "maxmemory_human": human(context.config.maxmemory as u64),
        "maxmemory_policy": context.config.get("maxmemory-policy").unwrap_or_default(),
        "mem_allocator": "mimalloc",
        "lazyfree_pending_objects": context.facts.lazyfree_pending(),
    );
}

/// A number of bytes for people: `1.50M`.
fn human(bytes: u64) -> String {
    const UNITS: [(u64, char); 4] = [(40, 'T'), (30, 'G'), (20, 'M'), (10, 'K')];
    match UNITS.iter().find(|(shift, _)| bytes >> shift > 0) {
        Some((shift, unit)) => format!("{:.2}{unit}", bytes as f64 / (1_u64 << shift) as f64),
        None => format!("{bytes}B"),
    }
}

fn persistence(text: &mut String, context: &Context<'_>) {
    fields!(text,
        "loading": 0,
        "rdb_changes_since_last_save": context.statistics.changes,
        "aof_enabled": u8::from(context.config.appendonly),
    );
}

fn stats(text: &mut String, context: &Context<'_>) {
    let statistics = &context.statistics;
    fields!(text,
        "total_connections_received": statistics.connections_received,
        "total_commands_processed": statistics.commands_processed,
        "instantaneous_ops_per_sec": statistics.commands_rate.per_second(),
        "total_net_input_bytes": statistics.input_bytes,
        "total_net_output_bytes": statistics.output_bytes,
        "instantaneous_input_kbps": kilobytes(statistics.input_rate.per_second()),
        "instantaneous_output_kbps": kilobytes(statistics.output_rate.per_second()),
        "rejected_connections": statistics.connections_rejected,
        "expired_keys": context.store.expired_keys() - statistics.expired_at_reset,
        "keyspace_hits": statistics.keyspace_hits,
        "keyspace_misses": statistics.keyspace_misses,
        "total_error_replies": statistics.error_replies,
        "client_query_buffer_limit_disconnections": statistics.query_limit_disconnections,
        "client_output_buffer_limit_disconnections": statistics.output_limit_disconnections,
    );
}

fn kilobytes(bytes: u64) -> String {
    format!("{:.2}", bytes as f64 / 1024.0)
}

fn replication(text: &mut String, context: &Context<'_>) {
    fields!(text, "role": "master", "connected_slaves": 0, "master_replid": context.facts.fixed().run_id);
}

fn command_stats(text: &mut String, context: &Context<'_>) {
    for (entry, command) in table().entries().iter().zip(&context.statistics.commands) {
        if command.calls + command.rejected > 0 {
            line(
                text,
                format_args!(
                    "cmdstat_{}:calls={},rejected_calls={},failed_calls={}",
                    entry.name, command.calls, command.rejected, command.failed
                ),
            );
        }
    }
}

fn error_stats(text: &mut String, context: &Context<'_>) {
    for (code, count) in &context.statistics.errors {
        line(text, format_args!("errorstat_{code}:count={count}"));
    }
}

fn actors(text: &mut String, context: &Context<'_>) {
    for actor in context.facts.actors() {
        line(
            text,
            format_args!(
                "{}:state={},restarts={},mailbox={},last_panic={}",
                actor.name,
                actor.state,
                actor.restarts,
                actor.mailbox,
                actor.last_panic.replace(['\r', '\n'], " ")
            ),
        );
    }
}

fn keyspace(text: &mut String, context: &Context<'_>) {
    for (number, database) in context.store.iter().enumerate() {
        if !database.is_empty() {
            line(
                text,
                format_args!(
                    "db{number}:keys={},expires={},avg_ttl=0",
                    database.len(),
                    database.volatile_len()
                ),
            );
        }
    }
}
