//! The end of the server: in order, with a number that says how it went.
//!
//! The promise: what the server has read in whole requests is answered, and then the connection ends with an
//! orderly close, not a reset.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod common;

use common::program::{Program, run};
use common::{Client, eventually, options, server, server_with};
use memora::config::Config;
use memora::exit::Exit;
use std::net::TcpListener;
use std::time::Duration;

#[path = "shutdown/saving.rs"]
mod saving;
#[cfg(target_os = "linux")]
#[path = "shutdown/service.rs"]
mod service;
#[path = "shutdown/traffic.rs"]
mod traffic;

#[cfg(unix)]
#[test]
fn signals_end_the_program_in_order() {
    for signal in ["TERM", "INT"] {
        let program = Program::start(&[]);
        let [mut idle, mut other] = [(); 2].map(|()| program.client());
        idle.exchange("PING\r\n", "+PONG\r\n");
        program.signal(signal);
        idle.expect_end();
        other.expect_end();
        drop((idle, other));
        let (code, log) = program.exit_code();
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains(&format!("SIG{signal}")) && log.contains("graceful shutdown"), "{log}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_right_after_the_ready_line_is_heard() {
    for _ in 0..10 {
        let program = Program::start(&[]);
        program.signal("TERM");
        assert_eq!(program.exit_code().0, Some(0));
    }
}

#[test]
fn shutdown_ends_the_program_and_answers_nothing() {
    for request in [
        "SHUTDOWN\r\n",
        "SHUTDOWN NOSAVE\r\n",
        "shutdown nosave now force\r\n",
        "PING\r\nSHUTDOWN\r\nPING\r\n",
    ] {
        let program = Program::start(&[]);
        let [mut client, mut other] = [(); 2].map(|()| program.client());
        other.exchange("SET a 1\r\n", "+OK\r\n");
        client.send(request);
        if request.starts_with("PING") {
            client.expect("+PONG\r\n");
        }
        client.expect_end();
        other.expect_end();
        drop((client, other));
        assert_eq!(program.exit_code().0, Some(0), "{request}");
    }
}

#[test]
fn shutdown_that_cannot_be_is_an_error() {
    let server = server();
    let mut client = Client::of(&server);
    client.exchange("SHUTDOWN ABORT\r\n", "-ERR No shutdown in progress.\r\n");
    for wrong in ["SHUTDOWN MAYBE\r\n", "SHUTDOWN SAVE NOSAVE\r\n", "SHUTDOWN ABORT NOW\r\n"] {
        client.exchange(wrong, "-ERR syntax error\r\n");
    }
    client.exchange("PING\r\n", "+PONG\r\n");
}

/// A client whose replies cannot all be written, because it does not read them.
fn stuck(mut client: Client) -> Client {
    client.exchange(common::request(&["SET", "big", &"x".repeat(1_000_000)]), "+OK\r\n");
    client.send("GET big\r\n".repeat(64));
    client.expect("$1000000\r\nx");
    client
}

#[test]
fn the_deadline_ends_the_wait_for_a_client_that_does_not_read() {
    for io_threads in [0, 2] {
        let deadline = Duration::from_millis(50);
        let server = server_with(Config { shutdown_timeout: deadline, io_threads, ..options() });
        let stuck = stuck(Client::of(&server));
        assert_eq!(server.shut_down(), Exit::DeadlinePassed);
        drop(stuck);
    }
}

#[test]
fn the_deadline_may_be_changed_while_the_server_runs() {
    let program = Program::start(&["--shutdown-timeout", "3600"]);
    let mut stuck = stuck(program.client());
    let mut client = program.client();
    client.exchange("CONFIG SET shutdown-timeout 0\r\n", "+OK\r\n");
    client.send("SHUTDOWN\r\n");
    client.expect_end();
    drop(client);
    // What it gets is cut off in the middle.
    assert!(stuck.rest().map_or(true, |rest| rest.len() < 64_000_000));
    let (code, log) = program.exit_code();
    assert_eq!(code, Some(75), "{log}");
}

#[test]
fn a_slow_client_gets_all_its_replies_before_the_end() {
    let program = Program::start(&["--shutdown-timeout", "3600"]);
    let mut slow = stuck(program.client());
    let mut client = program.client();
    client.send("SHUTDOWN\r\n");
    client.expect_end();
    program.wait_for_log("no more clients are accepted");
    let rest = slow.rest().unwrap();
    let whole = 64 * "$1000000\r\n\r\n".len() + 64_000_000;
    assert_eq!(rest.len(), whole - "$1000000\r\nx".len());
    drop((slow, client));
    assert_eq!(program.exit_code().0, Some(0));
}

#[cfg(unix)]
#[test]
fn a_second_signal_does_not_wait_for_clients() {
    let program = Program::start(&["--shutdown-timeout", "3600"]);
    let stuck = stuck(program.client());
    program.signal("TERM");
    program.wait_for_log("no more clients are accepted");
    program.signal("INT");
    let (code, log) = program.exit_code();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("asked for again"), "{log}");
    drop(stuck);
}

#[test]
fn shutdown_now_does_not_wait_for_clients() {
    let program = Program::start(&["--shutdown-timeout", "3600"]);
    let stuck = stuck(program.client());
    program.client().send("SHUTDOWN NOW\r\n");
    assert_eq!(program.exit_code().0, Some(0));
    drop(stuck);
}

#[test]
fn an_embedded_server_ends_when_asked_or_dropped() {
    for io_threads in [0, 2] {
        let config = Config { io_threads, shutdown_timeout: Duration::from_secs(3600), ..options() };
        let mut dropped = server_with(config.clone());
        let mut client = Client::of(&dropped);
        client.exchange("PING\r\n", "+PONG\r\n");
        let address = dropped.local_addr().unwrap();
        let ended = dropped.ended();
        drop(dropped);
        client.expect_end();
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(ended);
        assert!(std::net::TcpStream::connect(address).is_err());

        let server = server_with(config);
        let stuck = stuck(Client::of(&server));
        server.request_shutdown(false);
        server.request_shutdown(false);
        assert_eq!(server.join(), Exit::Graceful);
        drop(stuck);
    }
}

#[test]
fn a_port_can_be_used_again_at_once() {
    let first = server();
    let port = first.local_addr().unwrap().port();
    let mut client = Client::of(&first);
    client.exchange("PING\r\n", "+PONG\r\n");
    assert_eq!(first.shut_down(), Exit::Graceful);
    let second = server_with(Config { port, ..options() });
    Client::of(&second).exchange("PING\r\n", "+PONG\r\n");
}

#[test]
fn the_program_says_where_it_listens() {
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start_in(dir, &["--ready-file", "ready"]);
    let port = program.address().port();
    assert_eq!(program.ready, format!("READY host=127.0.0.1 port={port} pid={}\n", program.pid()));
    let file = program.dir.path().join("ready");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), program.ready);
    let mut client = program.client();
    client.send("SHUTDOWN\r\n");
    client.expect_end();
    eventually("the file is removed", || !file.exists());
    drop(client);
    assert_eq!(program.exit_code().0, Some(0));
}

#[cfg(unix)]
#[test]
fn the_unix_sockets_file_goes_with_the_program() {
    let program = Program::start(&["--unixsocket", "socket"]);
    let path = program.dir.path().join("socket");
    Client::unix(&path).exchange("PING\r\n", "+PONG\r\n");
    program.signal("TERM");
    eventually("the file is removed", || !path.exists());
    assert_eq!(program.exit_code().0, Some(0));
}

/// Starts the program in vain: its exit code, and what it says.
fn start_in_vain(args: &[&str]) -> (Option<i32>, String) {
    // One that comes as far as to end in order would leave a snapshot in the working directory.
    let output = run(&[&["--save", ""], args].concat());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{args:?}");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_busy_port_is_a_clear_error_with_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let (code, said) = start_in_vain(&["--bind", "127.0.0.1", "--port", &address.port().to_string()]);
    assert_eq!(code, Some(1), "{said}");
    for text in
        [format!("cannot listen on {address}"), "another server uses this port".into(), "--port".into()]
    {
        assert!(said.contains(&text), "{text}: {said}");
    }
}

#[test]
fn places_that_cannot_be_written_are_an_error_with_1() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = dir.path().join("nowhere").join("file");
    let nowhere = nowhere.to_str().unwrap();
    for option in ["--dir", "--logfile", "--ready-file", "--unixsocket"] {
        let (code, said) = start_in_vain(&["--bind", "127.0.0.1", "--port", "0", option, nowhere]);
        assert_eq!(code, Some(1), "{option}: {said}");
        assert!(said.contains("memora-server: "), "{option}: {said}");
    }
}

#[test]
fn bad_usage_is_an_error_with_64() {
    let cases: [&[&str]; 4] =
        [&["--nosuch", "1"], &["--port", "seventy"], &["--port", "65536"], &["/nonexistent/memora.toml"]];
    for args in cases {
        let (code, said) = start_in_vain(args);
        assert_eq!(code, Some(64), "{args:?}: {said}");
        let named = args[0].trim_start_matches('-');
        assert!(said.contains(named), "{args:?}: {said}");
    }
}
