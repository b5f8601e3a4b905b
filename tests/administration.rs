//! What administrators and their tools do with a running server: watch it, close and pause clients, ask for
//! figures, write the configuration back.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod common;

use common::program::Program;
use common::{Client, eventually, options, request, server, server_with, server_with_clock};
use memora::config::Config;
use memora::config::Invocation;
use memora::config::values::{DebugCommand, OutputBufferLimit};
use memora::exit::Exit;
use memora::resp::Reply;
use memora::server::{Embedding, Server};
use std::fs;
use std::time::Duration;

/// The fields that Prometheus' redis_exporter turns into metrics, as far as they are about a server that stands
/// alone and keeps a log.
const EXPORTED: &str = "uptime_in_seconds process_id io_threads_active connected_clients blocked_clients \
    tracking_clients maxclients client_recent_max_input_buffer client_recent_max_output_buffer used_memory \
    used_memory_rss used_memory_peak used_memory_overhead used_memory_startup used_memory_dataset maxmemory \
    mem_fragmentation_ratio mem_fragmentation_bytes mem_clients_normal mem_clients_slaves \
    mem_not_counted_for_evict mem_aof_buffer active_defrag_running lazyfree_pending_objects lazyfreed_objects \
    loading async_loading rdb_changes_since_last_save rdb_bgsave_in_progress rdb_last_save_time \
    rdb_last_bgsave_status rdb_last_bgsave_time_sec rdb_current_bgsave_time_sec aof_enabled \
    aof_rewrite_in_progress aof_rewrite_scheduled aof_last_rewrite_time_sec aof_current_rewrite_time_sec \
    aof_last_bgrewrite_status aof_last_write_status aof_current_size aof_base_size aof_pending_rewrite \
    aof_buffer_length aof_pending_bio_fsync aof_delayed_fsync total_connections_received total_commands_processed \
    instantaneous_ops_per_sec total_net_input_bytes total_net_output_bytes instantaneous_input_kbps \
    instantaneous_output_kbps rejected_connections sync_full sync_partial_ok sync_partial_err expired_keys \
    expired_time_cap_reached_count expire_cycle_cpu_milliseconds evicted_keys evicted_clients keyspace_hits \
    keyspace_misses pubsub_channels pubsub_patterns latest_fork_usec total_forks migrate_cached_sockets \
    slave_expires_tracked_keys active_defrag_hits active_defrag_misses tracking_total_keys \
    unexpected_error_replies total_error_replies dump_payload_sanitizations connected_slaves master_repl_offset \
    second_repl_offset repl_backlog_active repl_backlog_size repl_backlog_histlen used_cpu_sys used_cpu_user \
    used_cpu_sys_children used_cpu_user_children cluster_enabled";

fn text(reply: Reply) -> String {
    match reply {
        Reply::Bulk(text) => String::from_utf8_lossy(text.as_bytes()).into_owned(),
        other => panic!("no text: {other:?}"),
    }
}

fn id(client: &mut Client) -> String {
    match client.call(&["CLIENT", "ID"]) {
        Reply::Integer(id) => id.to_string(),
        other => panic!("{other:?}"),
    }
}

/// The next line that a watching client is shown, without its time.
fn shown(client: &mut Client) -> String {
    match client.reply() {
        Reply::Simple(line) => line.split_once(' ').unwrap().1.to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_watches_sees_the_own_batch_after_its_replies() {
    let server = server();
    let mut watching = Client::of(&server);
    watching.exchange("PING\r\nMONITOR\r\nPING\r\nECHO x\r\n", "+PONG\r\n+OK\r\n+PONG\r\n$1\r\nx\r\n");
    let address = format!("[0 127.0.0.1:{}]", watching.local_port());
    assert_eq!(shown(&mut watching), format!("{address} \"PING\""));
    assert_eq!(shown(&mut watching), format!("{address} \"ECHO\" \"x\""));

    // A second one sees only what comes after its own MONITOR, the first one everything.
    let mut late = Client::of(&server);
    late.exchange("ECHO early\r\nMONITOR\r\nECHO late\r\n", "$5\r\nearly\r\n+OK\r\n$4\r\nlate\r\n");
    assert!(shown(&mut late).ends_with("\"ECHO\" \"late\""));
    assert!(shown(&mut watching).ends_with("\"ECHO\" \"early\""));
    assert!(shown(&mut watching).ends_with("\"ECHO\" \"late\""));
}

#[test]
fn who_watches_without_reading_is_closed_and_nobody_waits() {
    const BIG: usize = 1 << 20;
    let mut config = options();
    config.client_output_buffer_limit.normal =
        OutputBufferLimit { hard_bytes: 4 * BIG, ..OutputBufferLimit::default() };
    let server = server_with(config);
    let mut watching = Client::of(&server);
    watching.exchange("MONITOR\r\n", "+OK\r\n");
    let mut client = Client::of(&server);
    let big = "x".repeat(BIG);
    eventually("the output limit is reached", || {
        assert_eq!(text(client.call(&["ECHO", &big])), big);
        client.count("clients", "connected_clients") == 1
    });
    assert_eq!(client.count("stats", "client_output_buffer_limit_disconnections"), 1);
}

#[test]
fn a_killed_client_is_gone_at_once() {
    let server = server();
    let (mut killer, mut victim) = (Client::of(&server), Client::of(&server));
    let id = id(&mut victim);
    killer.send([request(&["CLIENT", "KILL", "ID", &id]), request(&["CLIENT", "LIST"])].concat());
    assert_eq!(killer.reply(), Reply::Integer(1));
    assert_eq!(text(killer.reply()).lines().count(), 1);
    victim.expect_end();

    let mut victim = Client::of(&server);
    victim.exchange("PING\r\n", "+PONG\r\n");
    let address = format!("127.0.0.1:{}", victim.local_port());
    assert_eq!(killer.call(&["CLIENT", "KILL", &address]), Reply::OK);
    victim.expect_end();

    // Whoever closes the own connection is answered first, and no further.
    killer.exchange("CLIENT KILL TYPE normal SKIPME no\r\nPING\r\n", ":1\r\n");
    killer.expect_end();
}

#[test]
fn a_pause_holds_a_batch_in_its_middle() {
    let (server, time) = server_with_clock(options());
    let mut client = Client::of(&server);
    client.exchange("PING\r\nCLIENT PAUSE 1000\r\nNOSUCH\r\nECHO x\r\n", "+PONG\r\n+OK\r\n");
    assert!(matches!(client.reply(), Reply::Error(_)), "what is refused does not wait");
    time.advance(Duration::from_millis(1000));
    client.expect("$1\r\nx\r\n");
}

#[test]
fn a_client_that_goes_during_a_pause_takes_its_commands_along() {
    let server = server();
    let (mut admin, mut writer) = (Client::of(&server), Client::of(&server));
    let id = id(&mut writer);
    admin.exchange("CLIENT PAUSE 1000000 WRITE\r\n", "+OK\r\n");
    writer.exchange("GET k\r\nSET k v\r\n", "$-1\r\n");
    eventually("the write waits", || text(admin.call(&["CLIENT", "LIST"])).contains("flags=b"));
    assert_eq!(admin.call(&["CLIENT", "KILL", "ID", &id]), Reply::Integer(1));
    admin.exchange("CLIENT UNPAUSE\r\nGET k\r\n", "+OK\r\n$-1\r\n");
    writer.expect_end();
}

#[test]
fn a_server_ends_in_order_during_a_pause() {
    let server = server();
    let (mut admin, mut writer) = (Client::of(&server), Client::of(&server));
    admin.exchange("CLIENT PAUSE 1000000 WRITE\r\n", "+OK\r\n");
    writer.exchange("GET k\r\nSET k v\r\n", "$-1\r\n");
    eventually("the write waits", || text(admin.call(&["CLIENT", "LIST"])).contains("flags=b"));
    assert_eq!(server.shut_down(), Exit::Graceful);
    writer.expect("+OK\r\n");
}

#[test]
fn the_slow_log_cuts_what_is_long() {
    let mut config = options();
    config.slowlog_log_slower_than = 0;
    let server = server_with(config);
    let mut client = Client::of(&server);
    let mut words = vec!["MGET".to_owned()];
    words.push("k".repeat(130));
    words.extend((0..40).map(|number| number.to_string()));
    client.send(request(&words));
    client.reply();
    let Reply::Array(entries) = client.call(&["SLOWLOG", "GET", "1"]) else { panic!("no list") };
    let Reply::Array(entry) = &entries[0] else { panic!("no entry") };
    let Reply::Array(shown) = &entry[3] else { panic!("no arguments") };
    assert_eq!(shown.len(), 32);
    assert_eq!(shown[1], Reply::bulk(format!("{}... (2 more bytes)", "k".repeat(128)).into_bytes()));
    assert_eq!(shown[31], Reply::bulk("... (11 more arguments)"));
}

#[test]
fn a_slow_command_is_on_record_everywhere() {
    let mut config = options();
    config.enable_debug_command = DebugCommand::Yes;
    config.latency_monitor_threshold = 20;
    let server = server_with(config);
    let mut client = Client::of(&server);
    // In the middle of a batch: neither of its neighbours is blamed.
    client.exchange("PING\r\nDEBUG SLEEP 0.05\r\nPING\r\n", "+PONG\r\n+OK\r\n+PONG\r\n");
    assert_eq!(client.call(&["SLOWLOG", "LEN"]), Reply::Integer(1));
    let Reply::Array(latest) = client.call(&["LATENCY", "LATEST"]) else { panic!("no list") };
    let Reply::Array(event) = &latest[0] else { panic!("no event") };
    assert_eq!((latest.len(), &event[0]), (1, &Reply::bulk("command")));
    let usec: u64 = client.info("commandstats", "cmdstat_debug.usec").parse().unwrap();
    assert!((50_000..5_000_000).contains(&usec), "{usec}");
    let p50: f64 = client.info("latencystats", "latency_percentiles_usec_debug.p50").parse().unwrap();
    assert!(p50 >= 50_000.0, "{p50}");
}

#[test]
fn what_tools_ask_first_is_answered() {
    let server = server();
    let mut client = Client::of(&server);
    for line in [
        "INFO ALL",
        "CONFIG GET *",
        "CONFIG GET databases",
        "SLOWLOG GET 128",
        "LATENCY LATEST",
        "LATENCY HISTOGRAM",
        "MODULE LIST",
        "CLIENT LIST",
        "CLIENT SETNAME tool",
        "COMMAND LIST",
        "MEMORY USAGE nosuch",
        "MEMORY STATS",
        "ROLE",
        "LOLWUT",
    ] {
        let reply = client.call(&line.split(' ').collect::<Vec<_>>());
        assert!(!reply.is_error(), "{line}: {reply:?}");
    }
}

#[test]
fn the_program_tells_all_its_figures() {
    const BIG: usize = 16 << 20;
    let program = Program::start(&["--appendonly", "yes"]);
    let mut client = program.client();
    let all = text(client.call(&["INFO", "everything"]));
    let missing: Vec<&str> = EXPORTED
        .split_whitespace()
        .filter(|field| {
            !all.lines().any(|line| line.strip_prefix(field).is_some_and(|rest| rest.starts_with(':')))
        })
        .collect();
    assert_eq!(missing, Vec::<&str>::new());

    let before = client.count("memory", "used_memory");
    client.send(request(&["SET", "k", &"x".repeat(BIG)]));
    client.expect("+OK\r\n");
    let after = client.count("memory", "used_memory");
    assert!(after >= before + BIG as u64, "{before} {after}");
    client.exchange("DEL k\r\n", ":1\r\n");
    eventually("the memory is free", || client.count("memory", "used_memory") < after - BIG as u64 / 2);
    assert!(client.count("memory", "used_memory_peak") >= after);
    let cpu =
        ["used_cpu_user", "used_cpu_sys"].map(|field| client.info("cpu", field).parse::<f64>().unwrap());
    assert!(cpu.iter().sum::<f64>() > 0.0);
}

/// The program works in its directory, so that the path it was given would mean something else from then on.
#[test]
fn the_directory_is_told_as_the_path_it_is() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("data")).unwrap();
    let program = Program::start_in(dir, &["--dir", "data"]);
    let mut client = program.client();
    let Reply::Array(answer) = client.call(&["CONFIG", "GET", "dir"]) else { panic!("no list") };
    let [_, told] = <[Reply; 2]>::try_from(answer).unwrap();
    let expected = fs::canonicalize(program.dir.path().join("data")).unwrap();
    assert_eq!(fs::canonicalize(text(told)).unwrap(), expected);
}

#[test]
fn the_configuration_is_written_back() {
    let dir = tempfile::tempdir().unwrap();
    for (name, old, new) in [
        (
            "a.conf",
            "# mine\nport 0\nsave \"\"\nhz 20 \n",
            "# mine\nport 0\nsave \"\"\nhz 50\n# Generated by CONFIG REWRITE\ntimeout 7\n",
        ),
        (
            "a.toml",
            "# mine\nport = 0\nsave = \"\"\nhz = 20 # often\n",
            "# mine\nport = 0\nsave = \"\"\nhz = 50 # often\n# Generated by CONFIG REWRITE\ntimeout = \"7s\"\n",
        ),
    ] {
        let path = dir.path().join(name);
        fs::write(&path, old).unwrap();
        let (config, config_file) = match Config::load([path.clone().into()]) {
            Ok(Invocation::Run(config, origin)) => (*config, origin.file),
            other => panic!("{other:?}"),
        };
        let server = Server::start_with(config, Embedding { config_file, ..Embedding::default() }).unwrap();
        let mut client = Client::of(&server);
        client.exchange("CONFIG REWRITE\r\n", "+OK\r\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), old);
        client.exchange("CONFIG SET hz 50 timeout 7\r\nCONFIG REWRITE\r\n", "+OK\r\n+OK\r\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), new);
        fs::remove_file(&path).unwrap();
        let Reply::Error(error) = client.call(&["CONFIG", "REWRITE"]) else { panic!("no error") };
        assert!(error.starts_with(b"ERR Rewriting config file: "), "{error:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn huge_pages_are_refused_unless_they_are_wanted() {
    let allows = |pid| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        status.contains("THP_enabled:\t1\n")
    };
    // The tests' own process tells whether the system has huge pages and says so.
    let known = allows(std::process::id());
    for (wanted, allowed) in [("yes", false), ("no", known)] {
        assert_eq!(allows(Program::start(&["--disable-thp", wanted]).pid()), allowed, "{wanted}");
    }
}
