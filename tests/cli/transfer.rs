//! `--export` and `--import`: a database goes from any server to any other, whatever its types and bytes.

use super::CLI;
use super::canned::{Outcome, run};
use super::servers::{TestServer, both};

/// Keys of every type both servers have, one that expires, and one whose name and value are no text.
const DATA: &str = "SET text hello\nSET \"k\\x01\\xff\" \"\\x00\\xfe\"\nSET brief x PX 100000000\nRPUSH list a b \"c d\"\n\
                    HSET hash f1 v1 \"f\\xff\" v2\nSET größe ünï\nRPUSH user:list x\nSADD set m1 m2\nSADD numbers 1 2 3\nZADD zset 1.5 a inf b\n";

/// Puts them there.
pub(crate) fn fill(server: &TestServer) {
    let outcome = run(CLI, server.port(), &[], DATA.as_bytes());
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    if !server.is_memora() {
        assert!(!run(CLI, server.port(), &["XADD", "stream", "1-1", "f", "v"], b"").stdout.contains("ERR"));
    }
}

/// What was printed, in an order of its own.
pub(crate) fn sorted_lines(outcome: &Outcome) -> Vec<String> {
    let mut lines: Vec<_> = outcome.stdout.split("\\n").map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The moment at which one key of every type expires, far away.
const EXPIRES: &str = "33177117420000";

/// What makes a key of each type, and what its line looks like; a server may lack some of them.
const TYPES: &[(&str, &str)] = &[
    ("SET key \"h\\xc3\\xa4llo\"", r#""type":"string","value":"hällo""#),
    ("SET key \"\\x00\\xff\\n\"", r#""type":"string","value":{"hex":"00ff0a"}"#),
    ("RPUSH key a \"\" \"\\xff\" a", r#""type":"list","value":["a","",{"hex":"ff"},"a"]"#),
    ("HSET key f1 v1 \"f\\xff\" \"\"", r#""type":"hash","value":[["f1","v1"],[{"hex":"66ff"},""]]"#),
    ("SADD key 3 1 2", r#""type":"set","value":["1","2","3"]"#),
    ("SADD key b \"\\xff\" a", r#""type":"set","value":["a","b",{"hex":"ff"}]"#),
    (
        "ZADD key 1.5 a -inf b +inf \"\\xff\" 0.25 d",
        r#""type":"zset","value":[["b","-inf"],["d","0.25"],["a","1.5"],[{"hex":"ff"},"inf"]]"#,
    ),
    ("XADD key 1-1 f v", r#""type":"dump","value":{"hex":""#),
];

/// Makes a key of this type; says whether the server has that type.
fn make(server: &TestServer, command: &str) -> bool {
    let input = format!("FLUSHALL\n{command}\nPEXPIREAT key {EXPIRES}\n");
    let outcome = run(CLI, server.port(), &[], input.as_bytes());
    let lacks = server.is_memora() && command.starts_with("XADD");
    assert_eq!(outcome.stdout.contains("ERR unknown command"), lacks, "{outcome:?}");
    assert!(lacks || !outcome.stdout.contains("ERR"), "{outcome:?}");
    !lacks
}

fn exported(server: &TestServer, args: &[&str]) -> String {
    let outcome = run(CLI, server.port(), &[args, &["--export", "-"]].concat(), b"");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    unescaped(&outcome.stdout)
}

/// The bytes behind what `run` shows of them, as text.
fn unescaped(shown: &str) -> String {
    let quoted = format!("\"{}\"", shown.replace("\\'", "'"));
    let bytes = memora::resp::quoting::unquote(quoted.as_bytes()).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_key_of_every_type_goes_from_any_server_to_any_other() {
    let (sources, targets) = (both(), both());
    for (command, line) in TYPES {
        for from in sources.iter().filter(|from| make(from, command)) {
            let lines = exported(from, &[]);
            assert!(is_line(&lines, line), "{lines}");
            // Under RESP3 scores are numbers and maps are maps.
            assert_eq!(exported(from, &["-3"]), lines);
            for to in targets.iter().filter(|to| make(to, command)) {
                run(CLI, to.port(), &["SET", "key", "was here"], b"");
                let imported = run(CLI, to.port(), &["--import", "-"], lines.as_bytes());
                assert_eq!(imported.stdout, "keys: 1, errors: 0\\n", "{command}");
                assert_eq!(exported(to, &[]), lines, "{command}");
            }
        }
    }
}

/// Whether this is the line of one key of such a type and value, whatever the order of its fields.
fn is_line(line: &str, wanted: &str) -> bool {
    let (kind, value) = wanted.split_once(",\"value\"").unwrap();
    let expires = format!("\"expires_at_ms\":{EXPIRES}");
    let parts = ["\"key\":\"key\"", expires.as_str(), kind, &format!("\"value\"{value}")];
    parts.iter().all(|part| line.contains(part)) && line.lines().count() == 1
}

#[test]
fn big_values_go_in_parts() {
    let (sources, targets) = (both(), both());
    let words = |name: &str, each: fn(usize) -> String| {
        let elements: Vec<String> = (0..1700).map(each).collect();
        format!("{name} big {}\n", elements.join(" "))
    };
    let commands = [
        words("RPUSH", |number| format!("e{number}")),
        words("HSET", |number| format!("f{number} {number}")),
        words("SADD", |number| format!("m{number}")),
        words("ZADD", |number| format!("{number} m{number}")),
    ];
    for command in &commands {
        for from in &sources {
            run(CLI, from.port(), &["FLUSHALL"], b"");
            assert_eq!(run(CLI, from.port(), &[], command.as_bytes()).stdout, "1700\\n");
            let lines = exported(from, &[]);
            for to in targets.iter().filter(|to| from.is_memora() || !to.is_memora()) {
                run(CLI, to.port(), &["FLUSHALL"], b"");
                let imported = run(CLI, to.port(), &["--import", "-"], lines.as_bytes());
                assert_eq!(imported.stdout, "keys: 1, errors: 0\\n");
                // A hash has no order of its own.
                let (there, here) = (exported(to, &[]), exported(from, &[]));
                let sorted = |text: &str| {
                    let mut parts: Vec<String> = text.split("],[").map(str::to_owned).collect();
                    parts.sort();
                    parts.concat().len()
                };
                assert_eq!(sorted(&there), sorted(&here));
            }
        }
    }
}

#[test]
fn a_whole_database_is_written_to_a_file_and_read_again() {
    for from in both() {
        fill(&from);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("keys.jsonl");
        let file = file.to_str().unwrap();
        let written = run(CLI, from.port(), &["--export", file], b"");
        assert_eq!((written.code, written.stderr.as_str()), (Some(0), ""));
        let mut lines: Vec<_> = std::fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect();
        lines.sort();
        for to in both().into_iter().filter(|to| from.is_memora() || !to.is_memora()) {
            run(CLI, to.port(), &["RPUSH", "text", "was here"], b"");
            let imported = run(CLI, to.port(), &["--import", file], b"");
            assert_eq!(imported.stdout, format!("keys: {}, errors: 0\\n", lines.len()));
            let again = exported(&to, &[]);
            let mut again: Vec<_> = again.lines().collect();
            again.sort_unstable();
            assert_eq!(again, lines);
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
