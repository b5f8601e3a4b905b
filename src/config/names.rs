//! Names that are not options of Memora: Redis's other directives, and misspelt ones.
//!
//! Only for better error messages. Nothing is done with what these directives would set.

use super::options::OPTIONS;

/// The directives of Redis 7.0 and 7.2 that Memora does not have, in alphabetical order.
const REDIS_DIRECTIVES: &str = "\
    active-defrag-cycle-max active-defrag-cycle-min \
    active-defrag-ignore-bytes active-defrag-max-scan-fields active-defrag-threshold-lower \
    active-defrag-threshold-upper active-expire-effort activedefrag activerehashing aof-disable-auto-gc \
    aof-rewrite-incremental-fsync \
    aof_rewrite_cpulist \
    bgsave_cpulist bind-source-addr bio_cpulist busy-reply-threshold \
    cluster-allow-pubsubshard-when-down cluster-allow-reads-when-down cluster-allow-replica-migration \
    cluster-announce-bus-port cluster-announce-hostname cluster-announce-human-nodename \
    cluster-announce-ip cluster-announce-port cluster-announce-tls-port cluster-config-file \
    cluster-enabled cluster-link-sendbuf-limit cluster-migration-barrier cluster-node-timeout \
    cluster-port cluster-preferred-endpoint-type cluster-replica-no-failover \
    cluster-replica-validity-factor cluster-require-full-coverage cluster-slave-no-failover \
    cluster-slave-validity-factor crash-log-enabled crash-memcheck-enabled \
    dynamic-hz enable-module-command enable-protected-configs ignore-warnings \
    io-threads-do-reads jemalloc-bg-thread \
    lazyfree-lazy-eviction lazyfree-lazy-expire \
    lazyfree-lazy-server-del lazyfree-lazy-user-del list-compress-depth \
    loadmodule locale-collate lua-time-limit masterauth masteruser \
    min-replicas-max-lag min-replicas-to-write \
    min-slaves-max-lag min-slaves-to-write \
    oom-score-adj oom-score-adj-values pidfile proc-title-template propagation-error-behavior \
    rdb-del-sync-files rdb-save-incremental-fsync rename-command \
    repl-backlog-size repl-backlog-ttl repl-disable-tcp-nodelay repl-diskless-load repl-diskless-sync \
    repl-diskless-sync-delay repl-diskless-sync-max-replicas repl-ping-replica-period \
    repl-ping-slave-period repl-timeout replica-announce-ip replica-announce-port replica-announced \
    replica-ignore-disk-write-errors replica-ignore-maxmemory replica-lazy-flush replica-priority \
    replica-read-only replica-serve-stale-data replicaof sanitize-dump-payload server_cpulist \
    set-proc-title \
    shutdown-on-sigint shutdown-on-sigterm slave-announce-ip slave-announce-port slave-ignore-maxmemory \
    slave-lazy-flush slave-priority slave-read-only slave-serve-stale-data slaveof \
    socket-mark-id \
    stream-node-max-bytes stream-node-max-entries supervised syslog-enabled syslog-facility \
    syslog-ident tls-auth-clients tls-ca-cert-dir tls-ca-cert-file tls-cert-file tls-ciphers \
    tls-ciphersuites tls-client-cert-file tls-client-key-file tls-client-key-file-pass tls-cluster \
    tls-dh-params-file tls-key-file tls-key-file-pass tls-port tls-prefer-server-ciphers tls-protocols \
    tls-replication tls-session-cache-size tls-session-cache-timeout tls-session-caching";

/// What begins a line that makes a user; it is no option.
pub(super) const USER: &str = "user";

/// The largest share of a name, one in so many letters, that may differ for it to be suggested.
const LETTERS_PER_MISTAKE: usize = 3;

/// The message for a name that is not an option.
pub(super) fn explain_unknown(given: &str) -> String {
    let name = given.to_ascii_lowercase().replace('_', "-");
    if REDIS_DIRECTIVES.split_whitespace().any(|directive| directive == name) {
        return format!("`{given}` is a Redis option that Memora does not have");
    }
    match nearest(&name) {
        Some(known) => format!("unknown option `{given}`; did you mean `{known}`?"),
        None => format!("unknown option `{given}`; `memora-server --help` lists all options"),
    }
}

fn nearest(name: &str) -> Option<&'static str> {
    let known = OPTIONS.iter().flat_map(|row| row.names());
    let (mistakes, best) = known.map(|known| (distance(name, known), known)).min()?;
    (mistakes <= name.len() / LETTERS_PER_MISTAKE).then_some(best)
}

/// How many letters have to be put in, taken out, replaced or swapped with their neighbour to turn one name
/// into the other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    // The rows of the usual table: two letters back, one letter back, and the one at hand.
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for row in 1..=from.len() {
        let mut current = vec![row];
        for column in 1..=to.len() {
            let replaced = above[column - 1] + usize::from(from[row - 1] != to[column - 1]);
            let inserted_or_removed = above[column].min(current[column - 1]) + 1;
            let is_swap = row > 1 && column > 1 && from[row - 2..row] == [to[column - 1], to[column - 2]];
            let swapped = if is_swap { before[column - 2] + 1 } else { usize::MAX };
            current.push(replaced.min(inserted_or_removed).min(swapped));
        }
        before = std::mem::replace(&mut above, current);
    }
    above[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_in_order_and_none_is_an_option() {
        let names: Vec<_> = REDIS_DIRECTIVES.split_whitespace().collect();
        assert!(names.is_sorted(), "sorted: {names:?}");
        let options: Vec<_> = OPTIONS.iter().flat_map(|row| row.names()).collect();
        assert!(names.iter().all(|name| !options.contains(name)));
    }

    #[test]
    fn a_slip_is_corrected_and_a_stranger_is_not() {
        assert_eq!(explain_unknown("prot"), "unknown option `prot`; did you mean `port`?");
        assert_eq!(
            explain_unknown("max_clients"),
            "unknown option `max_clients`; did you mean `maxclients`?"
        );
        assert_eq!(
            explain_unknown("colour"),
            "unknown option `colour`; `memora-server --help` lists all options"
        );
        assert_eq!(
            explain_unknown("Cluster-Enabled"),
            "`Cluster-Enabled` is a Redis option that Memora does not have"
        );
    }

    #[test]
    fn distance_counts_letters() {
        for (from, to, letters) in
            [("", "", 0), ("", "ab", 2), ("port", "port", 0), ("prot", "port", 1), ("hz", "h", 1)]
        {
            assert_eq!(distance(from, to), letters, "{from} {to}");
            assert_eq!(distance(to, from), letters, "{to} {from}");
        }
    }
}
