//! The command-line client against servers that answer from a script, and beside the real redis-cli.
//!
//! Expected text is what redis-cli 7.0.15 prints; where it is installed, `same_as_redis_cli` runs both
//! against the same script and compares every byte of both outputs and the exit code.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "cli/canned.rs"]
mod canned;
#[path = "cli/examples.rs"]
mod examples;
#[path = "cli/generated.rs"]
mod generated;
#[cfg(unix)]
#[path = "cli/picture.rs"]
mod picture;
#[path = "cli/prompt.rs"]
mod prompt;
#[path = "cli/servers.rs"]
mod servers;
#[path = "cli/subscribing.rs"]
mod subscribing;
#[path = "cli/terminal.rs"]
mod terminal;
#[path = "cli/tools.rs"]
mod tools;
#[path = "cli/transfer.rs"]
mod transfer;
#[path = "cli/views.rs"]
mod views;

use canned::Step::{Close, Send};
use canned::{Canned, Outcome, Step, dead_port, run, run_anywhere};

const CLI: &str = env!("CARGO_BIN_EXE_memora-cli");

const OK: Step = Send(b"+OK\r\n");

/// A reply with something of everything in it.
const EVERYTHING: Step = Send(
    b"*8\r\n+st\r\n:-7\r\n$5\r\na\"\x00\xffb\r\n$-1\r\n*2\r\n:1\r\n*0\r\n%2\r\n+k\r\n,1.5\r\n:2\r\n~2\r\n#t\r\n#f\r\n\
      =7\r\ntxt:x\ny\r\n-ERR in\r\n",
);

fn cli(script: &[Step], args: &[&str], stdin: &str) -> (Outcome, Canned) {
    let server = Canned::start(script);
    (run(CLI, server.port, args, stdin.as_bytes()), server)
}

fn printed(script: &[Step], args: &[&str]) -> String {
    let (outcome, _) = cli(script, args, "");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{args:?}");
    outcome.stdout
}

fn outcome(code: i32, stdout: &str, stderr: &str) -> Outcome {
    Outcome { code: Some(code), stdout: stdout.to_owned(), stderr: stderr.to_owned() }
}

#[test]
fn every_format_prints_everything() {
    let show = |option| printed(&[EVERYTHING], &[option, "GET", "x"]);
    let typed = "1) st\n2) (integer) -7\n3) \"a\\\"\\x00\\xffb\"\n4) (nil)\n5) 1) (integer) 1\n   2) (empty array)\n\
                 6) 1# k => (double) 1.5\n   2# (integer) 2 => \n      1~ (true)\n      2~ (false)\n\
                 7) x\ny\n8) (error) ERR in\n";
    assert_eq!(show("--no-raw"), typed.escape_default().to_string());
    let raw = "st\\n-7\\na\\\"\\x00\\xffb\\n\\n1\\n\\nk 1.5\\n2 (true)\\n(false)\\nx\\ny\\nERR in\\n\\n";
    assert_eq!(show("--raw"), raw);
    let csv = "\"st\",-7,\"a\\\"\\x00\\xffb\",NULL,1,,\"k\",1.5,2,true,false,\"x\\ny\",ERROR,\"ERR in\"\n";
    assert_eq!(show("--csv"), csv.escape_default().to_string());
    let json = r#"[\"st\",-7,\"a\\\"\\u0000\xffb\",null,[1,[]],{\"k\":1.5,\"2\":[true,false]},\"x\\ny\",error:\"ERR in\"]\n"#;
    assert_eq!(show("--json"), json);
    let quoted =
        json.replace(r#"a\\\"\\u0000\xff"#, r#"a\\\\\"\\\\x00\\\\xff"#).replace(r"x\\ny", r"x\\\\ny");
    assert_eq!(show("--quoted-json"), quoted);
}

#[test]
fn output_that_is_no_terminal_is_raw() {
    assert_eq!(printed(&[EVERYTHING], &["GET", "x"]), printed(&[EVERYTHING], &["--raw", "GET", "x"]));
    assert_eq!(printed(&[Send(b"*2\r\n+a\r\n+b\r\n")], &["-d", "-", "-D", ";", "-r", "2", "X"]), "a-b;a-b;");
}

#[test]
fn arguments_arrive_as_they_are_written() {
    let words = |args: &[&str], stdin: &str| cli(&[OK], args, stdin).1.requests();
    let request =
        |words: &[&str]| vec![words.iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>()];
    assert_eq!(words(&["SET", "k", "-x", "a b"], ""), request(&["SET", "k", "-x", "a b"]));
    assert_eq!(words(&["-x", "SET", "k"], "v\n\n"), request(&["SET", "k", "v\n\n"]));
    assert_eq!(words(&["-X", "t", "SET", "t", "t"], "v"), request(&["SET", "v", "t"]));
    assert_eq!(words(&["--quoted-input", "SET", r#""a\n""#, "'b'"], ""), request(&["SET", "a\n", "b"]));
}

#[test]
fn standard_input_is_read_line_by_line() {
    let lines =
        "SET \"a\\x00\\n\" 'it\\'s' \"\"\n\n  \nGET \"open\nset a\"b\"c\n2 PING\n0 PING\nexit\nPING\n";
    let (outcome, server) = cli(&[OK], &[], lines);
    let expected = "OK\nInvalid argument(s)\nInvalid argument(s)\nOK\nOK\n\
                    Invalid redis-cli repeat command option value.\n";
    assert_eq!(outcome, self::outcome(0, &expected.escape_default().to_string(), ""));
    assert_eq!(
        server.requests(),
        [
            vec![b"SET".to_vec(), b"a\0\n".to_vec(), b"it's".to_vec(), b"".to_vec()],
            vec![b"PING".to_vec()],
            vec![b"PING".to_vec()],
        ]
    );
}

#[test]
fn bytes_that_are_no_text_pass_through() {
    let server = Canned::start(&[OK]);
    let outcome = run(CLI, server.port, &[], b"SET \xff\xfe v");
    assert_eq!(outcome, self::outcome(0, "OK\\n", ""));
    assert_eq!(server.requests()[0][1], b"\xff\xfe");
}

#[test]
fn a_lost_connection_is_made_again_in_its_database() {
    let lines = "SELECT 3\nGET a\nGET b\n";
    let (outcome, server) = cli(&[OK, Close, OK, OK], &[], lines);
    assert_eq!(outcome, self::outcome(0, "OK\\nOK\\n", "Error: Server closed the connection\\n"));
    let names: Vec<_> = server.requests().iter().map(|request| request.concat()).collect();
    assert_eq!(names, [b"SELECT3".to_vec(), b"GETa".to_vec(), b"SELECT3".to_vec(), b"GETb".to_vec()]);
}

#[test]
fn a_connection_begins_with_auth_select_and_hello() {
    let (outcome, server) = cli(&[OK], &["-a", "pw", "--user", "me", "-n", "2", "-3", "PING"], "");
    let warning = "Warning: Using a password with \\'-a\\' or \\'-u\\' option on the command line interface \
                   may not be safe.\\n";
    assert_eq!(outcome, self::outcome(0, "OK\\n", warning));
    let lines: Vec<_> = server.requests().iter().map(|request| request.join(&b' ')).collect();
    assert_eq!(lines, [b"AUTH me pw".to_vec(), b"SELECT 2".to_vec(), b"HELLO 3".to_vec(), b"PING".to_vec()]);
}

#[test]
fn failures_end_with_code_one() {
    let end = |script: &[Step], args: &[&str]| cli(script, args, "").0;
    assert_eq!(end(&[Send(b"-ERR no\r\n")], &["-e", "GET"]), outcome(1, "", "ERR no\\n"));
    assert_eq!(end(&[Send(b"-ERR no\r\n")], &["GET"]), outcome(0, "ERR no\\n\\n", ""));
    assert_eq!(end(&[Close], &["GET"]), outcome(1, "", "Error: Server closed the connection\\n"));
    let garbage = "Error: Protocol error, got \\\"X\\\" as reply type byte\\n";
    assert_eq!(end(&[Send(b"X\r\n")], &["GET"]), outcome(1, "", garbage));
    let unknown = "Unrecognized option or bad number of args for: \\'--what\\'\\n";
    assert_eq!(end(&[OK], &["--what"]), outcome(1, "", unknown));
    assert_eq!(end(&[Close], &["SHUTDOWN"]), outcome(0, "", ""));
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let port = dead_port();
    let refused = run(CLI, port, &["PING"], b"");
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert!(
        refused.stderr.starts_with(&format!("Could not connect to Redis at 127.0.0.1:{port}: ")),
        "{refused:?}"
    );
    let lines = run(CLI, port, &[], b"PING\nPING\n");
    assert_eq!((lines.code, lines.stderr.matches("Could not connect").count()), (Some(0), 3));
}

#[cfg(unix)]
#[test]
fn a_unix_socket_is_as_good() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let server = Canned::start_unix(&path, &[OK]);
    let path = path.to_str().unwrap();
    assert_eq!(run_anywhere(CLI, &["-s", path, "PING"], b""), outcome(0, "OK\\n", ""));
    assert_eq!(server.requests(), [[b"PING"]]);
    let missing = format!("Could not connect to Redis at {path}.none: No such file or directory\\n");
    assert_eq!(run_anywhere(CLI, &["-s", &format!("{path}.none"), "PING"], b""), outcome(1, "", &missing));
}

#[test]
fn messages_are_printed_as_they_come() {
    let script = [Send(b"*3\r\n+subscribe\r\n+c\r\n:1\r\n*3\r\n+message\r\n+c\r\n$2\r\nhi\r\n-ERR end\r\n")];
    assert_eq!(printed(&script, &["SUBSCRIBE", "c"]), "subscribe\\nc\\n1\\nmessage\\nc\\nhi\\nERR end\\n\\n");
    let csv = "Reading messages... (press Ctrl-C to quit)\\n\\\"subscribe\\\",\\\"c\\\",1\\n";
    assert!(printed(&script, &["--csv", "SUBSCRIBE", "c"]).starts_with(csv));
    assert_eq!(
        printed(&[Send(b"+OK\r\n+1.2 \"PING\"\r\n-ERR end\r\n")], &["MONITOR"]),
        "OK\\n1.2 \\\"PING\\\"\\nERR end\\n\\n"
    );
}

#[test]
fn a_large_reply_takes_time_in_proportion() {
    let item = b"$3\r\nabc\r\n";
    let reply = [b"*300000\r\n".as_slice(), &item.repeat(300_000)].concat();
    let text = printed(&[Send(reply.leak())], &["--no-raw", "LRANGE"]);
    assert!(text.starts_with("     1) \\\"abc\\\"\\n"), "{}", &text[..40]);
    assert!(text.ends_with("300000) \\\"abc\\\"\\n"));
}

#[test]
fn it_tells_about_itself() {
    let help = run_anywhere(CLI, &["--help"], b"");
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    for option in ["-h <host>", "-X <tag>", "--quoted-json", "REDISCLI_AUTH"] {
        assert!(help.stdout.contains(option), "{option}");
    }
    let version = format!("memora-cli {}\\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run_anywhere(CLI, &["--version"], b""), outcome(0, &version, ""));
}

/// What both clients are given: arguments, standard input, and the script of the server.
type Case = (&'static [&'static str], &'static str, &'static [Step]);

const FORMATS: [&str; 5] = ["--no-raw", "--raw", "--csv", "--json", "--quoted-json"];

const REPLIES: &[Step] = &[
    EVERYTHING,
    OK,
    Send(b"$0\r\n\r\n"),
    Send(b"$9\r\n\x00\x01\x08\x0c\x1f\x7f\xe9\"/\r\n"),
    Send(b"*-1\r\n"),
    Send(b"_\r\n"),
    Send(b"*0\r\n"),
    Send(b"%0\r\n"),
    Send(b"~0\r\n"),
    Send(b",inf\r\n"),
    Send(b",-0.25\r\n"),
    Send(b"=6\r\ntxt:ab\r\n"),
    Send(b"-ERR no\r\n"),
    Send(b"X\r\n"),
    Send(b"*1\r\n*1\r\n*1\r\n%1\r\n*1\r\n+a\r\n*1\r\n%1\r\n+b\r\n+c\r\n"),
    Send(b"%4\r\n-ERR a\r\n:1\r\n#t\r\n:2\r\n,1.5\r\n:3\r\n%1\r\n+a\r\n+b\r\n-ERR z\r\n"),
    Send(b"*11\r\n+0\r\n+1\r\n+2\r\n*2\r\n+a\r\n+b\r\n+4\r\n+5\r\n+6\r\n+7\r\n+8\r\n+9\r\n~2\r\n+x\r\n*1\r\n+y\r\n"),
];

const CASES: &[Case] = &[
    (&["INFO"], "", &[Send(b"$6\r\na\r\nb\r\n\r\n")]),
    (&["--csv", "client", "list"], "", &[Send(b"$3\r\na b\r\n")]),
    (&["--no-raw", "memory", "doctor"], "", &[Send(b"-ERR no\r\n")]),
    (&["-d", "X", "-D", "Y", "GET"], "", &[EVERYTHING]),
    (&["-r", "3", "-i", "0.001", "GET"], "", &[OK, Send(b":1\r\n"), Send(b"-ERR\r\n")]),
    (&["-r", "0", "GET"], "", &[OK]),
    (&["-r"], "", &[OK]),
    (&["--nope"], "", &[OK]),
    (&["-2", "-3", "GET"], "", &[OK]),
    (&["-e", "GET"], "", &[Send(b"-ERR no\r\n")]),
    (&["-a", "pw", "GET"], "", &[Send(b"-ERR no\r\n")]),
    (&["-a", "pw", "--no-auth-warning", "-n", "3", "GET"], "", &[OK]),
    (&["-n", "3", "GET"], "", &[Send(b"-ERR no\r\n")]),
    (&["-u", "http://x", "GET"], "", &[OK]),
    (&["-u", "redis://u:p%zz@h", "GET"], "", &[OK]),
    (&["--quoted-input", "SET", "\"a"], "", &[OK]),
    (&["-X", "tag", "SET", "a"], "v", &[OK]),
    (&["-x", "SET", "a"], "v\n", &[OK]),
    (&["GET"], "", &[Close]),
    (&["SHUTDOWN"], "", &[Close]),
    (&["--no-raw", "SUBSCRIBE"], "", &[Send(b"*3\r\n+subscribe\r\n+c\r\n:1\r\n-ERR end\r\n")]),
    (&["-3", "--csv", "SUBSCRIBE"], "", &[Send(b">3\r\n+subscribe\r\n+c\r\n:1\r\n-ERR end\r\n")]),
    (&["MONITOR"], "", &[Send(b"+OK\r\n+1 \"PING\"\r\n-ERR end\r\n")]),
    (
        &["-3", "--no-raw", "--show-pushes", "y", "GET"],
        "",
        &[Send(b">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\na\r\n$1\r\n\"\r\n>1\r\n+other\r\n+OK\r\n")],
    ),
    (&["-3", "GET"], "", &[Send(b">1\r\n+x\r\n+OK\r\n")]),
    (
        &["--no-raw"],
        "SET \"a\\x00b\" 'it\\'s' c\n\nGET \"a\nset a\"b\n3 GET x\n0 GET x\n-1x GET\n+2 GET\n\"\" x\n",
        &[OK],
    ),
    (&["--eval", "/none/such", "k"], "", &[OK]),
    (&["--eval", "tests/cli/script.lua", "k", "2", ",", "a", ",", "b"], "", &[OK]),
    (&["--eval", "tests/cli/script.lua", "-r", "2", "k,"], "", &[OK]),
    (&["-r", "2", "-x", "--eval", "tests/cli/script.lua"], "x", &[Send(b"-ERR no\r\n")]),
    (&["--askpass", "GET"], "secret\n", &[OK]),
    (&["--askpass", "-a", "x", "GET"], "", &[OK]),
    (&[], "GET x\nGET y\nGET z\n", &[OK, Close, OK]),
    (&[], "GET x\nGET y\n", &[Send(b"X\r\n")]),
    (&[], "MULTI\nSELECT 4\nEXEC\nDISCARD\nRESET\nclear\nPING\nQUIT now\nPING\n", &[OK]),
    (&["-e"], "GET x\nGET y\n", &[Send(b"-ERR no\r\n"), OK]),
    (&[], "MONITOR\nGET x\n", &[Close]),
];

/// Whether there is a redis-cli to compare with, which there must be if the environment demands it.
fn redis_cli_is_here() -> bool {
    let here = std::process::Command::new("redis-cli").arg("--version").output().is_ok();
    if !here {
        assert_ne!(std::env::var("MEMORA_REQUIRE_ORACLE").as_deref(), Ok("1"), "redis-cli is not installed");
        println!("skipped: redis-cli is not installed");
    }
    here
}

#[test]
fn made_up_replies_look_the_same_as_in_redis_cli() {
    if !redis_cli_is_here() {
        return;
    }
    let replies = generated::replies();
    let script: Vec<Step> = replies.iter().map(|reply| Send(reply.clone().leak())).collect();
    let requests = "GET x\n".repeat(replies.len());
    for format in FORMATS {
        for protocol in ["-2", "-3"] {
            let args = [format, protocol];
            let shown = |program| run(program, Canned::start(&script).port, &args, requests.as_bytes());
            let (ours, theirs) = (shown(CLI), shown("redis-cli"));
            assert_eq!(ours.stderr, theirs.stderr, "{args:?}");
            for (ours, theirs) in ours.stdout.split("\\n").zip(theirs.stdout.split("\\n")) {
                assert_eq!(ours, theirs, "{args:?}");
            }
            assert_eq!(ours, theirs, "{args:?}");
        }
    }
}

#[test]
fn same_as_redis_cli() {
    if !redis_cli_is_here() {
        return;
    }
    for reply in REPLIES {
        for format in FORMATS {
            compare(&[format, "GET", "x"], "", &[*reply]);
        }
    }
    for (args, stdin, script) in CASES {
        compare(args, stdin, script);
    }
    let port = dead_port();
    assert_eq!(run(CLI, port, &["PING"], b""), run("redis-cli", port, &["PING"], b""));
}

/// Compares what is printed, how it ends, and what the server has been sent.
fn compare(args: &[&str], stdin: &str, script: &[Step]) {
    let outcome = |program| {
        let server = Canned::start(script);
        (run(program, server.port, args, stdin.as_bytes()), server.requests())
    };
    assert_eq!(outcome(CLI), outcome("redis-cli"), "{args:?} {stdin:?} {script:?}");
}
