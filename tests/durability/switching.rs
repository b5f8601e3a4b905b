//! `CONFIG SET appendonly` while clients write: the log begins with a base of what there is, and what an earlier log
//! left in the folder does not come back.

use crate::common::eventually;
use crate::files::{assert_checked, folder};
use crate::held::Keys;
use crate::node::{Kind, Node};
use crate::traffic::{Moment, WRITERS, work, writers};
use crate::verdict::{Promise, judge};
use crate::writer::Writer;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const MOMENT: Moment = Moment { acknowledged: 1500, least: Duration::ZERO };

/// Without a log at first, but with one after the kill.
const OFF: &[&str] = &["--appendonly", "no", "--appendfsync", "always"];
const ON: &[&str] = &["--appendonly", "yes", "--appendfsync", "always"];

/// How often it is killed while the log is switched on.
const KILLS_WHILE_SWITCHING: usize = 8;

fn set(node: &Node, option: &str, value: &str) {
    let reply = node.client().ask_text(&["CONFIG", "SET", option, value]);
    assert!(!reply.is_error(), "{option} {value}: {reply:?}");
}

/// Switches the log on, and waits until it has its base.
fn switch_on(node: &Node) {
    set(node, "appendonly", "yes");
    assert_eq!(node.common_client().info("persistence", "aof_enabled"), "1");
    node.wait_for_rewrite();
}

/// Lets writers work until `act` has been done under traffic.
fn during_traffic(
    node: &Node,
    round: usize,
    before: Vec<Keys>,
    act: impl FnOnce(&AtomicBool),
) -> Vec<Writer> {
    let mut writers = writers(round, before, &[], 11);
    work(node, &mut writers, MOMENT, act);
    writers
}

/// What the server holds, which is all that was acknowledged.
fn settled(node: &Node, writers: &[Writer]) -> Vec<Keys> {
    judge(&mut node.client(), writers, Promise::Acknowledged)
}

fn restart(dir: &Path, writers: &[Writer]) -> (Node, Vec<Keys>) {
    let node = Node::start(dir, ON);
    let before = settled(&node, writers);
    (node, before)
}

#[test]
fn a_log_that_is_switched_on_has_everything() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path(), OFF);
    let stop = |stop: &AtomicBool| stop.store(true, Ordering::Relaxed);
    let writers = during_traffic(&node, 0, vec![Keys::new(); WRITERS], stop);
    let before = settled(&node, &writers);
    // What was there before, and what came before, during and after the base.
    let writers = during_traffic(&node, 1, before, |_| {
        switch_on(&node);
        node.kill();
    });
    let (node, before) = restart(dir.path(), &writers);

    // Off: what follows is nowhere, and on again: not the old files count, but what there is.
    set(&node, "appendonly", "no");
    assert_eq!(node.common_client().info("persistence", "aof_enabled"), "0");
    let writers = during_traffic(&node, 2, before, stop);
    let before = settled(&node, &writers);
    let writers = during_traffic(&node, 3, before, |_| {
        switch_on(&node);
        node.kill();
    });
    restart(dir.path(), &writers);
}

#[test]
fn a_kill_while_it_is_switched_on_leaves_what_can_be_loaded() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..KILLS_WHILE_SWITCHING {
        let node = Node::start(dir.path(), OFF);
        // Nothing is promised before the base is there; what there is then may be the log of an earlier round.
        during_traffic(&node, round, vec![Keys::new(); WRITERS], |_| {
            set(&node, "appendonly", "yes");
            if round % 2 == 1 {
                eventually("the base is begun", || {
                    node.common_client().info("persistence", "aof_rewrite_in_progress") == "1"
                        || has_base(dir.path())
                });
            }
            node.kill();
        });
        Node::start(dir.path(), ON).kill();
        assert_checked(Kind::Memora, "--check-aof", dir.path());
    }
}

/// Whether there is a log with a base.
fn has_base(dir: &Path) -> bool {
    let names = folder(dir).read_dir().into_iter().flatten().map(|entry| entry.unwrap().file_name());
    names.into_iter().any(|name| name.to_string_lossy().contains(".base."))
}

#[test]
fn files_of_an_earlier_log_do_not_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path(), ON);
    node.client().ask_text(&["SET", "stale", "1"]);
    node.shut_down(&["SHUTDOWN"]);
    let node = Node::start(dir.path(), OFF);
    assert_eq!(node.client().ask_text(&["DBSIZE"]).integer(), Some(0));
    node.client().ask_text(&["SET", "fresh", "1"]);
    switch_on(&node);
    node.client().ask_text(&["SET", "fresher", "1"]);
    node.kill();
    let node = Node::start(dir.path(), ON);
    assert_eq!(node.client().ask_text(&["EXISTS", "stale"]).integer(), Some(0));
    assert_eq!(node.client().ask_text(&["EXISTS", "fresh", "fresher"]).integer(), Some(2));
}

#[test]
fn the_policy_can_change_under_traffic() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path(), ON);
    let writers = during_traffic(&node, 0, vec![Keys::new(); WRITERS], |_| {
        for policy in ["no", "everysec", "always", "no", "always"] {
            set(&node, "appendfsync", policy);
        }
        // Behind these two, everything acknowledged is there again.
        let mut client = node.common_client();
        eventually("the log is written", || {
            client.call(&["PING"]) == memora::resp::Reply::Simple("PONG".into())
        });
        assert!(!node.client().ask_text(&["SET", "last", "1"]).is_error());
        node.kill();
    });
    restart(dir.path(), &writers);
}

#[test]
fn options_of_snapshots_can_change() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path(), &["--dbfilename", "other.rdb"]);
    let mut client = node.common_client();
    client.call(&["SET", "a", "1"]);
    assert_eq!(client.info("persistence", "rdb_changes_since_last_save"), "1");
    client.call(&["SAVE"]);
    assert_eq!(client.info("persistence", "rdb_changes_since_last_save"), "0");
    assert!(dir.path().join("other.rdb").exists());
    // A rule that is due at once: one change within a second.
    set(&node, "save", "1 1");
    client.call(&["SET", "b", "1"]);
    let saved = client.call(&["LASTSAVE"]);
    eventually("the rule is heard", || {
        client.info("persistence", "rdb_changes_since_last_save") == "0"
            && client.call(&["LASTSAVE"]) != saved
    });
    node.kill();
    let node = Node::start(dir.path(), &["--dbfilename", "other.rdb"]);
    assert_eq!(node.client().ask_text(&["EXISTS", "a", "b"]).integer(), Some(2));
}
