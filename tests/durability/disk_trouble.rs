//! A disk that is full: writes are refused, reads go on, and it heals when there is room again.
//!
//! The system's limit on the size of a file stands in for the disk: it is met in the middle of a write, as a full
//! disk is, and can be lifted from outside.

use crate::node::{Kind, Node};
use crate::wire::{Client, Value};
use rlimit::{INFINITY, Resource};

/// Where the disk is full, bytes of the file.
const ROOM_BYTES: u64 = 64 * 1024;

/// More writes than fit.
const MANY_WRITES: usize = 10_000;

/// Gives the server's files so much room.
fn give_room(node: &Node, bytes: u64) {
    let pid = i32::try_from(node.pid()).unwrap();
    rlimit::prlimit(pid, Resource::FSIZE, Some((bytes, INFINITY)), None).unwrap();
}

fn is_refused(reply: &Value) -> bool {
    reply.is_error() && reply.bytes().starts_with(b"MISCONF Errors writing to the AOF file: ")
}

fn write(client: &mut Client, number: usize) -> Value {
    let value = format!("{number}:{}", "x".repeat(1000));
    client.ask_text(&["SET", &format!("key:{number}"), &value])
}

/// Writes until that is refused; answers how many were acknowledged.
fn write_until_refused(client: &mut Client) -> usize {
    for number in 0..MANY_WRITES {
        let reply = write(client, number);
        if is_refused(&reply) {
            return number;
        }
        assert!(!reply.is_error(), "{reply:?}");
    }
    panic!("the disk took everything");
}

#[test]
fn a_full_disk_refuses_writes_and_heals() {
    for policy in ["always", "everysec", "no"] {
        let dir = tempfile::tempdir().unwrap();
        let options = ["--appendonly", "yes", "--appendfsync", policy, "--save", ""];
        let node = Node::start_kind(Kind::Memora, dir.path(), &options);
        let (mut client, mut reader) = (node.client(), node.common_client());
        assert!(!client.ask_text(&["SET", "first", "1"]).is_error());
        give_room(&node, ROOM_BYTES);
        let acknowledged = write_until_refused(&mut client);

        assert_eq!(client.ask_text(&["GET", "first"]).bytes(), b"1", "reads go on");
        assert!(is_refused(&client.ask_text(&["PING"])), "whoever watches the server notices");
        assert!(is_refused(&client.ask_text(&["INCR", "counter"])));
        assert_eq!(reader.info("persistence", "aof_last_write_status"), "err");

        give_room(&node, INFINITY);
        crate::common::eventually("writes succeed again", || {
            !client.ask_text(&["SET", "last", "1"]).is_error()
        });
        assert_eq!(reader.info("persistence", "aof_last_write_status"), "ok");
        assert_eq!(client.ask_text(&["WAITAOF", "1", "0", "0"]).items()[0].integer(), Some(1));
        node.kill();

        let node = Node::start_kind(Kind::Memora, dir.path(), &options);
        let mut client = node.client();
        for number in 0..acknowledged {
            let value = client.ask_text(&["GET", &format!("key:{number}")]);
            assert!(
                value.bytes().starts_with(format!("{number}:").as_bytes()),
                "{policy}: key:{number} is lost"
            );
        }
        assert_eq!(client.ask_text(&["GET", "last"]).bytes(), b"1");
        assert_eq!(client.ask_text(&["EXISTS", "counter"]).integer(), Some(0), "it was refused");
    }
}

#[test]
fn a_log_that_somebody_removes_is_begun_anew() {
    for policy in ["always", "everysec"] {
        let dir = tempfile::tempdir().unwrap();
        let options = ["--appendonly", "yes", "--appendfsync", policy, "--save", ""];
        let node = Node::start_kind(Kind::Memora, dir.path(), &options);
        let mut client = node.client();
        assert!(!client.ask_text(&["SET", "before", "1"]).is_error());
        assert_eq!(client.ask_text(&["WAITAOF", "1", "0", "0"]).items()[0].integer(), Some(1));
        std::fs::remove_dir_all(dir.path().join("appendonlydir")).unwrap();
        crate::common::eventually("the log is begun anew", || {
            // Each write lets the AofWriter look; those that fail meanwhile are not promised anything.
            client.ask_text(&["INCR", "tries"]);
            let manifest = dir.path().join("appendonlydir").join("appendonly.aof.manifest");
            std::fs::read_to_string(manifest).is_ok_and(|manifest| manifest.contains("type b"))
        });
        crate::common::eventually("writes succeed again", || {
            !client.ask_text(&["SET", "after", "1"]).is_error()
        });
        assert_eq!(client.ask_text(&["WAITAOF", "1", "0", "0"]).items()[0].integer(), Some(1));
        let tries = client.ask_text(&["GET", "tries"]);
        node.kill();

        let node = Node::start_kind(Kind::Memora, dir.path(), &options);
        let mut client = node.client();
        assert_eq!(client.ask_text(&["GET", "before"]).bytes(), b"1");
        assert_eq!(client.ask_text(&["GET", "after"]).bytes(), b"1");
        assert_eq!(client.ask_text(&["GET", "tries"]), tries);
    }
}

#[test]
fn a_write_whose_batch_waits_is_not_called_safe() {
    let dir = tempfile::tempdir().unwrap();
    let options = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
    let node = Node::start_kind(Kind::Memora, dir.path(), &options);
    let mut client = node.client();
    // Both requests are one batch.
    give_room(&node, 500);
    let value = "x".repeat(1000);
    let requests = [&["SET", "big", &value][..], &["WAITAOF", "1", "0", "500"]];
    client.send(&requests.map(crate::common::request).concat());
    for _ in requests {
        let reply = client.read();
        assert!(is_refused(&reply), "{reply:?}");
    }
}
