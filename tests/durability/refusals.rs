//! Directories that Memora does not start from: it says why, ends with code 1, and has changed no byte.

use crate::damage::assert_refused;
use crate::data::{data, fill};
use crate::files::{NAME, WITH_LOG, bytes_of, folder, increment, log_of, write_log};
use crate::node::{Kind, Node};
use crate::real_redis::is_installed;
use std::fs;
use std::path::Path;

/// Types that Memora does not have, and how to make one.
const FOREIGN: &[(&str, &[&str])] = &[("stream", &["XADD", "the-key", "1-1", "f", "v"])];

#[test]
fn types_that_memora_does_not_have_are_named() {
    if !is_installed("types_that_memora_does_not_have_are_named") {
        return;
    }
    for (kind, request) in FOREIGN {
        let dir = tempfile::tempdir().unwrap();
        let redis = Node::start_kind(Kind::Redis, dir.path(), WITH_LOG);
        let mut client = redis.client();
        for words in [&["SET", "string", "before it"][..], &["SELECT", "3"], request] {
            assert!(!client.ask_text(words).is_error());
        }
        redis.client().ask_text(&["SAVE"]);
        // In the increment there is the command, in the base and in the snapshot the value.
        redis.kill();
        let file = increment(dir.path(), 1);
        assert_refused(dir.path(), WITH_LOG, &[file.to_str().unwrap(), request[0], "--check-aof"]);
        assert_refused(dir.path(), &[], &["dump.rdb", "the-key", "database 3", kind]);
        let redis = Node::start_kind(Kind::Redis, dir.path(), WITH_LOG);
        redis.rewrite();
        redis.kill();
        assert_refused(dir.path(), WITH_LOG, &["base.rdb", "the-key", "database 3", kind]);
    }
}

#[test]
fn unknown_commands_are_named() {
    let dir = tempfile::tempdir().unwrap();
    write_log(dir.path(), &[&log_of(&["SET a 1", "FROBNICATE a b", "SET b 1"])]);
    let at = log_of(&["SET a 1"]).len().to_string();
    assert_refused(dir.path(), WITH_LOG, &[increment(dir.path(), 1).to_str().unwrap(), "FROBNICATE", &at]);
    // Inside a unit, too.
    write_log(dir.path(), &[&log_of(&["MULTI", "SET a 1", "FROBNICATE a b", "EXEC"])]);
    assert_refused(dir.path(), WITH_LOG, &["FROBNICATE"]);
    // A log of one file is not moved either.
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(NAME), log_of(&["SET a 1", "FROBNICATE a b"])).unwrap();
    assert_refused(dir.path(), WITH_LOG, &[NAME, "FROBNICATE"]);
}

#[test]
fn missing_files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    write_log(dir.path(), &[&log_of(&["SET a 1"]), &log_of(&["SET b 1"]), &log_of(&["SET c 1"])]);
    for number in [3, 1, 2] {
        let file = increment(dir.path(), number);
        let content = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        assert_refused(dir.path(), WITH_LOG, &[file.to_str().unwrap(), "missing"]);
        fs::write(&file, content).unwrap();
    }
    assert_eq!(Node::start(dir.path(), WITH_LOG).client().ask_text(&["DBSIZE"]).integer(), Some(3));
}

#[test]
fn manifests_that_are_none_are_refused() {
    let line =
        |number: usize, kind: &str| format!("file {NAME}.{number}.incr.aof seq {number} type {kind}\n");
    let manifests = [
        String::new(),
        "\0\0\0\0\0\0\0\0".to_owned(),
        "this is no manifest\n".to_owned(),
        "\n".to_owned(),
        line(1, "x"),
        line(1, "i").replace("seq 1", "seq one"),
        line(1, "i").replace("file ", "file ../"),
        line(1, "i") + &line(1, "i"),
        line(2, "i") + &line(1, "i"),
        line(1, "i") + "file",
        line(1, "b") + &line(2, "b"),
    ];
    for text in manifests {
        let dir = tempfile::tempdir().unwrap();
        write_log(dir.path(), &[&log_of(&["SET a 1"]), &log_of(&["SET b 1"])]);
        let manifest = folder(dir.path()).join(format!("{NAME}.manifest"));
        fs::write(&manifest, &text).unwrap();
        assert_refused(dir.path(), WITH_LOG, &[manifest.to_str().unwrap()]);
    }
}

/// Cuts and flips bytes of a file, and expects that no server starts from it.
fn damage_and_refuse(dir: &Path, file: &Path, options: &[&str]) {
    let whole = fs::read(file).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    for part in [1, 9, 30, 70, 99] {
        let at = whole.len() * part / 100;
        fs::write(file, &whole[..at]).unwrap();
        assert_refused(dir, options, &[name, "byte "]);
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        fs::write(file, flipped).unwrap();
        assert_refused(dir, options, &[name]);
    }
    fs::write(file, whole).unwrap();
}

#[test]
fn damaged_snapshots_and_bases_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_kind(Kind::Memora, dir.path(), WITH_LOG);
    let mut some = data();
    some.retain(|(database, _), _| *database != 0);
    fill(&mut node.common_client(), &some);
    node.rewrite();
    node.shut_down(&["SHUTDOWN", "SAVE"]);
    damage_and_refuse(dir.path(), &dir.path().join("dump.rdb"), &[]);
    let base = crate::files::manifest(dir.path()).base.unwrap().name;
    damage_and_refuse(dir.path(), &folder(dir.path()).join(base), WITH_LOG);
    for options in [&[][..], WITH_LOG] {
        let node = Node::start_kind(Kind::Memora, dir.path(), options);
        assert_eq!(crate::data::of_redis(&mut node.common_client()).len(), some.len());
    }
}

#[test]
fn a_second_server_on_the_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let first = Node::start_kind(Kind::Memora, dir.path(), WITH_LOG);
    first.client().ask_text(&["SET", "a", "1"]);
    let pid = first.pid().to_string();
    assert_refused(dir.path(), WITH_LOG, &[&pid, &first.address.port().to_string(), "in use"]);
    assert_refused(dir.path(), &["--save", "3600 1"], &[&pid, "in use"]);
    assert_eq!(first.client().ask_text(&["GET", "a"]).bytes(), b"1");
    // One that writes nothing may read there, as long as it does not begin to write.
    let reader = Node::start_kind(Kind::Memora, dir.path(), &["--appendonly", "no"]);
    let before = bytes_of(dir.path());
    assert!(reader.client().ask_text(&["SAVE"]).is_error());
    reader.client().ask_text(&["CONFIG", "SET", "appendonly", "yes"]);
    assert_eq!(reader.client().ask_text(&["CONFIG", "GET", "appendonly"]).items()[1].bytes(), b"no");
    assert!(bytes_of(dir.path()) == before, "it wrote into the other's directory");
    // However the first one ends, the next may come.
    first.kill();
    let second = Node::start_kind(Kind::Memora, dir.path(), WITH_LOG);
    assert_eq!(second.client().ask_text(&["GET", "a"]).bytes(), b"1");
    second.shut_down(&["SHUTDOWN"]);
    let third = Node::start_kind(Kind::Memora, dir.path(), WITH_LOG);
    assert_eq!(third.client().ask_text(&["GET", "a"]).bytes(), b"1");
}
