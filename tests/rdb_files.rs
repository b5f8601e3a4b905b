//! Whole RDB files and bases of append-only logs beside a real Redis: it starts from what Memora writes, and Memora
//! reads what it writes, in every encoding; its own check tools agree.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod common;
#[path = "rdb_files/data.rs"]
mod data;
mod real_redis;

use common::Client;
use common::program::Program;
use data::{assert_same, call, data, fill, load, of_redis, of_store, store_of};
use memora::persistence::aof::units::encode;
use memora::persistence::aof::{Manifest, base};
use memora::persistence::check::{check_aof, check_rdb};
use memora::persistence::rdb::file::{WriteOptions, write};
use memora::resp::Reply;
use memora::store::{Limits, Snapshot};
use real_redis::{RealRedis, is_installed};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Limits under which nearly nothing is packed.
fn tight() -> Limits {
    let mut limits = Limits::default();
    limits.hash.max_listpack_entries = 2;
    limits.list.max_listpack_size = 3;
    limits
}

fn write_rdb(path: &Path, databases: &[Snapshot], options: &WriteOptions) {
    let file = fs::File::create(path).unwrap();
    let written = write(file, databases, options, |_, _| Ok(())).unwrap();
    assert_eq!(written.bytes, fs::metadata(path).unwrap().len());
}

/// Runs a check tool of Redis's and expects that it is content.
fn assert_content(program: &str, file: &Path) {
    let output = Command::new(program).arg(file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program}: {said}");
}

fn start_in(dir: &Path, options: &[&str]) -> RealRedis {
    RealRedis::start(&[&["--dir", dir.to_str().unwrap()], options].concat())
}

#[test]
fn redis_loads_what_memora_writes() {
    if !is_installed("redis_loads_what_memora_writes") {
        return;
    }
    let expected = data();
    let plain = WriteOptions::default();
    for (what, limits, options) in [
        ("as usual", Limits::default(), plain),
        ("not packed", tight(), plain),
        ("not compressed", Limits::default(), WriteOptions { compression: false, ..plain }),
        ("without a checksum", tight(), WriteOptions { checksum: false, ..plain }),
        ("with how keys are used", Limits::default(), WriteOptions { uses: true, ..plain }),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("dump.rdb");
        write_rdb(&path, &store_of(&expected, limits).snapshot(), &options);
        assert_content("redis-check-rdb", &path);
        let redis = start_in(dir.path(), &["--sanitize-dump-payload", "yes"]);
        assert_same(what, &of_redis(&mut Client::connect(redis.address)), &expected);
    }
}

#[test]
fn memora_reads_what_redis_writes() {
    if !is_installed("memora_reads_what_redis_writes") {
        return;
    }
    let expected = data();
    for options in [
        &[][..],
        &["--hash-max-listpack-entries", "0", "--list-max-listpack-size", "2"],
        &[
            "--list-max-listpack-size",
            "-5",
            "--hash-max-listpack-entries",
            "9999",
            "--hash-max-listpack-value",
            "9999",
        ],
        &["--list-compress-depth", "1", "--rdbcompression", "no"],
        &["--rdbchecksum", "no"],
    ] {
        let dir = tempfile::tempdir().unwrap();
        let redis = start_in(dir.path(), options);
        let mut client = Client::connect(redis.address);
        fill(&mut client, &expected);
        call(&mut client, &[b"SAVE"]);
        let file = fs::read(dir.path().join("dump.rdb")).unwrap();
        let what = format!("{options:?}");
        assert_same(&what, &of_store(&load(file.as_slice()).unwrap()), &expected);
        let report = check_rdb(file.as_slice(), 0);
        assert!(report.is_fine(), "{what}: {report:?}");
        assert_eq!(report.has_checksum, !options.contains(&"--rdbchecksum"));
    }
}

#[test]
fn types_that_memora_does_not_have_are_named() {
    if !is_installed("types_that_memora_does_not_have_are_named") {
        return;
    }
    let cases: [(&str, &[&[u8]]); 2] = [
        ("stream", &[b"XADD", b"key", b"*", b"field", b"value"]),
        ("functions", &[b"FUNCTION", b"LOAD", b"#!lua name=l\nredis.register_function('f', function() end)"]),
    ];
    let dir = tempfile::tempdir().unwrap();
    let redis = start_in(dir.path(), &[]);
    let mut client = Client::connect(redis.address);
    for (what, words) in cases {
        call(&mut client, &[b"FLUSHALL"]);
        call(&mut client, &[b"SELECT", b"5"]);
        call(&mut client, words);
        if what == "stream" {
            call(&mut client, &[b"XGROUP", b"CREATE", b"key", b"group", b"0"]);
            call(&mut client, &[b"XREADGROUP", b"GROUP", b"group", b"me", b"STREAMS", b"key", b">"]);
        }
        call(&mut client, &[b"SET", b"string", b"behind it"]);
        call(&mut client, &[b"SAVE"]);
        let file = fs::read(dir.path().join("dump.rdb")).unwrap();
        let error = load(file.as_slice()).map(|_| ()).unwrap_err();
        let expected = match what {
            "functions" => format!("at byte {}: functions are not supported", error.at),
            kind => format!(
                "at byte {}, key \"key\" of database 5: values of type {kind} are not supported",
                error.at
            ),
        };
        assert_eq!(error.to_string(), expected);
        let report = check_rdb(file.as_slice(), 0);
        assert!(report.problem.is_none(), "{what}: {report:?}");
        let foreign: Vec<_> =
            report.foreign.iter().map(|found| (found.what, found.count, found.first_at)).collect();
        assert_eq!(foreign, [(what, 1, error.at)]);
        assert_eq!(report.databases[&5].kinds["string"], 1);
        assert_damage_is_noticed(what, &file);
    }
}

/// Whatever is wrong with a byte, and wherever the file ends: a checker that passes over things notices.
fn assert_damage_is_noticed(what: &str, file: &[u8]) {
    for at in 0..file.len() {
        let problem = check_rdb(&file[..at], 0).problem;
        assert!(problem.is_some_and(|problem| problem.at <= at as u64), "{what}, cut at {at}");
        for mask in [1 << (at % 8), 0xFF] {
            let mut damaged = file.to_vec();
            damaged[at] ^= mask;
            assert!(check_rdb(damaged.as_slice(), 0).problem.is_some(), "{what}, damaged at {at}");
        }
    }
}

/// A log's folder with a base that holds these databases, and one increment. Answers where the manifest is.
fn write_log(dir: &Path, databases: &[Snapshot], rdb: bool) -> std::path::PathBuf {
    let folder = dir.join("appendonlydir");
    fs::create_dir(&folder).unwrap();
    let mut manifest = Manifest::default();
    let base_file = manifest.next_base("appendonly.aof", rdb);
    let path = folder.join(&base_file.name);
    if rdb {
        write_rdb(&path, databases, &WriteOptions { aof_base: true, ..WriteOptions::default() });
        assert_content("redis-check-rdb", &path);
    } else {
        let file = fs::File::create(path).unwrap();
        base::write(file, databases, Some(1_700_000_000), |_, _| Ok(())).unwrap();
    }
    manifest.base = Some(base_file);
    manifest.increments.push(manifest.next_increment("appendonly.aof"));
    let increment = b"*2\r\n$6\r\nSELECT\r\n$1\r\n9\r\n*3\r\n$3\r\nSET\r\n$5\r\nlater\r\n$3\r\nyes\r\n";
    fs::write(folder.join(&manifest.increments[0].name), increment).unwrap();
    let manifest_path = folder.join("appendonly.aof.manifest");
    fs::write(&manifest_path, manifest.to_string()).unwrap();
    manifest_path
}

#[test]
fn redis_starts_from_both_kinds_of_base() {
    if !is_installed("redis_starts_from_both_kinds_of_base") {
        return;
    }
    let mut expected = data();
    let databases = store_of(&expected, Limits::default()).snapshot();
    expected.insert((9, b"later".to_vec()), (data::Content::String(b"yes".to_vec()), None));
    for rdb in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let manifest = write_log(dir.path(), &databases, rdb);
        assert_content("redis-check-aof", &manifest);
        let redis = start_in(dir.path(), &["--appendonly", "yes"]);
        assert_same(&format!("rdb {rdb}"), &of_redis(&mut Client::connect(redis.address)), &expected);
        let checked = common::program::run(&["--check-aof", dir.path().to_str().unwrap()]);
        assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stdout));
    }
}

#[test]
fn a_base_of_commands_is_redis_own_to_the_byte() {
    if !is_installed("a_base_of_commands_is_redis_own_to_the_byte") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let redis = start_in(dir.path(), &["--appendonly", "yes", "--aof-use-rdb-preamble", "no"]);
    let mut client = Client::connect(redis.address);
    // In a hash that is a table each server has an order of its own.
    for key in
        ["string:1", "string:17", "list:1", "list:65", "list of all kinds", "hash:65", "hash of tiny ones"]
    {
        call(&mut client, &[b"FLUSHALL"]);
        let one: data::Data = data().into_iter().filter(|((_, name), _)| name == key.as_bytes()).collect();
        assert_eq!(one.len(), 1, "{key}");
        fill(&mut client, &one);
        let name = rewritten_base(&mut client, dir.path());
        let theirs = fs::read(name).unwrap();
        let mut ours = Vec::new();
        base::write(&mut ours, &store_of(&one, Limits::default()).snapshot(), None, |_, _| Ok(())).unwrap();
        assert_eq!(ours.escape_ascii().to_string(), theirs.escape_ascii().to_string(), "{key}");
    }
}

/// Has the real server write a new base, waits for it, and answers where it is.
fn rewritten_base(client: &mut Client, dir: &Path) -> std::path::PathBuf {
    let folder = dir.join("appendonlydir");
    let manifest = || Manifest::parse(&fs::read(folder.join("appendonly.aof.manifest")).unwrap()).unwrap();
    let before = manifest().base.map(|base| base.number);
    // Redis puts it off while another one ends.
    common::eventually("a rewrite begins", || {
        client.send(common::request(&["BGREWRITEAOF"]));
        !matches!(client.reply(), memora::resp::Reply::Error(_))
    });
    common::eventually("a rewrite ends", || manifest().base.map(|base| base.number) != before);
    folder.join(manifest().base.unwrap().name)
}

#[test]
fn redis_check_aof_finds_the_same_torn_ends() {
    if !is_installed("redis_check_aof_finds_the_same_torn_ends") {
        return;
    }
    let set: &[&[u8]] = &[b"SET", b"k", b"v\r\n*1"];
    let mut log = Vec::new();
    for words in [set, &[b"MULTI"], set, set, &[b"EXEC"], set] {
        encode(words, &mut log);
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("appendonly.aof");
    for len in 1..=log.len() {
        fs::write(&path, &log[..len]).unwrap();
        let output = Command::new("redis-check-aof").arg(&path).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let theirs =
            said.split("ok_up_to=").nth(1).map(|rest| rest.split(',').next().unwrap().parse().unwrap());
        let report = check_aof(&log[..len], 0);
        let ours = report.cut_at().or_else(|| report.is_fine().then_some(len as u64));
        assert_eq!(ours, theirs, "cut at {len}: {said}");
    }
}

/// Keys with their uses go from Redis to Memora, and back.
#[test]
fn how_keys_are_used_goes_with_them() {
    if !is_installed("how_keys_are_used_goes_with_them") {
        return;
    }
    for (policy, question, uses) in
        [("allkeys-lru", "IDLETIME", [7, 5_000, 1_000_000]), ("volatile-lfu", "FREQ", [0, 77, 255])]
    {
        let dir = tempfile::tempdir().unwrap();
        let options = ["--maxmemory-policy", policy, "--save", ""];
        let asked = |client: &mut Client| {
            uses.map(|number| match client.call(&["OBJECT", question, &format!("used:{number}")]) {
                Reply::Integer(told) => told,
                other => panic!("{other:?}"),
            })
        };
        let same = |told: [i64; 3]| {
            let slack = if question == "FREQ" { 0 } else { 60 };
            assert!(
                told.iter().zip(uses).all(|(told, used)| (used..=used + slack).contains(told)),
                "{told:?}"
            );
        };
        let redis = start_in(dir.path(), &options);
        let mut client = Client::connect(redis.address);
        client.call(&["SET", "k", "v"]);
        let Reply::Bulk(dump) = client.call(&["DUMP", "k"]) else { panic!("no dump") };
        for number in uses.map(|number| number.to_string()) {
            let key = format!("used:{number}");
            let words =
                [b"RESTORE", key.as_bytes(), b"0", dump.as_bytes(), question.as_bytes(), number.as_bytes()];
            call(&mut client, &words);
        }
        same(asked(&mut client));
        call(&mut client, &[b"SAVE"]);
        drop((client, redis));

        let memora = Program::start_in(dir, &options);
        let mut client = memora.client();
        same(asked(&mut client));
        call(&mut client, &[b"SAVE"]);
        assert_content("redis-check-rdb", &memora.dir.path().join("dump.rdb"));
        let copy = tempfile::tempdir().unwrap();
        fs::copy(memora.dir.path().join("dump.rdb"), copy.path().join("dump.rdb")).unwrap();
        let redis = start_in(copy.path(), &options);
        same(asked(&mut Client::connect(redis.address)));
    }
}
