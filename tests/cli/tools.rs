//! The tools, against Memora and a real Redis, and beside redis-cli where it has the same.

use super::canned::{Outcome, run};
use super::servers::{TestServer, both};
use super::terminal::{CTRL_C, Terminal};
use super::{CLI, redis_cli_is_here};

/// Keys of every type both servers have, one that expires, and one whose name and value are no text.
const DATA: &str = "SET text hello\nSET \"k\\x01\\xff\" \"\\x00\\xfe\"\nSET brief x PX 100000000\nRPUSH list a b \"c d\"\n\
                    HSET hash f1 v1 \"f\\xff\" v2\nSET größe ünï\nRPUSH user:list x\n";

fn fill(server: &TestServer) {
    let outcome = run(CLI, server.port(), &[], DATA.as_bytes());
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    if !server.is_memora() {
        let more = "SADD set m1 m2\nZADD zset 1.5 a inf b\nXADD stream 1-1 f v\n";
        assert!(!run(CLI, server.port(), &[], more.as_bytes()).stdout.contains("ERR"));
    }
}

fn sorted_lines(outcome: &Outcome) -> Vec<String> {
    let mut lines: Vec<_> = outcome.stdout.split("\\n").map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn scan_lists_the_keys_redis_cli_lists() {
    for server in both() {
        fill(&server);
        let listed = |program, args: &[&str]| sorted_lines(&run(program, server.port(), args, b""));
        let keys = listed(CLI, &["--scan", "--pattern", "*list"]);
        assert_eq!(keys, ["", "list", "user:list"]);
        assert_eq!(
            listed(CLI, &["--scan", "--quoted-pattern", r#""k\x01*""#, "--no-raw"]),
            ["", r#"\"k\\x01\\xff\""#]
        );
        if redis_cli_is_here() {
            for args in
                [&["--scan"][..], &["--scan", "--no-raw"], &["--scan", "--pattern", "*t*", "--count", "2"]]
            {
                // The real one has no --count.
                let theirs: Vec<_> =
                    args.iter().copied().filter(|arg| !["--count", "2"].contains(arg)).collect();
                assert_eq!(listed(CLI, args), listed("redis-cli", &theirs), "{args:?}");
            }
        }
    }
}

#[test]
fn pipe_sends_what_it_is_given_and_counts_as_redis_cli_does() {
    let inputs = [
        "SET a 1\r\nINCR a\r\n",
        "",
        "SET a 1\r\nNOSUCH\r\nLPUSH a x",
        "*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n\r\n\r\n",
    ];
    for server in both() {
        for input in inputs {
            let ours = run(CLI, server.port(), &["--pipe"], input.as_bytes());
            assert!(ours.stdout.contains("Last reply received from server.\\nerrors: "), "{ours:?}");
            if redis_cli_is_here() {
                assert_eq!(ours, run("redis-cli", server.port(), &["--pipe"], input.as_bytes()), "{input:?}");
            }
        }
        let many: String = (0..20_000).map(|number| format!("SET key:{number} {number}\r\n")).collect();
        let ours = run(CLI, server.port(), &["--pipe"], many.as_bytes());
        assert!(ours.stdout.ends_with("errors: 0, replies: 20000\\n"), "{ours:?}");
        assert_eq!(run(CLI, server.port(), &["STRLEN", "key:19999"], b"").stdout, "5\\n");
    }
}

#[test]
fn the_greatest_keys_are_found() {
    for server in both() {
        fill(&server);
        let report = |option| run(CLI, server.port(), &[option], b"");
        let big = report("--bigkeys");
        assert!(big.stdout.contains("string  4 keys ("), "{big:?}");
        assert!(big.stdout.contains("the biggest is \\\"list\\\" with 3 items"), "{big:?}");
        assert!(big.stdout.contains("the biggest is \\\"hash\\\" with 2 fields"), "{big:?}");
        let memory = report("--memkeys");
        assert!(
            memory.stdout.contains("the biggest is \\\"hash\\\" with ") && memory.code == Some(0),
            "{memory:?}"
        );
        let hot = report("--hotkeys");
        assert!(
            hot.stderr.contains("LFU maxmemory policy is not selected") && hot.code == Some(1),
            "{hot:?}"
        );
    }
}

#[test]
fn a_database_goes_from_any_server_to_any_other() {
    for from in both() {
        fill(&from);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("keys.jsonl");
        let file = file.to_str().unwrap();
        let exported = run(CLI, from.port(), &["--export", file], b"");
        assert_eq!((exported.code, exported.stderr.as_str()), (Some(0), ""));
        assert!(
            std::fs::read_to_string(file)
                .unwrap()
                .contains(r#"{"key":"list","type":"list","value":["a","b","c d"]}"#)
        );
        for to in both().into_iter().filter(|to| !to.is_memora() || from.is_memora()) {
            run(CLI, to.port(), &["RPUSH", "text", "was here"], b"");
            let imported = run(CLI, to.port(), &["--import", file], b"");
            assert!(imported.stdout.ends_with("errors: 0\\n"), "{imported:?}");
            let again = run(CLI, to.port(), &["--export", "-"], b"");
            let mut lines: Vec<_> = sorted_lines(&again);
            lines.retain(|line| !line.contains("brief"));
            let mut before = sorted_lines(&run(CLI, from.port(), &["--export", "-"], b""));
            before.retain(|line| !line.contains("brief"));
            assert_eq!(lines, before);
            let left: i64 =
                run(CLI, to.port(), &["PTTL", "brief"], b"").stdout.replace("\\n", "").parse().unwrap();
            assert!((90_000_000..=100_000_000).contains(&left), "{left}");
        }
    }
}

#[test]
fn lines_that_are_no_keys_are_named() {
    let server = TestServer::memora(0);
    let input = "{\"key\":\"a\",\"type\":\"string\",\"value\":\"1\"}\nnonsense\n\n{\"key\":\"b\",\"type\":\"what\",\"value\":1}\n";
    let outcome = run(CLI, server.port(), &["--import", "-"], input.as_bytes());
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), "keys: 1, errors: 2\\n"));
    assert!(outcome.stderr.contains("line 2: ") && outcome.stderr.contains("line 4: "), "{outcome:?}");
}

#[test]
fn latencies_are_numbers() {
    for server in both() {
        let measured = |args: &[&str]| run(CLI, server.port(), args, b"").stdout;
        let raw = measured(&["--latency", "-i", "0.1"]);
        let numbers: Vec<f64> =
            raw.trim_end_matches("\\n").split(' ').map(|number| number.parse().unwrap()).collect();
        assert!(numbers.len() == 4 && numbers[3] >= 1.0, "{raw}");
        assert_eq!(measured(&["--latency", "-i", "0.1", "--csv"]).matches(',').count(), 3);
        let stat = measured(&["--stat", "-i", "0.01", "-r", "2"]);
        assert_eq!(stat.matches("\\n").count(), 4, "{stat}");
        let heat = measured(&["--latency-dist", "-i", "0.05", "-r", "2"]);
        assert_eq!(heat.matches("p99").count(), 2, "{heat}");
    }
    let here = run(CLI, super::dead_port(), &["--intrinsic-latency", "1"], b"");
    assert!(here.stdout.contains("Worst run took ") && here.code == Some(0), "{here:?}");
}

#[test]
fn ctrl_c_ends_a_tool_cleanly() {
    let server = TestServer::memora(0);
    let home = tempfile::tempdir().unwrap();
    let port = server.port().to_string();
    for (tool, sign) in [
        ("--stat", "keys       mem"),
        ("--latency", "min: "),
        ("--latency-history", "min: "),
        ("--latency-dist", "round trips up to"),
        ("--intrinsic-latency=", "Max latency so far"),
    ] {
        let mut args = vec!["-p", &port, tool.trim_end_matches('=')];
        args.extend(tool.ends_with('=').then_some("100"));
        let mut terminal = Terminal::start(CLI, &args, home.path(), &[]);
        terminal.wait_for(sign);
        terminal.keys(CTRL_C);
        assert_eq!(terminal.exit_code(), 0, "{tool}: {}", terminal.screen());
    }
}
