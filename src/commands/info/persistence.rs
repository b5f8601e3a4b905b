//! INFO about the data on disk: loading, snapshots, the log.

use super::fields;
use crate::commands::context::Context;
use crate::commands::durability::{Durability, Job, Loading};

/// What stands where nothing has happened yet.
const NEVER: i64 = -1;

pub(super) fn persistence(text: &mut String, context: &Context<'_>) {
    let now_ms = context.now_ms;
    let Durability { loading, loaded_keys, loaded_expired_keys, log, snapshot } = &*context.durability;
    fields!(text,
        "loading": u8::from(loading.is_some()),
        "async_loading": 0,
        "rdb_changes_since_last_save": context.statistics.changes,
        "rdb_bgsave_in_progress": u8::from(snapshot.save.runs()),
        "rdb_last_save_time": snapshot.last_save_ms / 1000,
        "rdb_last_bgsave_status": status(snapshot.save.last_ok),
        "rdb_last_bgsave_time_sec": last_seconds(&snapshot.save),
        "rdb_current_bgsave_time_sec": running_seconds(&snapshot.save, now_ms),
        "rdb_saves": snapshot.save.done,
        "rdb_last_load_keys_expired": loaded_expired_keys,
        "rdb_last_load_keys_loaded": loaded_keys,
        "aof_enabled": u8::from(log.enabled),
        "aof_rewrite_in_progress": u8::from(log.rewrite.runs()),
        "aof_rewrite_scheduled": u8::from(log.rewrite.scheduled),
        "aof_last_rewrite_time_sec": last_seconds(&log.rewrite),
        "aof_current_rewrite_time_sec": running_seconds(&log.rewrite, now_ms),
        "aof_last_bgrewrite_status": status(log.rewrite.last_ok),
        "aof_rewrites": log.rewrite.done,
        "aof_rewrites_consecutive_failures": log.rewrite.failures_in_a_row,
        "aof_last_write_status": status(log.trouble.is_none()),
        "module_fork_in_progress": 0,
    );
    if log.enabled {
        fields!(text,
            "aof_current_size": log.size_bytes,
            "aof_base_size": log.base_size_bytes,
            "aof_pending_rewrite": u8::from(log.awaits_base),
            "aof_buffer_length": log.waiting_bytes,
            "aof_pending_bio_fsync": u8::from(log.sync_pending),
            "aof_delayed_fsync": log.slow_syncs,
        );
    }
    if let Some(loading) = loading {
        progress(text, loading, now_ms);
    }
}

fn progress(text: &mut String, loading: &Loading, now_ms: u64) {
    let Loading { started_ms, total_bytes, loaded_bytes } = *loading;
    let share = if total_bytes == 0 { 0.0 } else { loaded_bytes as f64 / total_bytes as f64 };
    let elapsed_s = now_ms.saturating_sub(started_ms) as f64 / 1000.0;
    let left_s = if share > 0.0 { (elapsed_s / share - elapsed_s).max(0.0) as u64 } else { 1 };
    fields!(text,
        "loading_start_time": started_ms / 1000,
        "loading_total_bytes": total_bytes,
        "loading_loaded_bytes": loaded_bytes,
        "loading_loaded_perc": format_args!("{:.2}", share * 100.0),
        "loading_eta_seconds": left_s,
    );
}

fn status(ok: bool) -> &'static str {
    if ok { "ok" } else { "err" }
}

fn last_seconds(job: &Job) -> i64 {
    job.last_time_s.map_or(NEVER, |seconds| i64::try_from(seconds).unwrap_or(i64::MAX))
}

fn running_seconds(job: &Job, now_ms: u64) -> i64 {
    let seconds = |started_ms| i64::try_from(now_ms.saturating_sub(started_ms) / 1000).unwrap_or(i64::MAX);
    job.started_ms.map_or(NEVER, seconds)
}
