//! What the prompt shows besides replies: keys at a glance, pages, other programs, and who is connected.

use super::CLI;
use super::canned::run;
use super::prompt::{session, session_in};
use super::servers::{TestServer, both};
use super::terminal::{CTRL_C, Terminal};

#[test]
fn a_key_can_be_looked_at() {
    for server in both() {
        let mut session = session(server.port());
        let many: Vec<String> = (0..30).map(|number| format!("e{number}")).collect();
        session.run(&format!("rpush queue {}", many.join(" ")));
        session.run("peek queue");
        session.terminal.wait_for("), 30 items, does not expire, ");
        session.terminal.wait_for("20) \"e19\"\n... and 10 more items");
        session.run("hset user name Ada");
        session.run("expire user 1000");
        session.run("peek user");
        session.terminal.wait_for("hash (listpack), 1 fields, expires in ");
        session.terminal.wait_for("1) \"name\"\n2) \"Ada\"");
        session.run("set page \"hällo\\x00\"");
        session.run("peek page");
        session.terminal.wait_for("string (embstr), 7 bytes, does not expire, ");
        session.terminal.wait_for("\"h\\xc3\\xa4llo\\x00\"");
        session.run("setrange long 1999 x");
        session.run("peek long");
        session.terminal.wait_for("... and 1000 more bytes");
        session.run("peek nosuchkey");
        session.terminal.wait_for("there is no such key");
    }
}

/// Sets, sorted sets and streams, on every server that has them.
#[test]
fn a_key_of_every_other_type_can_be_looked_at() {
    for (command, facts, value) in [
        ("sadd key 3 1 2", "set (intset), 3 members, does not expire, ", "1) \"1\"\n2) \"2\"\n3) \"3\""),
        (
            "zadd key 1.5 a 2 b",
            "zset (listpack), 2 members, does not expire, ",
            "1) \"a\"\n2) \"1.5\"\n3) \"b\"",
        ),
        (
            "xadd key 1-1 field value",
            "stream (stream), 1 entries, does not expire, ",
            "1) 1) \"1-1\"\n   2) 1) \"field\"",
        ),
    ] {
        for server in both() {
            let words: Vec<&str> = command.split(' ').collect();
            if server.is_memora() && words[0] == "xadd" {
                continue;
            }
            run(CLI, server.port(), &words, b"");
            let mut session = session(server.port());
            session.run("peek key");
            session.terminal.wait_for(facts);
            session.terminal.wait_for(value);
        }
    }
}

/// Of big ones some members are shown, and how many are left.
#[test]
fn big_sets_and_sorted_sets_are_shown_in_part() {
    let members = |count: usize| (0..count).map(|number| format!("m{number:03}"));
    let many: Vec<String> = members(600).collect();
    let scored =
        |count: usize| members(count).enumerate().flat_map(|(score, name)| [score.to_string(), name]);
    for server in both() {
        let add = |command: &str, words: Vec<String>| {
            let words: Vec<&str> =
                [command, "key"].into_iter().chain(words.iter().map(String::as_str)).collect();
            run(CLI, server.port(), &["DEL", "key"], b"");
            assert!(!run(CLI, server.port(), &words, b"").stdout.contains("ERR"));
        };
        let peek = |shown: &str| {
            let mut session = session(server.port());
            session.run("peek key");
            session.terminal.wait_for(shown);
        };
        add("SADD", many.clone());
        peek("set (hashtable), 600 members, does not expire, ");
        // How many SSCAN shows at once a real Redis leaves open.
        peek(" more members");
        add("ZADD", scored(30).collect());
        peek("... and 10 more members");
        add("ZADD", scored(200).collect());
        peek("... and 180 more members");
    }
}

#[test]
fn who_is_connected_is_completed() {
    for server in both() {
        let mut worker = session(server.port());
        worker.run("client setname worker");
        worker.run("client id");
        let shown = worker.terminal.screen();
        let id = shown.lines().rev().find_map(|line| line.strip_prefix("(integer) ")).unwrap().to_owned();
        let list = run(CLI, server.port(), &["CLIENT", "LIST", "ID", &id], b"").stdout;
        let address = list.split(' ').find_map(|word| word.strip_prefix("addr=")).unwrap().to_owned();
        let mut session = session(server.port());
        for (typed, completed) in [
            ("client kill id wor\t", format!("client kill id {id}")),
            ("client kill addr wor\t", format!("client kill addr {address}")),
            ("client unblock wor\t", format!("client unblock {id}")),
            ("CLIENT KILL USER def\t", "CLIENT KILL USER default".to_owned()),
        ] {
            session.terminal.keys(typed);
            session.terminal.wait_for(&format!("{} {completed}", session.prompt));
            session.terminal.keys(CTRL_C);
            session.wait_for_prompt();
        }
    }
}

#[test]
fn keys_are_completed_whose_type_fits() {
    for server in both() {
        let mut session = session(server.port());
        for line in ["set thing:text 1", "rpush thing:list a", "hset thing:hash f v"] {
            session.run(line);
        }
        for line in ["sadd thing:set 1", "zadd thing:zset 1 a"] {
            session.run(line);
        }
        let expected = [
            ("strlen th\t", "strlen thing:text"),
            ("lpush th\t", "lpush thing:list"),
            ("hgetall th\t", "hgetall thing:hash"),
            ("scard th\t", "scard thing:set"),
            ("zcard th\t", "zcard thing:zset"),
        ];
        for (typed, completed) in expected {
            session.terminal.keys(typed);
            session.terminal.wait_for(&format!("{} {completed}", session.prompt));
            session.terminal.keys(CTRL_C);
            session.wait_for_prompt();
        }
    }
}

#[cfg(unix)]
#[test]
fn replies_go_to_other_programs() {
    let server = TestServer::memora(0);
    let mut session = session(server.port());
    session.run("mset k1 a k2 b \"|\" c");
    session.run("keys k* | wc -l | sed 's/^ */lines: /'");
    session.terminal.wait_for("lines: 2");
    session.run("get \"|\"");
    session.terminal.wait_for("\"c\"");
    session.run("get k1 | no-such-program");
    session.terminal.wait_for("not found");
    // It is there once it has changed the reply, and then waits for more from the terminal.
    session.terminal.keys("get k1 | sed -u s/^a/started/ - /dev/tty\r");
    session.terminal.wait_for("\nstarted");
    session.terminal.keys(CTRL_C);
    session.wait_for_prompt();
}

#[cfg(unix)]
#[test]
fn only_replies_longer_than_the_window_are_paged() {
    let server = TestServer::memora(0);
    let home = tempfile::tempdir().unwrap();
    let mut session = session_in(home, server.port(), &[], &[("PAGER", "tail -n 1 | sed s/^/paged:/")]);
    let many: Vec<String> = (0..100).map(|number| format!("e{number}")).collect();
    session.run("rpush short a b");
    session.run(&format!("rpush long {}", many[..50].join(" ")));
    session.run(":set pager");
    session.run("lrange long 0 -1");
    session.terminal.wait_for("paged:50) \"e49\"");
    session.run("lrange short 0 -1");
    session.terminal.wait_for("\n2) \"b\"");
    session.run(":set nopager");
    session.run("lrange long 0 -1");
    session.terminal.wait_for("\n50) \"e49\"");
}

#[cfg(unix)]
#[test]
fn without_a_pager_there_are_pages_all_the_same() {
    let server = TestServer::memora(0);
    let home = tempfile::tempdir().unwrap();
    let mut session = session_in(home, server.port(), &[], &[("PAGER", "no-such-pager")]);
    let many: Vec<String> = (0..100).map(|number| format!("e{number}")).collect();
    let words = [&["RPUSH", "long"][..], &many.iter().map(String::as_str).collect::<Vec<_>>()].concat();
    run(CLI, server.port(), &words, b"");
    session.run(":set pager");
    session.terminal.keys("lrange long 0 -1\r");
    session.terminal.wait_for(" 39) \"e38\"\n-- 61 more lines: Enter goes on, q ends --");
    session.terminal.keys("\r");
    session.terminal.wait_for(" 78) \"e77\"\n-- 22 more lines: Enter goes on, q ends --");
    session.terminal.keys("q\r");
    session.wait_for_prompt();
    assert!(!session.terminal.screen().contains("79)"));
}

#[cfg(unix)]
#[test]
fn the_password_is_asked_for_and_not_shown() {
    for server in both() {
        run(CLI, server.port(), &["CONFIG", "SET", "requirepass", "sesame"], b"");
        let (home, port) = (tempfile::tempdir().unwrap(), server.port().to_string());
        let start = || Terminal::start(CLI, &["-p", &port, "--askpass", "ECHO", "let in"], home.path(), &[]);
        let mut right = start();
        right.wait_for("Please input password:");
        right.wait_for_no_echo();
        right.keys("sesame\r");
        right.wait_for("\"let in\"");
        assert_eq!(right.exit_code(), 0);
        assert!(!right.screen().contains("sesame"), "{}", right.screen());

        let mut wrong = start();
        wrong.wait_for("Please input password:");
        wrong.wait_for_no_echo();
        wrong.keys("mustard\r");
        wrong.wait_for("AUTH failed: WRONGPASS");
        wrong.wait_for("(error) NOAUTH Authentication required.");
        wrong.exit_code();
    }
}

#[test]
fn ctrl_c_at_the_question_for_a_password_ends_the_program() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(CLI, &["-p", "1", "--askpass", "PING"], home.path(), &[]);
    terminal.wait_for("Please input password:");
    terminal.keys(CTRL_C);
    assert_ne!(terminal.exit_code(), 0);
}
