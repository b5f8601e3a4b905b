//! SUBSCRIBE at the prompt: messages as they come, Ctrl-C back to the prompt, and what a lost connection means.

use super::CLI;
use super::canned::run;
use super::prompt::{Session, session, session_in};
use super::servers::{TestServer, both};
use super::terminal::CTRL_C;

const READING: &str = "Reading messages...";

/// Subscribes and waits until the server has confirmed it.
fn listen(session: &mut Session, line: &str, confirmed: &str) {
    session.terminal.keys(&format!("{line}\r"));
    session.terminal.wait_for(READING);
    session.terminal.wait_for(confirmed);
}

/// Leaves the view; the prompt says that there are subscriptions.
fn leave(session: &mut Session, port: u16) {
    session.terminal.keys(CTRL_C);
    session.prompt = format!("127.0.0.1:{port}(subscribed)>");
    session.wait_for_prompt();
}

fn publish(server: &TestServer, channel: &str, message: &str) {
    let heard = run(CLI, server.port(), &["PUBLISH", channel, message], b"").stdout;
    assert_eq!(heard, "1\\n");
}

#[test]
fn ctrl_c_leaves_the_view_and_keeps_the_subscription() {
    for server in both() {
        let port = server.port();
        let mut session = session(port);
        listen(&mut session, "subscribe news sports", "2) \"sports\"\n3) (integer) 2");
        publish(&server, "news", "first");
        session.terminal.wait_for("2) \"news\"\n3) \"first\"");
        leave(&mut session, port);

        // Under RESP2 the server refuses what a subscriber may not ask, and the message came before that.
        publish(&server, "sports", "second");
        session.run("get key");
        session.terminal.wait_for("3) \"second\"\n(error) ERR Can't execute 'get'");
        session.run("ping");
        session.terminal.wait_for("1) \"pong\"");

        session.terminal.keys(":listen\r");
        publish(&server, "news", "third");
        session.terminal.wait_for("3) \"third\"");
        leave(&mut session, port);

        // Both confirmations are read, so that what follows is answered with its own reply.
        session.prompt = format!("127.0.0.1:{port}>");
        session.run("unsubscribe");
        session.run("echo usable");
        session.terminal.wait_for("\"usable\"");
        session.run(":listen");
        session.terminal.wait_for("There are no subscriptions");
    }
}

#[test]
fn under_resp3_a_subscriber_can_do_everything() {
    for server in both() {
        let port = server.port();
        let mut session = session_in(tempfile::tempdir().unwrap(), port, &["-3"], &[]);
        listen(&mut session, "psubscribe n*", "2) \"n*\"\n3) (integer) 1");
        publish(&server, "news", "first");
        session.terminal.wait_for("4) \"first\"");
        leave(&mut session, port);
        session.run("set key value");
        publish(&server, "news", "second");
        session.run("get key");
        session.terminal.wait_for("4) \"second\"\n\"value\"");
        publish(&server, "nothing", "third");
        session.run("peek key");
        session.terminal.wait_for("4) \"third\"");
        session.prompt = format!("127.0.0.1:{port}>");
        session.run("reset");
        session.run("echo done");
        session.terminal.wait_for("\"done\"");
    }
}

#[test]
fn ctrl_c_may_be_pressed_again_and_again() {
    let server = TestServer::memora(0);
    let mut session = session(server.port());
    for number in 0..3 {
        listen(&mut session, &format!("subscribe n{number}"), &format!("2) \"n{number}\""));
        session.terminal.keys(&CTRL_C.repeat(3));
        session.prompt = format!("127.0.0.1:{}(subscribed)>", server.port());
        session.wait_for_prompt();
    }
    session.run("ping");
    session.terminal.wait_for("1) \"pong\"");
}

#[test]
fn a_lost_subscription_is_told() {
    for server in both() {
        let port = server.port();
        let mut session = session(port);
        listen(&mut session, "subscribe news", "3) (integer) 1");
        leave(&mut session, port);
        run(CLI, port, &["CLIENT", "KILL", "TYPE", "pubsub"], b"");
        session.prompt = format!("127.0.0.1:{port}>");
        session.run_anew("echo back");
        session.terminal.wait_for(&format!(
            "Connected to 127.0.0.1:{port}, database 0.\nThe subscriptions to news were lost with their connection.\n\"back\""
        ));
    }
}

#[test]
fn a_connection_that_ends_in_the_view_leads_back_to_the_prompt() {
    for server in both() {
        let port = server.port();
        let mut session = session(port);
        listen(&mut session, "subscribe news", "3) (integer) 1");
        run(CLI, port, &["CLIENT", "KILL", "TYPE", "pubsub"], b"");
        session.terminal.wait_for("Error: Server closed the connection");
        session.terminal.wait_for_line("not connected>");
        session.prompt = format!("127.0.0.1:{port}>");
        session.run("echo back");
        session.terminal.wait_for("The subscriptions to news were lost with their connection.");
    }
}

#[test]
fn a_transaction_is_shown_and_subscribing_inside_waits_for_its_end() {
    for server in both() {
        let port = server.port();
        let mut session = session_in(tempfile::tempdir().unwrap(), port, &["-3"], &[]);
        session.prompt = format!("127.0.0.1:{port}(TX)>");
        session.run("multi");
        session.run("subscribe news");
        session.terminal.wait_for("QUEUED");
        session.prompt = format!("127.0.0.1:{port}(subscribed)>");
        session.run("exec");
        session.prompt = format!("127.0.0.1:{port}>");
        session.run("unsubscribe news");
    }
}
