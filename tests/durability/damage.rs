//! Torn and damaged logs: what a crash may leave is mended, everything else refused and left as it is.

use crate::files::{WITH_LOG, bytes_of, increment, log_of, write_log};
use crate::held::read;
use crate::node::{Kind, Node, Refusal};
use crate::wire::Client;
use std::fs;
use std::path::Path;

/// What stands before the torn end.
const WHOLE: &[&str] = &[
    "SELECT 0",
    "SET a 1",
    "MULTI",
    "RPUSH l x y",
    "INCR a",
    "EXEC",
    "HSET h f v",
    "PEXPIREAT h 4102444800000",
];

/// Ends that may be torn: a command, and several that are one unit.
const ENDS: &[&[&str]] =
    &[&["SET last some-value"], &["MULTI", "SET last 1", "SELECT 1", "RPUSH last2 1 2", "EXEC"]];

/// Every so many cuts, it is also tried that the server goes on behind it.
const GO_ON_EVERY: usize = 9;

/// Starts Memora on a log; the refusal names these, has exit code 1, and nothing has changed.
#[track_caller]
pub(crate) fn assert_refused(dir: &Path, options: &[&str], named: &[&str]) {
    let before = bytes_of(dir);
    let Refusal { code, said } = Node::refuse(dir, options);
    assert_eq!(code, Some(1), "{said}");
    for text in named {
        assert!(said.contains(text), "{text:?} is not mentioned: {said}");
    }
    let after = bytes_of(dir);
    let names = |files: &std::collections::BTreeMap<_, _>| format!("{:?}", files.keys().collect::<Vec<_>>());
    assert_eq!(names(&after), names(&before), "files were made or removed");
    assert!(after == before, "a file was changed");
}

#[track_caller]
fn assert_whole_data(client: &mut Client) {
    let keys = read(client, "*");
    let shown: Vec<_> = keys.iter().map(|(key, entry)| format!("{}={entry:?}", key.escape_ascii())).collect();
    assert_eq!(
        shown,
        [
            "a=1 bytes \"2\", deadline None",
            "h=1 fields [\"f=v\"], deadline Some(4102444800000)",
            "l=2 elements [\"x\", \"y\"], deadline None"
        ]
    );
    client.ask_text(&["SELECT", "1"]);
    assert_eq!(client.ask_text(&["DBSIZE"]).integer(), Some(0));
}

#[test]
fn a_torn_end_is_cut_off_at_every_byte() {
    let whole = log_of(WHOLE);
    for end in ENDS {
        let log = [whole.clone(), log_of(end)].concat();
        for cut in whole.len() + 1..log.len() {
            let dir = tempfile::tempdir().unwrap();
            write_log(dir.path(), &[&log_of(&["SET a 0", "DEL a"]), &log[..cut]]);
            let node = Node::start_kind(Kind::Memora, dir.path(), WITH_LOG);
            assert_whole_data(&mut node.client());
            let file = increment(dir.path(), 2);
            assert_eq!(fs::read(&file).unwrap(), whole, "cut at {cut}");
            let said = node.log();
            let warning =
                said.lines().find(|line| line.contains("WARN") && line.contains("cut off")).unwrap_or(&said);
            assert!(warning.contains(file.file_name().unwrap().to_str().unwrap()), "{warning}");
            assert!(warning.contains(&whole.len().to_string()), "{warning}");
            if cut % GO_ON_EVERY == 0 {
                go_on(node, dir.path());
            }
        }
    }
}

/// What is written behind the cut is there after another crash.
fn go_on(node: Node, dir: &Path) {
    let mut client = node.client();
    client.ask_text(&["SELECT", "1"]);
    client.ask_text(&["SET", "new", "1"]);
    node.kill();
    let node = Node::start_kind(Kind::Memora, dir, WITH_LOG);
    let mut client = node.client();
    client.ask_text(&["SELECT", "1"]);
    assert_eq!(client.ask_text(&["GETDEL", "new"]).bytes(), b"1");
    client.ask_text(&["SELECT", "0"]);
    assert_whole_data(&mut client);
}

#[test]
fn a_torn_end_is_refused_where_the_options_say_so() {
    let whole = log_of(WHOLE);
    for end in ENDS {
        let dir = tempfile::tempdir().unwrap();
        let log = [whole.clone(), log_of(end)].concat();
        write_log(dir.path(), &[&log[..log.len() - 1]]);
        let options = [WITH_LOG, &["--aof-load-truncated", "no"]].concat();
        let (file, at) = (increment(dir.path(), 1), whole.len().to_string());
        assert_refused(
            dir.path(),
            &options,
            &[file.to_str().unwrap(), &at, "aof-load-truncated", "--check-aof"],
        );
    }
}

#[test]
fn a_torn_file_that_others_follow_is_refused() {
    let (whole, dir) = (log_of(WHOLE), tempfile::tempdir().unwrap());
    write_log(dir.path(), &[&whole[..whole.len() - 1], &log_of(&["SET b 1"])]);
    let at = log_of(&WHOLE[..WHOLE.len() - 1]).len().to_string();
    assert_refused(dir.path(), WITH_LOG, &[increment(dir.path(), 1).to_str().unwrap(), &at, "--check-aof"]);
    // A unit does not go on in the next file.
    write_log(dir.path(), &[&log_of(&["MULTI", "SET a 1"]), &log_of(&["EXEC", "SET b 1"])]);
    assert_refused(dir.path(), WITH_LOG, &[increment(dir.path(), 1).to_str().unwrap()]);
}

#[test]
fn damage_in_the_middle_is_refused_with_its_place() {
    let (before, after) = (log_of(WHOLE), log_of(&["SET behind it"]));
    let damages: &[&[u8]] = &[
        b"?3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n1\r\n",
        b"*3\r\n$4\r\nSET\r\n$1\r\nb\r\n$1\r\n1\r\n",
        b"*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$x\r\n1\r\n",
        b"*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$-1\r\n1\r\n",
        b"*-3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n1\r\n",
        b"*2\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n1\r\n",
        b"SET b 1\r\n",
        b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ];
    for damage in damages {
        let dir = tempfile::tempdir().unwrap();
        write_log(dir.path(), &[&[&before, *damage, &after].concat()]);
        let file = increment(dir.path(), 1);
        assert_refused(
            dir.path(),
            WITH_LOG,
            &[file.to_str().unwrap(), "byte ", "--check-aof", "nothing was changed"],
        );
    }
    // Nothing but zeros behind the last unit: the file had grown, and its content did not come.
    let dir = tempfile::tempdir().unwrap();
    write_log(dir.path(), &[&[&before[..], &[0; 4096]].concat()]);
    assert_refused(dir.path(), WITH_LOG, &[&before.len().to_string(), "--check-aof"]);
}

#[test]
fn commands_that_fail_are_passed_over_with_a_warning() {
    // As in Redis, which says that it is critical and goes on: each was written whole, and what follows counts.
    for (request, fault) in [("LPUSH a x", "WRONGTYPE"), ("SET b", "wrong number"), ("INCR l", "WRONGTYPE")] {
        let dir = tempfile::tempdir().unwrap();
        write_log(dir.path(), &[&[log_of(WHOLE), log_of(&[request])].concat()]);
        let node = Node::start_kind(Kind::Memora, dir.path(), WITH_LOG);
        assert_whole_data(&mut node.client());
        let said = node.log();
        let warning = said.lines().find(|line| line.contains("WARN")).unwrap_or_default();
        assert!(warning.contains(fault), "{request}: {said}");
    }
}

#[test]
fn a_damaged_byte_is_refused_or_harmless() {
    // Not every byte can be told to be wrong: a letter of a value is a letter.
    let log = log_of(&["SET k vvvv", "RPUSH l a b"]);
    let (mut refused, mut started) = (0, 0);
    for at in (0..log.len()).step_by(3) {
        let dir = tempfile::tempdir().unwrap();
        let mut damaged = [log.clone(), log_of(&["SET behind it"])].concat();
        damaged[at] ^= 0x80;
        write_log(dir.path(), &[&damaged]);
        let before = bytes_of(dir.path());
        match crate::node::Starting::spawn(Kind::Memora, dir.path(), WITH_LOG).wait() {
            Ok(node) => {
                assert_eq!(node.client().ask_text(&["GET", "behind"]).bytes(), b"it", "byte {at}");
                started += 1;
            }
            Err(refusal) => {
                assert_eq!(refusal.code, Some(1), "byte {at}: {}", refusal.said);
                assert!(bytes_of(dir.path()) == before, "byte {at}: a file was changed");
                refused += 1;
            }
        }
    }
    assert!(refused > started && started > 0, "{refused} refused, {started} started");
}
