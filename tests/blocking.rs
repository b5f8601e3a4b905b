//! Clients that wait for lists: many of them, those who go meanwhile, and the end of the server.

mod common;

use common::{Client, eventually, server};
use memora::resp::Reply;
use memora::server::Server;

/// How many wait at once.
const MANY: usize = 500;

fn waiting(server: &Server, key: &str, seconds: &str) -> Client {
    let mut client = Client::of(server);
    client.send(common::request(&["BLPOP", key, seconds]));
    client
}

fn wait_for_blocked(client: &mut Client, count: u64) {
    eventually("so many wait", || client.count("clients", "blocked_clients") == count);
}

#[test]
fn each_push_wakes_its_client() {
    let server = server();
    let mut other = Client::of(&server);
    let key = |number: usize| format!("key-{number:03}");
    let mut clients: Vec<_> = (0..MANY).map(|number| waiting(&server, &key(number), "0")).collect();
    wait_for_blocked(&mut other, MANY as u64);
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(other.call(&["RPUSH", &key(number), "value"]), Reply::ONE);
        client.expect(format!("*2\r\n$7\r\n{}\r\n$5\r\nvalue\r\n", key(number)));
    }
    assert_eq!(other.count("clients", "blocked_clients"), 0);
    assert_eq!(other.call(&["DBSIZE"]), Reply::ZERO);
}

#[test]
fn who_has_gone_is_not_served() {
    let server = server();
    let mut other = Client::of(&server);
    let first = waiting(&server, "list", "0");
    wait_for_blocked(&mut other, 1);
    let mut second = waiting(&server, "list", "0");
    wait_for_blocked(&mut other, 2);
    drop(first);
    wait_for_blocked(&mut other, 1);
    assert_eq!(other.call(&["RPUSH", "list", "value"]), Reply::ONE);
    second.expect("*2\r\n$4\r\nlist\r\n$5\r\nvalue\r\n");
}

#[test]
fn the_nearest_deadline_comes_first() {
    let server = server();
    let mut other = Client::of(&server);
    let mut patient = waiting(&server, "list", "1000");
    wait_for_blocked(&mut other, 1);
    let mut hasty = waiting(&server, "list", "0.01");
    hasty.expect("*-1\r\n");
    wait_for_blocked(&mut other, 1);
    assert_eq!(other.call(&["RPUSH", "list", "value"]), Reply::ONE);
    patient.expect("*2\r\n$4\r\nlist\r\n$5\r\nvalue\r\n");
}

#[test]
fn who_has_been_killed_is_not_served() {
    let server = server();
    let mut other = Client::of(&server);
    let mut first = Client::of(&server);
    let Reply::Integer(id) = first.call(&["CLIENT", "ID"]) else { panic!("no number") };
    first.send(common::request(&["BLPOP", "list", "0"]));
    wait_for_blocked(&mut other, 1);
    let mut second = waiting(&server, "list", "0");
    wait_for_blocked(&mut other, 2);
    other.exchange(format!("CLIENT KILL ID {id}\r\nRPUSH list value\r\n"), ":1\r\n:1\r\n");
    second.expect("*2\r\n$4\r\nlist\r\n$5\r\nvalue\r\n");
    first.expect_end();
}

#[test]
fn the_rests_of_batches_run_in_the_order_in_which_clients_ceased_to_wait() {
    let server = server();
    let [mut other, mut first, mut second] = [(); 3].map(|()| Client::of(&server));
    let Reply::Integer(id) = second.call(&["CLIENT", "ID"]) else { panic!("no number") };
    first.send("BLPOP a 0\r\nSET last first\r\n");
    wait_for_blocked(&mut other, 1);
    second.send("BLPOP b 0\r\nSET last second\r\n");
    wait_for_blocked(&mut other, 2);
    // The second waits no longer before the first does, so the first has the last word.
    other.exchange(format!("CLIENT UNBLOCK {id}\r\nRPUSH a x\r\n"), ":1\r\n:1\r\n");
    second.expect("*-1\r\n+OK\r\n");
    first.expect("*2\r\n$1\r\na\r\n$1\r\nx\r\n+OK\r\n");
    other.exchange("GET last\r\n", "$5\r\nfirst\r\n");
}

#[test]
fn who_leaves_counts_as_a_listener_until_those_it_woke_have_gone_on() {
    let server = server();
    let [mut waiter, mut leaver, mut other] = [(); 3].map(|()| Client::of(&server));
    leaver.call(&["HELLO", "3"]);
    leaver.exchange("SUBSCRIBE c\r\n", ">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
    waiter.send("BLPOP list 0\r\nPUBLISH c unheard\r\n");
    wait_for_blocked(&mut other, 1);
    leaver.exchange("RPUSH list value\r\nQUIT\r\n", ":1\r\n+OK\r\n");
    leaver.expect_end();
    waiter.expect("*2\r\n$4\r\nlist\r\n$5\r\nvalue\r\n:1\r\n");
    other.exchange("PUBLISH c x\r\n", ":0\r\n");
}

#[test]
fn the_end_of_the_server_waits_for_nobody() {
    let server = server();
    let mut other = Client::of(&server);
    let mut client = waiting(&server, "list", "0");
    wait_for_blocked(&mut other, 1);
    drop(other);
    drop(server);
    client.expect_end();
}
