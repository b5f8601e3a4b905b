//! The prompt as a person meets it, on a terminal of its own, against Memora and a real Redis.

use super::CLI;
use super::canned::Canned;
use super::canned::Step::Send;
use super::servers::{TestServer, both};
use super::terminal::{CTRL_C, CTRL_D, Terminal};

pub(crate) struct Session {
    pub(crate) terminal: Terminal,
    pub(crate) prompt: String,
    _home: tempfile::TempDir,
}

pub(crate) fn session(port: u16) -> Session {
    session_in(tempfile::tempdir().unwrap(), port, &[], &[])
}

pub(crate) fn session_in(
    home: tempfile::TempDir,
    port: u16,
    args: &[&str],
    variables: &[(&str, &str)],
) -> Session {
    let port_text = port.to_string();
    let mut terminal = Terminal::start(CLI, &[&["-p", &port_text], args].concat(), home.path(), variables);
    let prompt = format!("127.0.0.1:{port}>");
    terminal.wait_for(&prompt);
    Session { terminal, prompt, _home: home }
}

impl Session {
    pub(crate) fn run(&mut self, line: &str) {
        self.terminal.run(line, &self.prompt.clone());
    }

    /// Types a line after the server has ended the connection, again if that had not arrived when it was typed.
    pub(crate) fn run_anew(&mut self, line: &str) {
        let prompt = self.prompt.clone();
        let last = |screen: &str| screen.trim_end().lines().last().unwrap_or_default().to_owned();
        self.terminal.keys(line);
        self.terminal.wait_for(line);
        self.terminal.keys("\r");
        self.terminal
            .wait_until(&prompt, |screen| [&prompt, "not connected>"].contains(&last(screen).as_str()));
        if last(&self.terminal.screen()) != prompt {
            self.terminal.run(line, &prompt);
        }
    }

    /// Waits for the prompt with nothing behind it.
    pub(crate) fn wait_for_prompt(&mut self) {
        self.terminal.wait_for_line(&self.prompt.clone());
    }

    pub(crate) fn wait_for_typed(&mut self, line: &str) {
        self.terminal.wait_for_line(&format!("{} {line}", self.prompt));
    }
}

#[test]
fn commands_are_typed_and_answered() {
    for server in both() {
        let mut session = session(server.port());
        session.run("set greeting \"hällo\\x00\\n\"");
        session.run("get greeting");
        session.terminal.wait_for("\"h\\xc3\\xa4llo\\x00\\n\"");
        session.run("set größe ünï");
        session.run("nosuch command");
        session.terminal.wait_for("(error) ERR unknown command 'nosuch'");
        session.terminal.keys("quit\r");
        assert_eq!(session.terminal.exit_code(), 0);
    }
}

#[test]
fn the_rest_of_the_syntax_follows_the_cursor() {
    for server in both() {
        let mut session = session(server.port());
        session.terminal.keys("lpos ");
        session.wait_for_typed("lpos key element [RANK rank] [COUNT num-matches] [MAXLEN len]");
        session.terminal.keys("k e rank ");
        session.wait_for_typed("lpos k e rank rank [COUNT num-matches] [MAXLEN len]");
        session.terminal.keys("1 maxlen 3 ");
        session.wait_for_typed("lpos k e rank 1 maxlen 3 [COUNT num-matches]");
        session.terminal.keys(CTRL_C);
        session.wait_for_prompt();
        session.run(":set nohints");
        session.terminal.keys("get ");
        session.wait_for_typed("get");
    }
}

#[test]
fn a_server_without_documentation_has_hints_all_the_same() {
    let server = Canned::start(&[Send(b"+OK\r\n")]);
    let mut session = session(server.port);
    session.terminal.keys("getset ");
    session.wait_for_typed("getset key value");
}

#[test]
fn tab_completes_commands_options_keys_and_parameters() {
    for server in both() {
        let mut session = session(server.port());
        session.run("set user:1 Ada");
        session.run("rpush users:list a");
        session.run("set \"two words\" x");
        for (typed, completed) in [
            ("getra\t", "getrange"),
            ("CONFIG RESE\t", "CONFIG RESETSTAT"),
            ("set k v keep\t", "set k v keepttl"),
            ("get us\t", "get user:1"),
            ("llen us\t", "llen users:list"),
            ("get tw\t", "get \"two words\""),
            ("config get proto-max-b\t", "config get proto-max-bulk-len"),
            ("config set hz \t", "config set hz 10"),
            ("config set appendonly y\t", "config set appendonly yes"),
            ("config set appendfsync al\t", "config set appendfsync always"),
            ("help @has\t", "help @hash"),
        ] {
            session.terminal.keys(typed);
            session.terminal.wait_for(&format!("{} {completed}", session.prompt));
            session.terminal.keys(CTRL_C);
            session.wait_for_prompt();
        }
    }
}

#[test]
fn keys_are_completed_in_the_database_that_is_selected() {
    let server = TestServer::memora(0);
    let mut session = session(server.port());
    session.run("set somekey 1");
    session.prompt = format!("127.0.0.1:{}[3]>", server.port());
    session.run("select 3");
    session.run("set sometimes 1");
    session.terminal.keys("get so\t");
    session.wait_for_typed("get sometimes");
}

#[test]
fn the_history_outlives_the_session_and_knows_no_password() {
    let server = TestServer::memora(0);
    let home = tempfile::tempdir().unwrap();
    let path = home.path().to_owned();
    let mut first = session_in(home, server.port(), &[], &[]);
    for line in
        ["set a 1", "auth secret1", "config set requirepass \"\"", "acl setuser bob >secret2", "echo last"]
    {
        first.run(line);
    }
    first.terminal.keys(CTRL_D);
    first.terminal.exit_code();
    let kept = std::fs::read_to_string(path.join(".memoracli_history")).unwrap();
    assert!(kept.contains("set a 1") && kept.contains("echo last"), "{kept}");
    assert!(!kept.contains("secret") && !kept.contains("requirepass"), "{kept}");

    let mut second = session_in(first._home, server.port(), &[], &[]);
    second.terminal.keys("\x1b[A");
    second.wait_for_typed("echo last");
    second.terminal.keys(CTRL_C);
    second.wait_for_prompt();
    second.terminal.keys("\x12set");
    second.terminal.wait_for("set a 1");
}

#[test]
fn a_restarted_server_is_found_again_with_database_and_password() {
    let server = TestServer::memora(0);
    let port = server.port();
    let mut session = session(port);
    session.run("config set requirepass pw");
    session.run("auth pw");
    session.prompt = format!("127.0.0.1:{port}[2]>");
    session.run("select 2");
    server.stop();
    let server = TestServer::memora(port);
    let mut other = self::session(port);
    other.run("config set requirepass pw");
    session.run("echo again");
    session.terminal.wait_for(&format!("Connected to 127.0.0.1:{port}, database 2.\n\"again\""));
    drop(server);
}

#[test]
fn what_was_lost_with_a_connection_is_told() {
    let server = TestServer::memora(0);
    let port = server.port();
    let mut session = session(port);
    session.run("client kill type normal skipme no");
    session.run_anew("echo back");
    session.terminal.wait_for(&format!("Connected to 127.0.0.1:{port}, database 0."));
    server.stop();
    session.terminal.keys("ping\r");
    session.terminal.wait_for("Could not connect to Redis at 127.0.0.1");
    session.terminal.wait_for_line("not connected>");
}

#[test]
fn a_command_meant_for_a_lost_transaction_does_not_run() {
    for server in both().into_iter().filter(|server| !server.is_memora()) {
        let port = server.port();
        let (mut session, mut other) = (session(port), session(port));
        let outside = std::mem::replace(&mut session.prompt, format!("127.0.0.1:{port}(TX)>"));
        session.run("multi");
        other.run("client kill type normal");
        session.prompt = outside;
        session.run_anew("set inside 1");
        session.terminal.wait_for(
            "The transaction begun with MULTI was lost with its connection.\nThis command was not run.",
        );
        session.run("exists inside");
        session.terminal.wait_for("(integer) 0");
    }
}

#[test]
fn ctrl_c_ends_what_is_going_on_and_nothing_else() {
    for server in both() {
        let mut session = session(server.port());
        session.terminal.keys("set half a com");
        session.terminal.wait_for("half a com");
        session.terminal.keys(CTRL_C);
        session.wait_for_prompt();
        session.terminal.keys("monitor\r");
        session.terminal.wait_for_line("OK");
        session.terminal.keys(CTRL_C);
        session.wait_for_prompt();
        session.run("echo alive");
    }
    // This one never answers.
    let server = Canned::start(&[Send(b"")]);
    let mut session = session(server.port);
    session.terminal.keys("blpop list 0\r");
    session.terminal.wait_for("list 0");
    super::canned::wait_for_request(&server, b"blpop");
    session.terminal.keys(CTRL_C);
    session.wait_for_prompt();
    session.terminal.keys(CTRL_D);
    assert_eq!(session.terminal.exit_code(), 0);
}

#[test]
fn what_is_typed_ahead_is_not_lost() {
    let server = TestServer::memora(0);
    let mut session = session(server.port());
    session.terminal.keys("echo one\recho two\recho three\r");
    session.terminal.wait_for("\"three\"");
    session.wait_for_prompt();
}

#[test]
fn pasted_lines_are_commands_one_after_another() {
    let server = TestServer::memora(0);
    let mut session = session(server.port());
    session.terminal.keys("\x1b[200~set a 1\nset b \"x\ny\"\nget b\x1b[201~\r");
    session.terminal.wait_for("\"x\\ny\"");
    session.wait_for_prompt();
}

#[test]
fn colours_show_what_is_wrong_unless_they_are_not_wanted() {
    let server = TestServer::memora(0);
    let mut session = session(server.port());
    session.terminal.keys("get a toomany");
    session.wait_for_typed("get a toomany");
    let column =
        |text: &str| u16::try_from(session.prompt.len() + 1 + "get a toomany".find(text).unwrap()).unwrap();
    let colour = |text| session.terminal.cells().cell(0, column(text)).unwrap().fgcolor();
    assert_eq!(colour("get"), vt100::Color::Idx(6));
    assert_eq!(colour("a t"), vt100::Color::Default);
    assert_eq!(colour("toomany"), vt100::Color::Idx(1));

    let home = tempfile::tempdir().unwrap();
    let mut plain = session_in(home, server.port(), &[], &[("NO_COLOR", "1")]);
    plain.terminal.keys("get ");
    plain.wait_for_typed("get key");
    let text = String::from_utf8_lossy(&plain.terminal.written).into_owned();
    assert!(!text.contains("\x1b[3") && !text.contains("\x1b[1;3"), "{text:?}");
}

#[test]
fn a_window_may_change_its_size() {
    let server = TestServer::memora(0);
    let mut session = session(server.port());
    session.terminal.resize(60);
    session.run("echo narrow");
    let value = "0123456789".repeat(7);
    session.terminal.keys(&format!("set wide {value}\r"));
    session.terminal.wait_for("OK");
    session.wait_for_prompt();
    session.run("strlen wide");
    session.terminal.wait_for("(integer) 70");
}

#[test]
fn a_reply_of_a_million_items_is_shown() {
    let reply = [b"*1000000\r\n".as_slice(), &b"$1\r\nx\r\n".repeat(1_000_000)].concat();
    let server = Canned::start(&[Send(reply.leak())]);
    let mut session = session(server.port);
    session.terminal.keys("lrange all 0 -1\r");
    session.terminal.wait_for("1000000) \"x\"");
}

#[test]
fn help_tells_about_commands_and_groups() {
    for server in both() {
        let mut session = session(server.port());
        session.run("help getset");
        session.terminal.wait_for("  GETSET key value\n  summary: ");
        session
            .terminal
            .wait_for("  since: 1.0.0\n  group: string\n  complexity: O(1)\n  categories: @write @string");
        session.run("\\h @hash");
        session.terminal.wait_for("  HGETALL ");
        session.run("help config");
        session.terminal.wait_for("  CONFIG RESETSTAT ");
        session.run("help nosuchthing");
        session.terminal.wait_for("Nothing is known about nosuchthing.");
    }
}

#[test]
fn preferences_are_read_from_a_file() {
    let server = TestServer::memora(0);
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join(".memoraclirc"), "# no hints for me\n:set nohints\n:set vi\n").unwrap();
    let mut session = session_in(home, server.port(), &[], &[]);
    session.terminal.keys("get b\x1b0Recho\x1b");
    session.terminal.wait_for("echob");
}

#[test]
fn what_destroys_much_is_asked_about() {
    for server in both() {
        let mut session = session(server.port());
        session.run("set precious 1");
        session.terminal.keys("flushall\r");
        session.terminal.wait_for("This removes all keys of all databases. Go on? (y/N)");
        session.terminal.keys("n\r");
        session.wait_for_prompt();
        session.run("dbsize");
        session.terminal.wait_for("(integer) 1");
        session.terminal.keys("flushdb\r");
        session.terminal.wait_for("This removes all 1 keys of the database. Go on? (y/N)");
        session.terminal.keys("y\r");
        session.wait_for_prompt();
        session.run("dbsize");
        session.terminal.wait_for("(integer) 0");
    }
}

#[test]
fn commands_are_timed_and_watched() {
    let server = TestServer::memora(0);
    let mut session = session(server.port());
    session.run(":time on");
    session.run("ping");
    session.terminal.wait_for(" ms)");
    session.terminal.keys(":watch incr counter\r");
    session.terminal.wait_for("(integer) 2");
    session.terminal.keys(CTRL_C);
    session.wait_for_prompt();
}

#[test]
fn two_servers_are_compared() {
    let (here, there) = (TestServer::memora(0), TestServer::memora(0));
    let mut session = session(here.port());
    session.run("set only-here 1");
    session.run(&format!(":diff redis://127.0.0.1:{}", there.port()));
    session.run("echo both");
    session.terminal.wait_for(&format!("\"both\"\n(the same at 127.0.0.1:{})", there.port()));
    session.run("get only-here");
    session.terminal.wait_for(&format!("- \"1\"\n+ (nil)\n(- here, + at 127.0.0.1:{})", there.port()));
    session.run(":diff off");
    session.run("dbsize");
    session.terminal.wait_for_line(&session.prompt.clone());
    assert!(session.terminal.screen().contains("dbsize\n(integer) 1\n127"));
}
