//! Conversations of one client, held with Memora and with a real redis-server: the same bytes have to come back.
//!
//! Expected bytes are written down as well, so that the tests say something where redis-server is missing;
//! the comparison makes sure that they are Redis's.

use crate::common::{Client, options, server_with};
use memora::config::Config;
use memora::config::values::Secret;

#[cfg(unix)]
use crate::common::redis_server::Redis;

/// Has a conversation with a server that asks for `password`, both with Memora and with Redis.
fn converse(password: &str, exchanges: &[(&str, &str)]) {
    let server = server_with(Config { requirepass: Secret::new(password), ..options() });
    hold(Client::of(&server), exchanges);
    #[cfg(unix)]
    if let Some(redis) = Redis::start(&["--requirepass", password]) {
        hold(redis.client(), exchanges);
    }
}

fn hold(mut client: Client, exchanges: &[(&str, &str)]) {
    for (sent, wanted) in exchanges {
        client.exchange(sent, wanted);
    }
}

/// A conversation whose last words are followed by the end of the connection.
fn converse_to_the_end(password: &str, sent: &str, wanted: &str) {
    let server = server_with(Config { requirepass: Secret::new(password), ..options() });
    hold_to_the_end(Client::of(&server), sent, wanted);
    #[cfg(unix)]
    if let Some(redis) = Redis::start(&["--requirepass", password]) {
        hold_to_the_end(redis.client(), sent, wanted);
    }
}

fn hold_to_the_end(mut client: Client, sent: &str, wanted: &str) {
    client.exchange(sent, wanted);
    client.expect_end();
}

const NO_AUTH: &str = "-NOAUTH Authentication required.\r\n";
const WRONG: &str = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
const SYNTAX: &str = "-ERR syntax error\r\n";

#[test]
fn hello_refuses_what_it_does_not_know() {
    let not_a_number = "-ERR Protocol version is not an integer or out of range\r\n";
    converse(
        "",
        &[
            ("HELLO 4\r\n", "-NOPROTO unsupported protocol version\r\n"),
            ("HELLO 1\r\n", "-NOPROTO unsupported protocol version\r\n"),
            ("HELLO three\r\n", not_a_number),
            ("HELLO 3 WHAT\r\n", "-ERR Syntax error in HELLO option 'WHAT'\r\n"),
            ("HELLO 3 AUTH default\r\n", "-ERR Syntax error in HELLO option 'AUTH'\r\n"),
            ("HELLO 3 SETNAME\r\n", "-ERR Syntax error in HELLO option 'SETNAME'\r\n"),
            ("HELLO 3 AUTH nobody x\r\n", WRONG),
            (
                "HELLO 3 SETNAME \"a b\"\r\n",
                "-ERR Client names cannot contain spaces, newlines or special characters.\r\n",
            ),
            // Whatever failed has changed nothing.
            ("GET a\r\nCLIENT GETNAME\r\n", "$-1\r\n$-1\r\n"),
        ],
    );
}

#[test]
fn authentication() {
    converse(
        "secret",
        &[
            ("PING\r\n", NO_AUTH),
            ("NOSUCH\r\n", "-ERR unknown command 'NOSUCH', with args beginning with: \r\n"),
            ("GET\r\n", "-ERR wrong number of arguments for 'get' command\r\n"),
            ("SELECT x\r\n", NO_AUTH),
            ("HELLO 3 AUTH default wrong\r\n", WRONG),
            ("AUTH wrong\r\n", WRONG),
            ("AUTH nobody secret\r\n", WRONG),
            ("AUTH a b c\r\n", SYNTAX),
            ("AUTH\r\n", "-ERR wrong number of arguments for 'auth' command\r\n"),
            ("AUTH secret\r\n", "+OK\r\n"),
            ("PING\r\n", "+PONG\r\n"),
            ("AUTH wrong\r\n", WRONG),
            // A failed attempt takes nothing away.
            ("PING\r\n", "+PONG\r\n"),
            ("RESET\r\nPING\r\n", "+RESET\r\n-NOAUTH Authentication required.\r\n"),
            ("AUTH default secret\r\nPING\r\n", "+OK\r\n+PONG\r\n"),
        ],
    );
    converse(
        "",
        &[
            (
                "AUTH x\r\n",
                "-ERR AUTH <password> called without any password configured for the default user. Are you sure your \
                 configuration is correct?\r\n",
            ),
            ("AUTH default x\r\n", "+OK\r\n"),
            ("AUTH nobody x\r\n", WRONG),
        ],
    );
}

#[test]
fn a_client_that_has_not_authenticated_may_send_little() {
    converse_to_the_end(
        "secret",
        "*11\r\n$4\r\nPING\r\n",
        "-ERR Protocol error: unauthenticated multibulk length\r\n",
    );
    converse_to_the_end(
        "secret",
        "*2\r\n$4\r\nPING\r\n$16385\r\n",
        "-ERR Protocol error: unauthenticated bulk length\r\n",
    );
}

#[test]
fn databases_are_chosen_per_connection() {
    converse(
        "",
        &[
            ("SET a zero\r\nSELECT 1\r\nGET a\r\n", "+OK\r\n+OK\r\n$-1\r\n"),
            ("SET a one\r\nSELECT 15\r\nDBSIZE\r\n", "+OK\r\n+OK\r\n:0\r\n"),
            ("SELECT 16\r\n", "-ERR DB index is out of range\r\n"),
            ("SELECT -1\r\n", "-ERR DB index is out of range\r\n"),
            ("SELECT x\r\n", "-ERR value is not an integer or out of range\r\n"),
            ("SELECT\r\n", "-ERR wrong number of arguments for 'select' command\r\n"),
            ("SELECT 0\r\nGET a\r\nSELECT 1\r\nGET a\r\n", "+OK\r\n$4\r\nzero\r\n+OK\r\n$3\r\none\r\n"),
        ],
    );
}

#[test]
fn client_reply_leaves_out_what_it_is_told_to() {
    converse(
        "",
        &[
            ("CLIENT REPLY SKIP\r\nPING\r\nPING one\r\n", "$3\r\none\r\n"),
            ("CLIENT REPLY SKIP\r\nNOSUCH\r\nPING two\r\n", "$3\r\ntwo\r\n"),
            ("CLIENT REPLY OFF\r\nPING\r\nNOSUCH\r\nSET a 1\r\nCLIENT REPLY SKIP\r\nPING\r\n", ""),
            ("CLIENT REPLY ON\r\nGET a\r\n", "+OK\r\n$1\r\n1\r\n"),
            ("CLIENT REPLY MAYBE\r\n", SYNTAX),
            ("CLIENT REPLY SKIP\r\nCLIENT REPLY SKIP\r\nPING\r\nPING three\r\n", "$5\r\nthree\r\n"),
            ("CLIENT REPLY OFF\r\nRESET\r\nPING\r\n", "+RESET\r\n+PONG\r\n"),
        ],
    );
}

#[test]
fn reset_forgets_everything_about_the_connection() {
    converse(
        "",
        &[
            ("SELECT 3\r\nCLIENT SETNAME me\r\nSET a 1\r\n", "+OK\r\n+OK\r\n+OK\r\n"),
            ("CLIENT NO-EVICT ON\r\n", "+OK\r\n"),
            ("RESET\r\nCLIENT GETNAME\r\nGET a\r\n", "+RESET\r\n$-1\r\n$-1\r\n"),
            ("RESET now\r\n", "-ERR wrong number of arguments for 'reset' command\r\n"),
        ],
    );
}

#[test]
fn names_and_libraries() {
    let bad = "-ERR Client names cannot contain spaces, newlines or special characters.\r\n";
    converse(
        "",
        &[
            ("CLIENT SETNAME \"a b\"\r\n", bad),
            ("CLIENT SETNAME \"a\\x7f\"\r\n", bad),
            ("CLIENT SETNAME a!~\r\nCLIENT GETNAME\r\n", "+OK\r\n$3\r\na!~\r\n"),
            ("CLIENT SETNAME \"\"\r\nCLIENT GETNAME\r\n", "+OK\r\n$-1\r\n"),
            ("CLIENT\r\n", "-ERR wrong number of arguments for 'client' command\r\n"),
            ("CLIENT NOSUCH\r\n", "-ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP.\r\n"),
            ("CLIENT GETNAME x\r\n", "-ERR wrong number of arguments for 'client|getname' command\r\n"),
        ],
    );
}

#[test]
fn inline_requests() {
    converse(
        "",
        &[
            ("\r\n\n   \r\nPING\n", "+PONG\r\n"),
            ("  PING   hello  \r\n", "$5\r\nhello\r\n"),
            ("ECHO \"a\\n\\x41\\\"b\"\r\n", "$5\r\na\nA\"b\r\n"),
            ("ECHO 'it''s'\r\nPING\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"),
        ],
    );
    converse("", &[("ECHO 'it\\'s'\r\n", "$4\r\nit's\r\n"), ("PiNg\r\n", "+PONG\r\n")]);
}

#[test]
fn quit_and_protocol_errors_end_the_connection_in_order() {
    converse_to_the_end("", "PING\r\nQUIT\r\nPING\r\n", "+PONG\r\n+OK\r\n");
    converse_to_the_end("secret", "QUIT please\r\n", "+OK\r\n");
    converse_to_the_end(
        "",
        "SET a 1\r\n*1\r\nPING\r\n",
        "+OK\r\n-ERR Protocol error: expected '$', got 'P'\r\n",
    );
    converse_to_the_end("", "*x\r\n", "-ERR Protocol error: invalid multibulk length\r\n");
    converse_to_the_end(
        "",
        "HELLO 9\r\n*1\r\n$-1\r\n",
        "-NOPROTO unsupported protocol version\r\n-ERR Protocol error: invalid bulk length\r\n",
    );
    converse_to_the_end("", "ECHO \"x\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n");
}

#[test]
fn resp3_changes_the_form_of_replies_and_nothing_else() {
    let all = [
        ("CLIENT REPLY SKIP\r\nHELLO 3\r\nHSET h f v\r\n", ":1\r\n"),
        ("GET none\r\nHGET h none\r\n", "_\r\n_\r\n"),
        ("CONFIG GET databases\r\n", "%1\r\n$9\r\ndatabases\r\n$2\r\n16\r\n"),
        (
            "RESET\r\nCONFIG GET databases\r\nGET none\r\n",
            "+RESET\r\n*2\r\n$9\r\ndatabases\r\n$2\r\n16\r\n$-1\r\n",
        ),
    ];
    converse("", &all);
}

#[test]
fn who_has_said_quit_is_counted_no_longer() {
    let server = server_with(options());
    let [mut listener, mut other] = [(); 2].map(|()| Client::of(&server));
    let subscribed = "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n";
    listener.exchange("SUBSCRIBE c\r\nQUIT\r\n", format!("{subscribed}+OK\r\n"));
    // It has not closed its own side yet.
    listener.expect_end();
    other.exchange("PUBLISH c x\r\nPUBSUB NUMSUB c\r\n", ":0\r\n*2\r\n$1\r\nc\r\n:0\r\n");
}
