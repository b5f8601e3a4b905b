//! Tools as they come: what exporters of metrics read, what graphical tools ask first, and redis-cli itself.
//!
//! The tools are not needed here, only their requests, which they send whatever the server is. Where a real server
//! is there, replies are compared with its own in kind; numbers and names differ, of course.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]
// Each part is used by several tests, and none uses all of it.
#![allow(dead_code)]

#[path = "tools/absent.rs"]
mod absent;
mod common;
#[path = "tools/info.rs"]
mod info;
mod real_redis;
mod wire;

use absent::ABSENT;
use common::program::Program;
use info::{Info, kind};
use real_redis::RealRedis;
use std::collections::{BTreeSet, HashSet};
use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use wire::{Client, Value};

/// Keys of all kinds, one that expires, some hits and misses and a few mistakes.
const TRAFFIC: &[&str] = &[
    "SET text value",
    "SET number 12345",
    "SET brief value EX 1000",
    "RPUSH list a b c",
    "HSET hash field value",
    "SADD set a b",
    "ZADD zset 1 a",
    "XADD stream * field value",
    "GET text",
    "GET none",
    "INCR text",
    "NOSUCH command",
    "GET",
    "SELECT 3",
    "SET other value",
    "SELECT 0",
];

fn text_of(value: &Value) -> String {
    let text = String::from_utf8(value.bytes().to_vec()).unwrap();
    text.strip_prefix("txt:").map(str::to_owned).unwrap_or(text)
}

fn ask(client: &mut Client, request: &str) -> Value {
    client.ask_text(&request.split(' ').collect::<Vec<_>>())
}

/// A connection under this protocol to a server with some data and a past.
fn client_of_used_server(address: SocketAddr, protocol: &str) -> Client {
    let mut client = Client::connect(address).unwrap();
    assert!(!ask(&mut client, &format!("HELLO {protocol}")).is_error());
    for request in TRAFFIC {
        assert_ne!(ask(&mut client, request), Value::Closed, "{request}");
    }
    client
}

fn info(client: &mut Client, section: &str) -> Info {
    Info::read(&text_of(&ask(client, &format!("INFO {section}"))))
}

#[test]
fn info_is_read_by_exporters() {
    for protocol in ["2", "3"] {
        let server = Program::start(&[]);
        let mut client = client_of_used_server(server.address(), protocol);
        let info = info(&mut client, "ALL");
        let databases: Vec<_> =
            info.lines("db").into_iter().map(|(number, parts)| (number, names(&parts))).collect();
        let names_of_database = vec!["keys", "expires", "avg_ttl"];
        assert_eq!(databases, [("0", names_of_database.clone()), ("3", names_of_database)]);
        assert_eq!(info.lines("db")[0].1[1], ("expires", 1.0));
        for (command, parts) in info.lines("cmdstat_") {
            let expected = ["calls", "usec", "usec_per_call", "rejected_calls", "failed_calls"];
            assert_eq!(names(&parts), expected, "{command}");
        }
        let stat = |command| info.lines("cmdstat_").into_iter().find(|(name, _)| *name == command).unwrap().1;
        assert_eq!((stat("get")[0], stat("get")[3]), (("calls", 2.0), ("rejected_calls", 1.0)));
        assert_eq!(stat("incr")[4], ("failed_calls", 1.0));
        assert_eq!(stat("select")[0].1, 2.0);
        for (command, parts) in info.lines("latency_percentiles_usec_") {
            assert_eq!(names(&parts), ["p50", "p99", "p99.9"], "{command}");
        }
        assert!(info.lines("errorstat_").iter().all(|(_, parts)| names(parts) == ["count"]));
        assert!(info.lines("errorstat_").iter().any(|(code, _)| *code == "ERR"));
        // What dashboards for Redis are built upon.
        for name in ["redis_version", "redis_mode", "role", "used_memory", "maxmemory", "connected_clients"] {
            assert!(info.get(name).is_some_and(|value| !value.is_empty()), "{name}");
        }
    }
}

fn names<'a>(parts: &[(&'a str, f64)]) -> Vec<&'a str> {
    parts.iter().map(|(name, _)| *name).collect()
}

#[test]
fn info_has_the_fields_of_redis_but_for_those_that_are_meant_to_be_absent() {
    if !real_redis::is_installed("the comparison of INFO") {
        return;
    }
    for options in [&[][..], &["--appendonly", "yes"]] {
        compare_info(&Program::start(options), &RealRedis::start(options));
    }
}

fn compare_info(memora: &Program, redis: &RealRedis) {
    let mut memora = client_of_used_server(memora.address(), "2");
    let mut redis = client_of_used_server(redis.address, "2");
    for section in ["ALL", "EVERYTHING", "DEFAULT"] {
        let (memora, redis) = (info(&mut memora, section), info(&mut redis, section));
        let own_section = |name: &&String| *name == "Actors";
        let sections: Vec<_> = memora.sections.iter().filter(|name| !own_section(name)).collect();
        assert_eq!(sections, redis.sections.iter().collect::<Vec<_>>(), "{section}");
        let (ours, theirs) = (memora.fixed_names(), redis.fixed_names());
        let missing: BTreeSet<_> = theirs.difference(&ours).copied().collect();
        let absent: Vec<&str> = ABSENT.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        assert_eq!(absent.len(), absent.iter().collect::<HashSet<_>>().len(), "something is absent twice");
        let forgotten: Vec<_> = missing.iter().filter(|name| !absent.contains(name)).collect();
        assert!(forgotten.is_empty(), "INFO {section} lacks {forgotten:?}");
        let wrong: Vec<_> = absent.iter().filter(|name| !missing.contains(*name)).collect();
        assert!(wrong.is_empty(), "not absent from INFO {section}, or not Redis's: {wrong:?}");
        for name in ours.intersection(&theirs) {
            let (memora, redis) = (memora.get(name).unwrap(), redis.get(name).unwrap());
            assert_eq!(kind(memora), kind(redis), "{name}: {memora} is not like {redis}");
        }
    }
}

#[test]
fn clients_are_listed_with_the_fields_of_redis() {
    if !real_redis::is_installed("the comparison of CLIENT LIST") {
        return;
    }
    let (memora, redis) = (Program::start(&[]), RealRedis::start(&[]));
    let fields = |address| {
        let mut client = Client::connect(address).unwrap();
        let list = text_of(&ask(&mut client, "CLIENT LIST"));
        let line = list.strip_suffix('\n').unwrap().to_owned();
        let name = |field: &str| field.split_once('=').unwrap().0.to_owned();
        line.split(' ').map(name).collect::<Vec<_>>()
    };
    // Redis 7.2 added the library's name and version at the end.
    let expected = [fields(redis.address), vec!["lib-name".to_owned(), "lib-ver".to_owned()]].concat();
    assert_eq!(fields(memora.address()), expected);
}

/// What exporters and graphical tools ask when they connect and while they show a server; one line each, all of
/// which a server that is no cluster, has no modules and no users answers without an error.
const REQUESTS: &[&str] = &[
    // Connecting
    "CLIENT SETNAME tool",
    "CLIENT SETINFO LIB-NAME tool",
    "CLIENT SETINFO LIB-VER 1.0",
    "CLIENT GETNAME",
    "CLIENT ID",
    "CLIENT INFO",
    "CLIENT LIST",
    "CLIENT LIST TYPE normal",
    "PING",
    "ECHO hello",
    "TIME",
    "ROLE",
    "COMMAND",
    "COMMAND COUNT",
    "COMMAND LIST",
    "COMMAND INFO get set",
    "COMMAND DOCS",
    "COMMAND DOCS get",
    "COMMAND GETKEYS SET a b",
    "MODULE LIST",
    // Metrics
    "INFO",
    "INFO ALL",
    "INFO everything",
    "INFO server",
    "INFO keyspace",
    "INFO commandstats",
    "INFO REPLICATION",
    "CONFIG GET *",
    "CONFIG GET databases",
    "CONFIG GET maxmemory",
    "CONFIG GET slowlog*",
    "CONFIG GET save",
    "CONFIG GET appendonly",
    "CONFIG GET notify-keyspace-events",
    "SLOWLOG LEN",
    "SLOWLOG GET",
    "SLOWLOG GET 1",
    "LATENCY LATEST",
    "LATENCY HISTORY command",
    "LATENCY HISTOGRAM",
    "LATENCY HISTOGRAM get set",
    "LATENCY DOCTOR",
    "LATENCY RESET",
    "MEMORY DOCTOR",
    "MEMORY STATS",
    "DBSIZE",
    // Browsing
    "SELECT 0",
    "SCAN 0",
    "SCAN 0 COUNT 10 TYPE string",
    "SCAN 0 COUNT 10 TYPE hash",
    "SCAN 0 COUNT 10000 TYPE ReJSON-RL",
    "SCAN 0 MATCH * COUNT 500",
    "KEYS *",
    "RANDOMKEY",
    "TYPE text",
    "TTL brief",
    "PTTL text",
    "EXISTS text",
    "STRLEN text",
    "GETRANGE text 0 100",
    "LLEN list",
    "LRANGE list 0 99",
    "HLEN hash",
    "HSCAN hash 0 COUNT 100",
    "HGETALL hash",
    "OBJECT ENCODING text",
    "OBJECT IDLETIME text",
    "OBJECT REFCOUNT text",
    "MEMORY USAGE text",
    "MEMORY USAGE text SAMPLES 0",
    "MEMORY USAGE hash SAMPLES 5",
    "DUMP text",
    // Those that not every server can serve; the answer is the same error as a plain Redis gives.
    "CLUSTER INFO",
    "CLUSTER NODES",
    "CLUSTER SLOTS",
    "SENTINEL MASTERS",
    "JSON.GET text",
    "FT._LIST",
];

#[test]
fn the_first_requests_of_tools_are_answered() {
    let redis = real_redis::is_installed("half of the comparison").then(|| RealRedis::start(&[]));
    let server = Program::start(&[]);
    for protocol in ["2", "3"] {
        let mut memora = client_of_used_server(server.address(), protocol);
        let mut redis = redis.as_ref().map(|redis| client_of_used_server(redis.address, protocol));
        for request in REQUESTS {
            let ours = ask(&mut memora, request);
            assert_eq!(ours.is_error(), is_refused(request), "{request}: {ours:?}");
            let Some(theirs) = redis.as_mut().map(|redis| ask(redis, request)) else { continue };
            let is_newer = request.starts_with("CLIENT SETINFO") && theirs.is_error();
            assert!(is_newer || mark(&ours) == mark(&theirs), "{request}: {ours:?} is not like {theirs:?}");
        }
    }
}

/// Whether a plain server answers with an error.
fn is_refused(request: &str) -> bool {
    ["CLUSTER", "SENTINEL", "JSON.", "FT."].iter().any(|start| request.starts_with(start))
}

/// The first byte, which says of what kind a reply is; an error in full.
fn mark(value: &Value) -> Vec<u8> {
    let bytes = value.encoded();
    if value.is_error() { bytes } else { bytes[..1].to_vec() }
}

/// Runs redis-cli to its end with this input; what it printed.
fn redis_cli(address: SocketAddr, args: &[&str], input: &[u8]) -> String {
    let mut process = Command::new("redis-cli")
        .args(["-h", "127.0.0.1", "-p", &address.port().to_string()])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(input).unwrap();
    let output = process.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "redis-cli {args:?}: {text}");
    text
}

/// The ways redis-cli looks at a whole server; those that do not end by themselves are left out.
#[test]
fn redis_cli_examines_a_server() {
    // Debian ships it with the server.
    if !real_redis::is_installed("redis-cli") {
        return;
    }
    let server = Program::start(&[]);
    drop(client_of_used_server(server.address(), "3"));
    let run = |args: &[&str], input: &[u8]| redis_cli(server.address(), args, input);
    assert_eq!(run(&["get", "text"], b""), "value\n");
    assert_eq!(run(&["-3", "--json", "hgetall", "hash"], b""), "{\"field\":\"value\"}\n");
    assert_eq!(run(&["-n", "3", "--scan"], b""), "other\n");
    assert_eq!(run(&["--scan", "--pattern", "t*"], b""), "text\n");
    assert_eq!(run(&["-x", "set", "input"], b"from standard input"), "OK\n");
    let big = run(&["--bigkeys"], b"");
    assert!(big.contains("Biggest   list found '\"list\"' has 3 items"), "{big}");
    let memory = run(&["--memkeys"], b"");
    assert!(memory.contains("Biggest   list found '\"list\"' has "), "{memory}");
    let piped = run(&["--pipe"], &common::request(&["SET", "piped", "1"]).repeat(1_000));
    assert!(piped.contains("errors: 0, replies: 1000"), "{piped}");
    assert!(run(&["info", "server"], b"").contains("redis_version:"));
    assert!(run(&["-3", "command", "docs", "get"], b"").contains("summary"));
}

#[test]
fn redis_benchmark_measures_a_server() {
    if !real_redis::is_installed("redis-benchmark") {
        return;
    }
    let server = Program::start(&[]);
    let port = server.address().port().to_string();
    for options in ["-P 1", "-P 16 -r 1000 --threads 2", "-3 -P 4"] {
        let tests =
            ["-t", "ping,set,get,incr,lpush,lpop,hset,lrange_100,mset", "-n", "1000", "-c", "10", "--csv"];
        let output = Command::new("redis-benchmark")
            .args(["-h", "127.0.0.1", "-p", &port])
            .args(tests)
            .args(options.split(' '))
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success() && !said.contains("rror"), "{options}: {said}");
        assert!(!said.contains("WARN"), "{options}: {said}");
        let rows = said.lines().filter(|line| line.starts_with('"')).count();
        assert!(rows >= 10, "{options}: {said}");
    }
}
