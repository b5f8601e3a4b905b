//! Directories that go from Memora to a real Redis and back.

use crate::data::{Data, assert_same, data, fill, of_redis};
use crate::files::{
    NAME, WITH_LOG, assert_checked, folder, increment, last_increment, log_of, manifest, write_log,
};
use crate::node::{Kind, Node};
use crate::real_redis::is_installed;
use std::fs;
use std::path::Path;

/// What is done behind a base: something of every kind, in several databases.
const LATER: &[&str] = &[
    "SELECT 9",
    "SET later yes",
    "SET mortal yes PX 100000000",
    "HSET h f 1 g 2",
    "HINCRBY h f 41",
    "HINCRBYFLOAT h g 0.5",
    "RPUSH l a b c d",
    "LPOP l",
    "LINSERT l BEFORE c x",
    "INCRBYFLOAT sum 10.25",
    "SETRANGE text 5 world",
    "EXPIREAT later 4102444800",
    "PEXPIRE l 1000000000",
    "SET gone yes PXAT 1",
    "COPY h h2 DB 3",
    "MOVE sum 4",
    "GETDEL text",
    "MSET a 1 b 2",
    "RENAME a aa",
    "SADD s a b c d e f",
    "SPOP s 2",
    "SPOP s",
    "SADD ints 1 2 3 70000",
    "SMOVE ints s 2",
    "SUNIONSTORE both s ints",
    "ZADD z 1 a 2.5 b -inf c inf d 1e300 e",
    "ZADD z XX GT CH 7 a",
    "ZINCRBY z 0.1 b",
    "ZPOPMIN z",
    "ZRANGESTORE part z 0 1 REV",
    "ZUNIONSTORE zsum 2 z both WEIGHTS 2 3 AGGREGATE MAX",
    "GEOADD g 13.361389 38.115556 palermo 15.087269 37.502669 catania",
    "GEOSEARCHSTORE near g FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST",
    "PFADD p a b c",
    "PFADD q c d",
    "PFMERGE r p q",
    "SELECT 0",
    "DEL string:1 list:1",
    "SELECT 1",
    "SPOP set:65 7",
    "SPOP intset:5000 100",
    "SREM set:64 a",
    "SELECT 2",
    "ZPOPMAX zset:129 30",
    "ZREMRANGEBYSCORE zset:5000 0 900",
    "SELECT 0",
    "LPOP list:65 3",
    "PERSIST string:0",
    "SELECT 15",
    "HDEL hash:65 1",
];

fn everything(node: &Node) -> Data {
    of_redis(&mut node.common_client())
}

fn do_later(node: &Node) {
    let mut client = node.client();
    for request in LATER {
        let reply = client.ask_text(&request.split(' ').collect::<Vec<_>>());
        assert!(!reply.is_error(), "{request}: {reply:?}");
    }
}

/// Starts the other program on what one left, and expects the same data there.
fn hand_over(to: Kind, dir: &Path, options: &[&str], expected: &Data) -> Node {
    let what = if to == Kind::Memora { "Memora on Redis's directory" } else { "Redis on Memora's directory" };
    let node = Node::start_kind(to, dir, options);
    assert_same(&format!("{what}, {options:?}"), &everything(&node), expected);
    node
}

/// Ends a server; answers what it held last.
fn end(node: Node) -> Data {
    let data = everything(&node);
    node.shut_down(&["SHUTDOWN"]);
    data
}

#[test]
fn logs_go_there_and_back() {
    if !is_installed("logs_go_there_and_back") {
        return;
    }
    for (preamble, time) in [("yes", "no"), ("no", "yes")] {
        let dir = tempfile::tempdir().unwrap();
        let more = ["--aof-use-rdb-preamble", preamble, "--aof-timestamp-enabled", time];
        let options = [WITH_LOG, &more].concat();
        let manifest = folder(dir.path()).join(format!("{NAME}.manifest"));
        let memora = Node::start_kind(Kind::Memora, dir.path(), &options);
        fill(&mut memora.common_client(), &data());
        memora.rewrite();
        do_later(&memora);
        let expected = end(memora);
        assert!(expected.len() > data().len());
        assert_checked(Kind::Redis, "--check-aof", &manifest);
        assert_checked(Kind::Memora, "--check-aof", dir.path());

        let redis = hand_over(Kind::Redis, dir.path(), &options, &expected);
        redis.client().ask_text(&["SET", "by redis", "1"]);
        redis.rewrite();
        do_later(&redis);
        let expected = end(redis);

        let memora = hand_over(Kind::Memora, dir.path(), &options, &expected);
        memora.client().ask_text(&["SET", "by memora", "2"]);
        memora.rewrite();
        memora.client().ask_text(&["SET", "by memora", "3"]);
        let expected = end(memora);
        assert_checked(Kind::Redis, "--check-aof", &manifest);
        hand_over(Kind::Redis, dir.path(), &options, &expected);
    }
}

#[test]
fn a_killed_servers_log_is_read_by_the_other() {
    if !is_installed("a_killed_servers_log_is_read_by_the_other") {
        return;
    }
    for (first, second) in [(Kind::Memora, Kind::Redis), (Kind::Redis, Kind::Memora)] {
        let dir = tempfile::tempdir().unwrap();
        let node = Node::start_kind(first, dir.path(), WITH_LOG);
        do_later_without_base(&node);
        let expected = everything(&node);
        node.kill();
        hand_over(second, dir.path(), WITH_LOG, &expected);
    }
}

/// As [`do_later`], where requests to keys of a base do nothing.
fn do_later_without_base(node: &Node) {
    do_later(node);
    node.client().ask_text(&["RPUSH", "last", "1", "2", "3"]);
}

#[test]
fn snapshots_go_there_and_back() {
    if !is_installed("snapshots_go_there_and_back") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let snapshot = dir.path().join("dump.rdb");
    let memora = Node::start_kind(Kind::Memora, dir.path(), &[]);
    fill(&mut memora.common_client(), &data());
    assert!(!memora.client().ask_text(&["SAVE"]).is_error());
    assert_checked(Kind::Redis, "--check-rdb", &snapshot);
    let expected = everything(&memora);
    memora.kill();

    let redis = hand_over(Kind::Redis, dir.path(), &[], &expected);
    do_later(&redis);
    let expected = everything(&redis);
    redis.shut_down(&["SHUTDOWN", "SAVE"]);

    let memora = hand_over(Kind::Memora, dir.path(), &[], &expected);
    memora.client().ask_text(&["SET", "by memora", "2"]);
    let expected = everything(&memora);
    memora.shut_down(&["SHUTDOWN", "SAVE"]);
    assert_checked(Kind::Redis, "--check-rdb", &snapshot);
    assert_checked(Kind::Memora, "--check-rdb", &snapshot);
    hand_over(Kind::Redis, dir.path(), &[], &expected);
}

/// A log as Redis leaves it in the middle of a rewrite: several increments, and a base that no longer counts.
fn write_long_log(dir: &Path) {
    let increments = [&["SET a 1", "RPUSH l x"][..], &["SELECT 2", "SET b 2"], &["RPUSH l y", "INCR a"]];
    write_log(dir, &increments.map(log_of).each_ref().map(Vec::as_slice));
    let manifest = folder(dir).join(format!("{NAME}.manifest"));
    let lines = fs::read_to_string(&manifest).unwrap();
    let old = format!("{NAME}.1.base.rdb");
    fs::write(folder(dir).join(&old), "no longer read").unwrap();
    fs::write(manifest, format!("file {old} seq 1 type h\n# a remark\n{lines}")).unwrap();
}

#[test]
fn several_increments_and_old_files_are_understood() {
    if !is_installed("several_increments_and_old_files_are_understood") {
        return;
    }
    let [ours, theirs] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    [&ours, &theirs].iter().for_each(|dir| write_long_log(dir.path()));
    let redis = Node::start_kind(Kind::Redis, theirs.path(), WITH_LOG);
    let expected = everything(&redis);
    assert_eq!(expected.len(), 3);
    let memora = hand_over(Kind::Memora, ours.path(), WITH_LOG, &expected);
    memora.client().ask_text(&["SET", "by memora", "2"]);
    assert_eq!(last_increment(ours.path()), increment(ours.path(), 3), "the last increment goes on");
    let expected = end(memora);
    hand_over(Kind::Redis, ours.path(), WITH_LOG, &expected);
}

#[test]
fn a_log_of_one_file_is_taken_over() {
    if !is_installed("a_log_of_one_file_is_taken_over") {
        return;
    }
    let snapshot_dir = tempfile::tempdir().unwrap();
    let node = Node::start_kind(Kind::Redis, snapshot_dir.path(), &["--appendonly", "yes"]);
    node.client().ask_text(&["HSET", "old", "f", "v"]);
    node.rewrite();
    let base = fs::read(folder(snapshot_dir.path()).join(&manifest(snapshot_dir.path()).base.unwrap().name));
    let commands =
        log_of(&["SELECT 3", "SET a 1 EX 1000000", "MULTI", "INCR a", "RPUSH l x", "EXEC", "DEL none"]);
    for content in [commands.clone(), [base.unwrap(), commands.clone()].concat()] {
        let [ours, theirs] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        [&ours, &theirs].iter().for_each(|dir| fs::write(dir.path().join(NAME), &content).unwrap());
        let redis = Node::start_kind(Kind::Redis, theirs.path(), WITH_LOG);
        let redis_data = everything(&redis);
        let memora = Node::start_kind(Kind::Memora, ours.path(), WITH_LOG);
        let expected = everything(&memora);
        // The deadline of `a` counts from the loading.
        assert_eq!(without_deadlines(&expected), without_deadlines(&redis_data));
        assert!(!ours.path().join(NAME).exists(), "it is moved to the others");
        memora.client().ask_text(&["SET", "more", "1"]);
        let expected_data = without_deadlines(&end(memora));
        let memora = Node::start_kind(Kind::Memora, ours.path(), WITH_LOG);
        assert_eq!(without_deadlines(&everything(&memora)), expected_data);
        drop(memora);
        let redis = Node::start_kind(Kind::Redis, ours.path(), WITH_LOG);
        assert_eq!(without_deadlines(&everything(&redis)), expected_data);
    }
}

fn without_deadlines(data: &Data) -> Data {
    data.iter().map(|(place, (content, _))| (place.clone(), (content.clone(), None))).collect()
}
