//! The tools, against Memora and a real Redis, and beside redis-cli where it has the same.

use super::canned::run;
use super::servers::{TestServer, both};
use super::terminal::{CTRL_C, Terminal};
use super::transfer::{fill, sorted_lines};
use super::{CLI, redis_cli_is_here};

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
        assert!(big.stdout.contains("set     2 keys ("), "{big:?}");
        assert!(big.stdout.contains("the biggest is \\\"numbers\\\" with 3 members"), "{big:?}");
        assert!(big.stdout.contains("the biggest is \\\"zset\\\" with 2 members"), "{big:?}");
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
fn sizes_and_lengths_are_reported() {
    for server in both() {
        fill(&server);
        run(CLI, server.port(), &["SET", "big", &"x".repeat(10_000)], b"");
        let report = run(CLI, server.port(), &["--keystats", "--top", "2"], b"");
        assert_eq!((report.code, report.stderr.as_str()), (Some(0), ""), "{report:?}");
        let report = report.stdout.replace("\\n", "\n").replace("\\\"", "\"");
        let keys = run(CLI, server.port(), &["DBSIZE"], b"").stdout.replace("\\n", "");
        assert!(report.starts_with(&format!("{keys} keys seen with ")), "{report}");
        let greatest: Vec<&str> =
            report.split("The greatest 2 keys by memory\n\n").nth(1).unwrap().lines().take(3).collect();
        assert!(
            greatest[0].starts_with("    1  ") && greatest[0].ends_with("  string    \"big\""),
            "{report}"
        );
        assert!(greatest[1].starts_with("    2  ") && greatest[2].is_empty(), "{report}");
        assert!(report.contains("\nlist    2 keys ("), "{report}");
        assert!(report.contains("; 4 items, 2.00 on average\n        most memory: "), "{report}");
        assert!(report.contains("; longest: \"list\" with 3 items\n"), "{report}");
        assert!(report.contains("longest: \"big\" with 10000 bytes"), "{report}");
        // Every key is at most as big as the biggest, and in one class.
        assert_eq!(report.matches(&format!("       100%  {keys:>12}\n")).count(), 2, "{report}");
        let classes = report.split("Keys by memory\n\n").nth(1).unwrap().split("\n\n").next().unwrap();
        let counted: u64 =
            classes.lines().map(|line| line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()).sum();
        assert_eq!(counted.to_string(), keys, "{report}");
        assert!(
            run(CLI, server.port(), &["--keystats", "--pattern", "none*"], b"").stdout.starts_with("0 keys")
        );
        let refused = run(CLI, server.port(), &["--cursor", "x", "--keystats"], b"");
        assert!(refused.stderr.starts_with("Not a cursor of SCAN") && refused.code == Some(1), "{refused:?}");
    }
}

#[test]
fn a_walk_can_begin_at_a_cursor() {
    for server in both() {
        let many: String = (0..5000).map(|number| format!("SET key:{number} {number}\r\n")).collect();
        run(CLI, server.port(), &["--pipe"], many.as_bytes());
        let first = run(CLI, server.port(), &["SCAN", "0", "COUNT", "1000"], b"").stdout;
        let (cursor, seen) = first.split_once("\\n").unwrap();
        let rest = run(CLI, server.port(), &["--cursor", cursor, "--scan"], b"");
        let mut keys: Vec<&str> = seen.split("\\n").chain(rest.stdout.split("\\n")).collect();
        keys.retain(|key| !key.is_empty());
        keys.sort_unstable();
        keys.dedup();
        assert!(
            keys.len() == 5000 && !rest.stdout.split("\\n").any(|key| Some(key) == seen.split("\\n").next()),
            "{}",
            keys.len()
        );
    }
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

#[test]
fn a_walk_that_is_interrupted_says_where_to_go_on() {
    let server = TestServer::memora(0);
    let many: String = (0..5000).map(|number| format!("SET key:{number} {number}\r\n")).collect();
    run(CLI, server.port(), &["--pipe"], many.as_bytes());
    let home = tempfile::tempdir().unwrap();
    let port = server.port().to_string();
    for tool in ["--keystats", "--bigkeys", "--memkeys"] {
        // After 100 steps of 10 keys there is a pause nobody would wait for.
        let args = ["-p", &port, "--count", "10", "-i", "1000", tool];
        let mut terminal = Terminal::start(CLI, &args, home.path(), &[]);
        terminal.wait_for("/5,000 keys");
        terminal.keys(CTRL_C);
        assert_eq!(terminal.exit_code(), 0, "{tool}: {}", terminal.screen());
        // The report is longer than the window.
        let written = String::from_utf8_lossy(&terminal.written).into_owned();
        assert!(
            written.contains("Interrupted: this is about the keys seen so far; --cursor "),
            "{tool}: {written}"
        );
    }
}
