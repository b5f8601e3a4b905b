//! INFO about the process: server, clients, memory, processor time, actors.

use super::{fields, human, line};
use crate::commands::connection::REDIS_VERSION;
use crate::commands::context::Context;
use crate::commands::session::Gauges;
use crate::config::Config;

/// The bits of Redis's clock for the age of keys: seconds, cut to so many.
const LRU_CLOCK_MASK: u64 = (1 << 24) - 1;

pub(super) fn server(text: &mut String, context: &Context<'_>) {
    let fixed = context.facts.fixed();
    let now_us = context.facts.now_us();
    let uptime_secs = (now_us / 1000).saturating_sub(fixed.started_ms) / 1000;
    fields!(text,
        "redis_version": REDIS_VERSION,
        "redis_mode": "standalone",
        "memora_version": env!("CARGO_PKG_VERSION"),
        "os": format_args!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        "arch_bits": usize::BITS,
        "multiplexing_api": multiplexing_api(),
        "process_id": std::process::id(),
        "process_supervised": "no",
        "run_id": fixed.run_id,
        "tcp_port": fixed.port,
        "server_time_usec": now_us,
        "uptime_in_seconds": uptime_secs,
        "uptime_in_days": uptime_secs / 86_400,
        "hz": context.config.hz,
        "configured_hz": context.config.hz,
        "lru_clock": (now_us / 1_000_000) & LRU_CLOCK_MASK,
        "executable": fixed.executable,
        "config_file": fixed.config_file,
        "io_threads_active": u8::from(fixed.io_threads > 0),
    );
    for (number, listener) in listeners(context.config, fixed.port).iter().enumerate() {
        line(text, format_args!("listener{number}:{listener}"));
    }
}

/// What the system tells sockets' readiness with.
fn multiplexing_api() -> &'static str {
    match std::env::consts::OS {
        "linux" | "android" => "epoll",
        "windows" => "iocp",
        _ => "kqueue",
    }
}

/// What the server listens on, in Redis 7.2's form.
fn listeners(config: &Config, port: u16) -> Vec<String> {
    let mut listeners = Vec::new();
    if port > 0 {
        let binds: String = config.bind.iter().map(|address| format!(",bind={address}")).collect();
        listeners.push(format!("name=tcp{binds},port={port}"));
    }
    if let Some(path) = &config.unixsocket {
        listeners.push(format!("name=unix,bind={}", path.display()));
    }
    listeners
}

pub(super) fn clients(text: &mut String, context: &Context<'_>) {
    let most = |size: fn(&Gauges) -> u64| {
        context.clients.iter().map(|(_, session)| size(&session.gauges)).max().unwrap_or(0)
    };
    fields!(text,
        "connected_clients": context.clients.len(),
        "cluster_connections": 0,
        "maxclients": context.config.maxclients,
        "client_recent_max_input_buffer": most(Gauges::query_bytes),
        "client_recent_max_output_buffer": most(Gauges::output_bytes),
        "blocked_clients": context.clients.blocked_len(),
        "tracking_clients": context.clients.tracking_len(),
        "clients_in_timeout_table": 0,
        "total_blocking_keys": 0,
        "total_blocking_keys_on_nokey": 0,
    );
}

pub(super) fn memory(text: &mut String, context: &Context<'_>) {
    let figures = context.facts.memory();
    if let Some(used) = figures.used_bytes {
        let peak = figures.peak_bytes.max(used);
        let overhead = figures.startup_bytes + context.clients_bytes();
        let dataset = used.saturating_sub(overhead);
        let grown = used.saturating_sub(figures.startup_bytes).max(1);
        fields!(text,
            "used_memory": used,
            "used_memory_human": human(used),
            "used_memory_peak": peak,
            "used_memory_peak_human": human(peak),
            "used_memory_peak_perc": format_args!("{:.2}%", used as f64 / peak as f64 * 100.0),
            "used_memory_overhead": overhead,
            "used_memory_startup": figures.startup_bytes,
            "used_memory_dataset": dataset,
            "used_memory_dataset_perc": format_args!("{:.2}%", dataset as f64 / grown as f64 * 100.0),
        );
    }
    if let Some(resident) = figures.resident_bytes {
        fields!(text, "used_memory_rss": resident, "used_memory_rss_human": human(resident));
    }
    if let (Some(used), Some(resident)) = (figures.used_bytes, figures.resident_bytes) {
        let beyond = i128::from(resident) - i128::from(used);
        fields!(text,
            "mem_fragmentation_ratio": format_args!("{:.2}", resident as f64 / used.max(1) as f64),
            "mem_fragmentation_bytes": beyond,
        );
    }
    let maxmemory = context.config.maxmemory as u64;
    fields!(text,
        "maxmemory": maxmemory,
        "maxmemory_human": human(maxmemory),
        "maxmemory_policy": context.config.get("maxmemory-policy").unwrap_or_default(),
        "mem_not_counted_for_evict": 0,
        "mem_replication_backlog": 0,
        "mem_total_replication_buffers": 0,
        "mem_clients_slaves": 0,
        "mem_clients_normal": context.clients_bytes(),
        "mem_cluster_links": 0,
        "mem_aof_buffer": 0,
        "mem_allocator": "mimalloc",
        "active_defrag_running": 0,
        "lazyfree_pending_objects": context.facts.lazyfree_pending(),
        "lazyfreed_objects": context.facts.lazyfreed().saturating_sub(context.statistics.lazyfreed_at_reset),
    );
}

pub(super) fn cpu(text: &mut String, context: &Context<'_>) {
    let Some(times) = context.facts.cpu() else { return };
    let rows =
        [("", Some(times.process)), ("_children", times.children), ("_main_thread", times.keyspace_thread)];
    for (suffix, time) in rows {
        if let Some(time) = time {
            line(text, format_args!("used_cpu_sys{suffix}:{:.6}", time.system.as_secs_f64()));
            line(text, format_args!("used_cpu_user{suffix}:{:.6}", time.user.as_secs_f64()));
        }
    }
}

pub(super) fn actors(text: &mut String, context: &Context<'_>) {
    for actor in context.facts.actors() {
        line(
            text,
            format_args!(
                "{}:state={},restarts={},mailbox={},thread={},handled={},busy_ms={},freezes={},since_s={},last_panic={}",
                actor.name,
                actor.state,
                actor.restarts,
                actor.mailbox,
                actor.thread,
                actor.handled,
                actor.busy.as_millis(),
                actor.freezes,
                actor.state_for.as_secs(),
                actor.last_panic.replace(['\r', '\n'], " ")
            ),
        );
    }
}
