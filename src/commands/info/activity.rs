//! INFO about what the server has done: counters, commands, errors, keys.

use super::{fields, line};
use crate::commands::context::Context;
use crate::commands::statistics::CommandStatistics;
use crate::commands::subscriptions::Topic;
use crate::commands::table::{Entry, table};
use std::fmt::Write;

pub(super) fn stats(text: &mut String, context: &Context<'_>) {
    let (tracked_keys, tracked_items, tracked_prefixes) = context.clients.tracking_sizes();
    let statistics = &context.statistics;
    fields!(text,
        "total_connections_received": statistics.connections_received,
        "total_commands_processed": statistics.commands_processed,
        "instantaneous_ops_per_sec": statistics.commands_rate.per_second(),
        "total_net_input_bytes": statistics.input_bytes,
        "total_net_output_bytes": statistics.output_bytes,
        "total_net_repl_input_bytes": 0,
        "total_net_repl_output_bytes": 0,
        "instantaneous_input_kbps": kilobytes(statistics.input_rate.per_second()),
        "instantaneous_output_kbps": kilobytes(statistics.output_rate.per_second()),
        "instantaneous_input_repl_kbps": "0.00",
        "instantaneous_output_repl_kbps": "0.00",
        "rejected_connections": statistics.connections_rejected,
        "sync_full": 0,
        "sync_partial_ok": 0,
        "sync_partial_err": 0,
        "expired_keys": context.store.expired_keys() - statistics.expired_at_reset,
        "expired_time_cap_reached_count": statistics.expire_cycles_cut_short,
        "expire_cycle_cpu_milliseconds": statistics.expire_cycles_ns / 1_000_000,
        "evicted_keys": 0,
        "evicted_clients": 0,
        "total_eviction_exceeded_time": 0,
        "current_eviction_exceeded_time": 0,
        "keyspace_hits": statistics.keyspace_hits,
        "keyspace_misses": statistics.keyspace_misses,
        "pubsub_channels": context.clients.subscriptions().names(Topic::Channel).len(),
        "pubsub_patterns": context.clients.subscriptions().names(Topic::Pattern).len(),
        "pubsubshard_channels": context.clients.subscriptions().names(Topic::Shard).len(),
        "latest_fork_usec": 0,
        "total_forks": 0,
        "migrate_cached_sockets": 0,
        "slave_expires_tracked_keys": 0,
        "active_defrag_hits": 0,
        "active_defrag_misses": 0,
        "active_defrag_key_hits": 0,
        "active_defrag_key_misses": 0,
        "total_active_defrag_time": 0,
        "current_active_defrag_time": 0,
        "tracking_total_keys": tracked_keys,
        "tracking_total_items": tracked_items,
        "tracking_total_prefixes": tracked_prefixes,
        "unexpected_error_replies": 0,
        "total_error_replies": statistics.error_replies,
        "dump_payload_sanitizations": 0,
        "client_query_buffer_limit_disconnections": statistics.query_limit_disconnections,
        "client_output_buffer_limit_disconnections": statistics.output_limit_disconnections,
    );
}

fn kilobytes(bytes: u64) -> String {
    format!("{:.2}", bytes as f64 / 1024.0)
}

pub(super) fn replication(text: &mut String, context: &Context<'_>) {
    fields!(text,
        "role": "master",
        "connected_slaves": 0,
        "master_failover_state": "no-failover",
        "master_replid": context.facts.fixed().run_id,
        "master_replid2": "0".repeat(40),
        "master_repl_offset": 0,
        "second_repl_offset": -1,
        "repl_backlog_active": 0,
        "repl_backlog_size": 0,
        "repl_backlog_first_byte_offset": 0,
        "repl_backlog_histlen": 0,
    );
}

/// The commands that have been called or refused, with their counters.
fn used_commands<'a>(
    context: &'a Context<'_>,
) -> impl Iterator<Item = (&'static Entry, &'a CommandStatistics)> {
    let counted = table().entries().iter().zip(&context.statistics.commands);
    counted.filter(|(_, command)| command.calls + command.rejected > 0)
}

pub(super) fn command_stats(text: &mut String, context: &Context<'_>) {
    for (entry, command) in used_commands(context) {
        let time_us = command.time_ns / 1000;
        let per_call_us = command.time_ns as f64 / 1000.0 / command.calls.max(1) as f64;
        line(
            text,
            format_args!(
                "cmdstat_{}:calls={},usec={time_us},usec_per_call={per_call_us:.2},rejected_calls={},failed_calls={}",
                entry.name, command.calls, command.rejected, command.failed
            ),
        );
    }
}

pub(super) fn latency_stats(text: &mut String, context: &Context<'_>) {
    for (entry, command) in used_commands(context) {
        let Some(histogram) = command.histogram() else { continue };
        let mut percentiles = String::new();
        for percentile in &context.config.latency_tracking_info_percentiles {
            let comma = if percentiles.is_empty() { "" } else { "," };
            let value_us = histogram.value_at_percentile(*percentile) as f64 / 1000.0;
            // Writing to a string cannot fail.
            let _ = write!(percentiles, "{comma}p{percentile}={value_us:.3}");
        }
        line(text, format_args!("latency_percentiles_usec_{}:{percentiles}", entry.name));
    }
}

pub(super) fn error_stats(text: &mut String, context: &Context<'_>) {
    for (code, count) in &context.statistics.errors {
        line(text, format_args!("errorstat_{code}:count={count}"));
    }
}

pub(super) fn keyspace(text: &mut String, context: &Context<'_>) {
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
