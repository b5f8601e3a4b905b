//! The server as clients see it, byte for byte: greeting, sessions, limits, expiry, and the ways in.
//!
//! Conversations that Redis can have as well are compared with a real redis-server.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod common;

use common::{Client, eventually, options, request, server, server_with, server_with_clock};
use memora::config::Config;
use memora::config::values::{OutputBufferLimit, OutputBufferLimits, Secret};
use memora::exit::Exit;
use memora::resp::Reply;
use memora::server::Server;
use std::fmt::Write;
use std::time::Duration;

#[path = "server/conversations.rs"]
mod conversations;

#[test]
fn hello_greets_in_both_protocols() {
    let server = server();
    let mut client = Client::of(&server);
    let fields = |proto: u8| {
        format!(
            "$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.2.4\r\n$5\r\nproto\r\n:{proto}\r\n$2\r\nid\r\n:1\r\n\
             $4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n"
        )
    };
    client.exchange("HELLO\r\n", format!("*14\r\n{}", fields(2)));
    client.exchange("HELLO 3\r\n", format!("%7\r\n{}", fields(3)));
    client.exchange("GET none\r\n", "_\r\n");
    client.exchange("HELLO\r\n", format!("%7\r\n{}", fields(3)));
    client.exchange("HELLO 2\r\n", format!("*14\r\n{}", fields(2)));
    client.exchange("GET none\r\n", "$-1\r\n");
}

#[test]
fn replies_come_in_the_order_of_the_requests() {
    let server = server();
    let mut client = Client::of(&server);
    let (mut sent, mut wanted) = (String::new(), String::new());
    for number in 0..5_000 {
        write!(sent, "SET k{} {number}\r\nGET k{}\r\nNOSUCH\r\n", number % 7, number % 7).unwrap();
        let len = number.to_string().len();
        write!(wanted, "+OK\r\n${len}\r\n{number}\r\n").unwrap();
        wanted += "-ERR unknown command 'NOSUCH', with args beginning with: \r\n";
    }
    // The client writes everything before it reads anything, as far as the kernel's buffers and the server allow.
    client.exchange(sent, wanted);
}

#[test]
fn a_request_may_arrive_in_any_pieces() {
    let server = server();
    let bytes =
        [request(&["SET", "key", "a value"]), b"GET key\r\n".to_vec(), request(&["DEL", "key"])].concat();
    for cut in 1..bytes.len() {
        let mut client = Client::of(&server);
        client.send(&bytes[..cut]);
        client.send(&bytes[cut..]);
        client.expect("+OK\r\n$7\r\na value\r\n:1\r\n");
    }
}

#[test]
fn a_client_that_has_finished_sending_still_gets_its_replies() {
    let server = server();
    for sent in ["PING\r\n", "*1\r\n$4\r\nPING\r\n", "PING\r\n*2\r\n$4\r\nECHO\r\n$100\r\nhalf a requ"] {
        let mut client = Client::of(&server);
        client.send(sent);
        client.half_close();
        client.expect("+PONG\r\n");
        client.expect_end();
    }
    Client::of(&server).wait_until_alone();
}

#[test]
fn a_half_closed_client_gets_a_reply_larger_than_all_buffers() {
    const BYTES: usize = 20_000_000;
    let server = server();
    let mut client = Client::of(&server);
    client.exchange(request(&["SET", "big", &"x".repeat(BYTES)]), "+OK\r\n");
    client.send("GET big\r\nGET big\r\nPING\r\n");
    client.half_close();
    let bulk = format!("${BYTES}\r\n{}\r\n", "x".repeat(BYTES));
    let rest = client.rest().unwrap();
    assert_eq!(rest.len(), 2 * bulk.len() + 7);
    assert!(rest.starts_with(bulk.as_bytes()) && rest.ends_with(b"x\r\n+PONG\r\n"));
}

#[test]
fn quit_answers_what_came_before_it_and_closes() {
    let server = server();
    let mut client = Client::of(&server);
    client.send("PING\r\nQUIT\r\nSET a 1\r\n");
    client.expect("+PONG\r\n+OK\r\n");
    client.expect_end();
    Client::of(&server).exchange("EXISTS a\r\n", ":0\r\n");
}

#[cfg(unix)]
#[test]
fn a_unix_socket_serves_like_tcp() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let config = Config { unixsocket: Some(path.clone()), unixsocketperm: 0o700, ..options() };
    let server = server_with(config.clone());
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);
    let mut client = Client::unix(&path);
    client.exchange("SET a 1\r\n", "+OK\r\n");
    Client::of(&server).exchange("GET a\r\n", "$1\r\n1\r\n");
    let Reply::Bulk(info) = client.call(&["CLIENT", "INFO"]) else { panic!() };
    let info = String::from_utf8(info.as_bytes().to_vec()).unwrap();
    assert!(info.contains(&format!("addr={}:0 ", path.display())) && info.contains(" flags=U "), "{info}");
    // The path is in use, and nothing is taken away from whoever uses it.
    let error = Server::start(config).err().unwrap().to_string();
    assert!(error.contains(path.to_str().unwrap()), "{error}");
    client.exchange("PING\r\n", "+PONG\r\n");
    assert_eq!(server.shut_down(), Exit::Graceful);
    assert!(!path.exists());
}

#[cfg(unix)]
#[test]
fn a_socket_file_left_by_a_dead_server_is_replaced_and_other_files_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let stale = dir.path().join("stale");
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    let _server = server_with(Config { unixsocket: Some(stale.clone()), ..options() });
    Client::unix(&stale).exchange("PING\r\n", "+PONG\r\n");
    let precious = dir.path().join("precious");
    std::fs::write(&precious, "data").unwrap();
    assert!(Server::start(Config { unixsocket: Some(precious.clone()), ..options() }).is_err());
    assert_eq!(std::fs::read_to_string(&precious).unwrap(), "data");
}

#[test]
fn servers_in_one_process_know_nothing_of_each_other() {
    let servers = [(); 3].map(|()| server());
    for (number, server) in servers.iter().enumerate() {
        Client::of(server).exchange(format!("SET a {number}\r\n"), "+OK\r\n");
    }
    for (number, server) in servers.iter().enumerate() {
        Client::of(server).exchange("GET a\r\nDBSIZE\r\n", format!("$1\r\n{number}\r\n:1\r\n"));
    }
    let [first, second, third] = servers;
    assert_eq!(first.shut_down(), Exit::Graceful);
    Client::of(&second).exchange("PING\r\n", "+PONG\r\n");
    drop(second);
    Client::of(&third).exchange("PING\r\n", "+PONG\r\n");
}

#[test]
fn a_client_too_many_is_told_and_makes_room_when_others_leave() {
    for io_threads in [0, 2] {
        let server = server_with(Config { maxclients: 2, io_threads, ..options() });
        let [mut first, mut second] = [(); 2].map(|()| Client::of(&server));
        first.exchange("PING\r\n", "+PONG\r\n");
        second.exchange("PING\r\n", "+PONG\r\n");
        let mut third = Client::of(&server);
        third.expect("-ERR max number of clients reached\r\n");
        third.expect_end();
        assert_eq!(first.count("stats", "rejected_connections"), 1);
        drop(second);
        first.wait_until_alone();
        eventually("there is room", || {
            let mut next = Client::of(&server);
            next.try_send("PING\r\n").is_ok() && next.rest_starts_with(b"+PONG\r\n")
        });
        first.exchange("CONFIG SET maxclients 3\r\n", "+OK\r\n");
    }
}

#[test]
fn idle_clients_are_closed_by_the_clock_and_those_that_work_or_listen_are_not() {
    let config = Config { timeout: Duration::from_secs(10), hz: 500, ..options() };
    let (server, time) = server_with_clock(config);
    let [mut idle, mut busy, mut listener] = [(); 3].map(|()| Client::of(&server));
    for client in [&mut idle, &mut busy] {
        client.exchange("PING\r\n", "+PONG\r\n");
    }
    listener.exchange("SUBSCRIBE c\r\n", "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
    time.advance(Duration::from_secs(10));
    busy.exchange("PING\r\n", "+PONG\r\n");
    assert_eq!(busy.count("clients", "connected_clients"), 3);
    time.advance(Duration::from_secs(1));
    busy.exchange("PING\r\n", "+PONG\r\n");
    idle.expect_end();
    busy.exchange("PUBLISH c still\r\n", ":1\r\n");
    listener.expect("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\nstill\r\n");
    drop(listener);
    busy.wait_until_alone();
}

/// A limit on unread replies for ordinary clients.
fn output_limit(hard_bytes: usize, soft_bytes: usize, soft_for: Duration) -> Config {
    let normal = OutputBufferLimit { hard_bytes, soft_bytes, soft_for };
    let limits = OutputBufferLimits { normal, ..OutputBufferLimits::default() };
    Config { client_output_buffer_limit: limits, hz: 500, ..options() }
}

/// A client that has asked for 64 MB and reads nothing; the kernel's buffers hold a few of them.
fn glutton(server: &Server, watcher: &mut Client) -> Client {
    watcher.exchange(request(&["SET", "big", &"x".repeat(1_000_000)]), "+OK\r\n");
    let mut client = Client::of(server);
    client.exchange("PING\r\n", "+PONG\r\n");
    client.send("GET big\r\n".repeat(64));
    client
}

#[test]
fn a_client_that_never_reads_is_closed_at_the_hard_limit_and_nobody_else() {
    for io_threads in [0, 2] {
        let server = server_with(Config { io_threads, ..output_limit(32_000_000, 0, Duration::ZERO) });
        let mut watcher = Client::of(&server);
        let mut glutton = glutton(&server, &mut watcher);
        watcher.wait_until_alone();
        assert_eq!(watcher.count("stats", "client_output_buffer_limit_disconnections"), 1);
        let received = glutton.rest().map_or(0, |bytes| bytes.len());
        assert!(received < 64_000_000, "{received}");
    }
}

#[test]
fn a_client_that_never_reads_is_closed_at_the_soft_limit_after_its_time() {
    let server = server_with(output_limit(0, 1_000_000, Duration::from_millis(20)));
    let mut watcher = Client::of(&server);
    let _glutton = glutton(&server, &mut watcher);
    watcher.wait_until_alone();
    assert_eq!(watcher.count("stats", "client_output_buffer_limit_disconnections"), 1);
}

#[test]
fn a_client_over_the_soft_limit_that_catches_up_is_kept() {
    let server = server_with(output_limit(0, 1_000_000, Duration::from_secs(3600)));
    let mut watcher = Client::of(&server);
    let mut glutton = glutton(&server, &mut watcher);
    let bulk = format!("$1000000\r\n{}\r\n", "x".repeat(1_000_000));
    for _ in 0..64 {
        glutton.expect(&bulk);
    }
    glutton.exchange("PING\r\n", "+PONG\r\n");
    assert_eq!(watcher.count("stats", "client_output_buffer_limit_disconnections"), 0);
}

#[test]
fn an_endless_request_is_cut_off_at_the_query_buffer_limit() {
    let server = server_with(Config { client_query_buffer_limit: 1 << 20, ..options() });
    let mut watcher = Client::of(&server);
    let mut client = Client::of(&server);
    client.send("*2\r\n$4\r\nECHO\r\n$10000000\r\n");
    let chunk = [b'x'; 10_000];
    // The server closes somewhere in between, so that sending fails sooner or later.
    while client.try_send(chunk).is_ok() {}
    assert!(client.rest().map_or(true, |rest| rest.is_empty()));
    watcher.wait_until_alone();
    assert_eq!(watcher.count("stats", "client_query_buffer_limit_disconnections"), 1);
}

#[test]
fn keys_past_their_deadline_are_gone_at_once_and_their_memory_soon() {
    let (server, time) = server_with_clock(Config { hz: 500, ..options() });
    let mut client = Client::of(&server);
    for number in 0..1_000 {
        client.send(format!("SET k{number} v PX {}\r\n", 1000 + number % 2));
    }
    client.expect("+OK\r\n".repeat(1_000));
    client.exchange("SET kept v\r\nDBSIZE\r\nPTTL k0\r\nTTL kept\r\n", "+OK\r\n:1001\r\n:1000\r\n:-1\r\n");
    // At its deadline a key is there for the last time, as in Redis.
    time.advance(Duration::from_millis(1000));
    client.exchange("PTTL k0\r\nEXISTS k0 k1\r\n", ":0\r\n:2\r\n");
    time.advance(Duration::from_millis(1));
    // Whether a tick has come in between or not: nobody sees the key any more.
    client.exchange("GET k0\r\nGET k1\r\nTTL k0\r\n", "$-1\r\n$1\r\nv\r\n:-2\r\n");
    eventually("half of the keys are purged", || client.call(&["DBSIZE"]) == Reply::Integer(501));
    time.advance(Duration::from_millis(1));
    eventually("all but one are purged", || client.call(&["DBSIZE"]) == Reply::Integer(1));
    assert_eq!(client.count("stats", "expired_keys"), 1_000);
    client.exchange("GET kept\r\n", "$1\r\nv\r\n");
}

#[test]
fn without_ticks_a_deadline_is_honoured_by_the_look_up() {
    let (server, time) = server_with_clock(Config { hz: 1, ..options() });
    let mut client = Client::of(&server);
    client.exchange("SET a 1 PX 5\r\n", "+OK\r\n");
    time.advance(Duration::from_millis(6));
    client.exchange("EXISTS a\r\nSET a 2 NX\r\nGET a\r\nPTTL a\r\n", ":0\r\n+OK\r\n$1\r\n2\r\n:-1\r\n");
}

#[test]
fn an_unknown_command_is_told_to_the_client_and_once_to_the_log() {
    let program = common::program::Program::start(&[]);
    let mut client = program.client();
    client.call(&["CLIENT", "SETNAME", "shop"]);
    client.exchange(
        request(&["GEOMAGIC", "a", "b c"]),
        "-ERR unknown command 'GEOMAGIC', with args beginning with: 'a' 'b c' \r\n",
    );
    client.exchange("geomagic\r\n", "-ERR unknown command 'geomagic', with args beginning with: \r\n");
    let log = program.log();
    assert_eq!(log.matches("geomagic").count(), 1, "{log}");
    assert!(log.contains("unknown command") && log.contains("shop"), "{log}");
}

#[test]
fn a_password_is_asked_for_from_the_first_request_on() {
    let server = server_with(Config { requirepass: Secret::new("secret"), ..options() });
    let mut client = Client::of(&server);
    client.exchange(
        "GET a\r\nHELLO 3\r\nAUTH wrong\r\nGET a\r\nAUTH secret\r\nGET a\r\nRESET\r\nGET a\r\nAUTH default secret\r\nGET a\r\n",
        "-NOAUTH Authentication required.\r\n\
         -NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> \
         <pass> option can be used to authenticate the client and select the RESP protocol version at the same time\r\n\
         -WRONGPASS invalid username-password pair or user is disabled.\r\n\
         -NOAUTH Authentication required.\r\n+OK\r\n$-1\r\n+RESET\r\n-NOAUTH Authentication required.\r\n+OK\r\n$-1\r\n",
    );
}

#[test]
fn a_password_set_while_clients_are_connected_holds_for_new_ones_only() {
    let server = server();
    let mut before = Client::of(&server);
    before.exchange("CONFIG SET requirepass secret\r\nGET a\r\n", "+OK\r\n$-1\r\n");
    let mut after = Client::of(&server);
    after.exchange("GET a\r\n", "-NOAUTH Authentication required.\r\n");
    before.exchange("GET a\r\n", "$-1\r\n");
}

#[test]
fn without_anything_to_listen_on_there_is_no_server() {
    let error = Server::start(Config { bind: Vec::new(), ..options() }).err().unwrap();
    assert!(error.to_string().starts_with("nothing to listen on"), "{error}");
}

#[test]
fn a_server_starts_inside_an_asynchronous_program() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let exit = runtime.block_on(async { Server::start(options()).unwrap().shut_down() });
    assert_eq!(exit, Exit::Graceful);
}
