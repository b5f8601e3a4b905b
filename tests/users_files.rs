//! Users in files: the ACL file, lines `user` in both kinds of configuration file, and on the command line.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod common;
#[allow(dead_code, reason = "made for other tests as well")]
mod real_redis;
#[allow(dead_code, reason = "made for other tests as well")]
mod wire;

use common::program::{Program, run};
use real_redis::RealRedis;
use std::fs;
use std::path::Path;
use wire::{Client, Value};

/// The SHA-256 of `pw`.
const PW: &str = "30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4";

fn connect(program: &Program) -> Client {
    Client::connect(program.address()).unwrap()
}

fn ask(client: &mut Client, request: &str) -> Value {
    client.ask_text(&request.split(' ').collect::<Vec<_>>())
}

fn text(value: &Value) -> String {
    String::from_utf8(value.bytes().to_vec()).unwrap()
}

fn lines(client: &mut Client) -> Vec<String> {
    ask(client, "ACL LIST").items().into_iter().map(text).collect()
}

fn ok(client: &mut Client, request: &str) {
    let reply = ask(client, request);
    assert_eq!(text(&reply), "OK", "{request}");
}

#[test]
fn the_acl_file_is_read_saved_and_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("users.acl");
    fs::write(&file, "user app on >pw ~app:* +@all\n\nuser default on nopass ~* &* +@all").unwrap();
    let program = Program::start_in(dir, &["--aclfile", "users.acl", "--save", ""]);
    let mut client = connect(&program);
    let expected = [
        format!("user app on #{PW} ~app:* resetchannels +@all"),
        "user default on nopass ~* &* +@all".to_owned(),
    ];
    assert_eq!(lines(&mut client), expected);
    ok(&mut client, "ACL SETUSER new (~x) +ping");
    ok(&mut client, "ACL SAVE");
    let saved = fs::read_to_string(&file).unwrap();
    assert_eq!(saved, lines(&mut client).join("\n") + "\n");
    let names = fs::read_dir(program.dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.filter(|name| name.to_string_lossy().starts_with("users.acl")).count(), 1);

    // A file with a mistake changes nothing; a good one closes the clients of all users but the default one.
    let mut app = connect(&program);
    ok(&mut app, "AUTH app pw");
    fs::write(&file, "user default on nopass ~* &* +@all\nuser broken +nosuch\n").unwrap();
    let error = text(&ask(&mut client, "ACL LOAD"));
    assert!(error.starts_with("ERR users.acl:2: Error in applying operation '+nosuch'"), "{error}");
    assert_eq!(lines(&mut client).len(), 3);
    assert_eq!(text(&ask(&mut app, "PING")), "PONG");
    fs::write(&file, &saved).unwrap();
    ok(&mut client, "ACL LOAD");
    assert_eq!(app.read(), Value::Closed);
    assert_eq!(text(&ask(&mut client, "PING")), "PONG");
    assert_eq!(fs::read_to_string(&file).unwrap(), lines(&mut client).join("\n") + "\n");
}

#[cfg(unix)]
#[test]
fn a_saved_acl_file_keeps_its_permissions_and_a_failure_keeps_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("users.acl");
    fs::write(&file, "user default on nopass ~* &* +@all\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let program = Program::start_in(dir, &["--aclfile", "users.acl", "--save", ""]);
    let mut client = connect(&program);
    ok(&mut client, "ACL SETUSER a on");
    ok(&mut client, "ACL SAVE");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    // Without the file a new one is for its owner alone.
    fs::remove_file(&file).unwrap();
    ok(&mut client, "ACL SAVE");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let error = text(&ask(&mut client, "ACL SAVE"));
    assert!(error.starts_with("ERR There was an error trying to save the ACLs"), "{error}");
    assert!(program.log().contains("the ACL file cannot be written"));
}

#[test]
fn what_is_wrong_with_an_acl_file_is_told_as_redis_does() {
    if !real_redis::is_installed("the comparison of ACL files") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("u.acl");
    let path = file.to_str().unwrap();
    fs::write(&file, "user a on\n").unwrap();
    let program = Program::start(&["--aclfile", path, "--save", ""]);
    let redis = RealRedis::start(&["--aclfile", path]);
    let mut both = [connect(&program), Client::connect(redis.address).unwrap()];
    for content in [
        "",
        "\n \t\r\n",
        "user",
        "user ",
        "usr a on",
        "# comment",
        "USER a on",
        "user a on\nuser a off\nuser a",
        "user a +nosuch bogus -nosuch bogus\nuser b bogus +@nosuch",
        "user a (~x\nuser b (~x +get)",
        "user a\tb on",
        "user a on >pw ~x (%R~y +get) (&z) nopass\r\nuser b >q resetpass #1",
        "user a  on   +get",
        "user default on >x -@all +acl",
        "user a ~* ~x &* &y",
        "user a \"~x y\"",
    ] {
        fs::write(&file, content).unwrap();
        for request in ["ACL LOAD", "ACL LIST", "ACL WHOAMI"] {
            let [memora, redis] = both.each_mut().map(|client| ask(client, request));
            assert_eq!(memora, redis, "{request} of {content:?}");
        }
    }
    fs::remove_file(&file).unwrap();
    let [memora, redis] = both.each_mut().map(|client| ask(client, "ACL LOAD"));
    assert_eq!(memora, redis);
}

#[test]
fn a_start_with_users_that_cannot_be_understood_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("bad.acl"), "user a on\nuser b +nosuch\n").unwrap();
    fs::write(path("good.acl"), "user a on\n").unwrap();
    fs::write(path("bad.conf"), "port 0\nuser a on\nuser b on >its-own-secret bogus\n").unwrap();
    fs::write(path("bad.toml"), "port = 0\nuser = [\"a on\", \"a off\"]\n").unwrap();
    fs::write(path("table.toml"), "port = 0\nuser = 7\n").unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["--aclfile", &path("bad.acl")], "bad.acl:2: Error in applying operation '+nosuch'"),
        (&["--aclfile", &path("none.acl")], "cannot read the aclfile"),
        (&["--aclfile", &path("good.acl"), "--user", "a", "on"], "one or the other"),
        (&["--user", "a", "+nosuch"], "command line: user a: '+nosuch': Unknown command"),
        (&["--user", "a b", "--user", "a", "on"], "command line: user a: Syntax error"),
        (&["--user"], "expected a user's name"),
        (&[&path("bad.conf")], "bad.conf:3: user b: Syntax error"),
        (&[&path("bad.toml")], "bad.toml:2: the user `a` is there already"),
        (&[&path("table.toml")], "table.toml:2: `user` holds texts"),
    ];
    for (args, complaint) in cases {
        let ports: &[&str] = if args[0].starts_with("--") { &["--port", "0", "--save", ""] } else { &[] };
        let output = run(&[*args, ports].concat());
        let said =
            String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success() && said.contains(complaint), "{args:?}: {said}");
        assert!(!said.contains("its-own-secret"), "{said}");
    }
}

#[test]
fn lines_of_the_configuration_make_users_and_are_rewritten() {
    let conf = "save \"\"\nuser app on >pw ~app:* (~x +get)\n# kept\nuser default on >pw ~* &* +@all\n";
    let toml = "save = \"\"\nuser = [\"app on >pw ~app:* (~x +get)\", \"default on >pw ~* &* +@all\"]\n";
    for (name, content) in [("memora.conf", conf), ("memora.toml", toml)] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(name);
        fs::write(&file, content).unwrap();
        let (before, dir) = rewritten(dir, &file);
        let again = fs::read_to_string(&file).unwrap();
        assert!(again.contains(PW) && !again.contains(">pw"), "{again}");
        assert_eq!(name.ends_with("conf"), again.contains("# kept"), "{again}");
        let program = start(dir, &file);
        let mut client = connect(&program);
        ok(&mut client, "AUTH pw");
        assert_eq!(lines(&mut client), before, "{again}");
    }
}

/// Changes users, rewrites the configuration and ends the server; the users there were.
fn rewritten(dir: tempfile::TempDir, file: &Path) -> (Vec<String>, tempfile::TempDir) {
    let program = start(dir, file);
    let mut client = connect(&program);
    assert!(ask(&mut client, "PING").is_error());
    ok(&mut client, "AUTH app pw");
    ok(&mut client, "AUTH default pw");
    ok(
        &mut client,
        "ACL SETUSER new on #2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae ~it's",
    );
    ok(&mut client, "ACL SETUSER new +@read (\"%R~a'b\" +get)");
    ok(&mut client, "CONFIG REWRITE");
    let users = lines(&mut client);
    client.send(b"SHUTDOWN NOSAVE\r\n");
    let (_, _, dir) = program.ended();
    (users, dir)
}

fn start(dir: tempfile::TempDir, file: &Path) -> Program {
    Program::start_file(dir, file.to_str().unwrap())
}

#[test]
fn users_of_the_command_line_are_flags() {
    let program =
        Program::start(&["--user", "a on nopass +ping", "--user", "b", "on", "(~x", "+get)", "--save", ""]);
    let mut client = connect(&program);
    let found = lines(&mut client);
    assert_eq!(found[0], "user a on nopass resetchannels -@all +ping");
    assert_eq!(found[1], "user b on resetchannels -@all (~x resetchannels -@all +get)");
    // Nothing of this is in a file, and none is there to be rewritten.
    assert!(ask(&mut client, "CONFIG REWRITE").is_error());
}

#[test]
fn requirepass_means_nothing_beside_an_acl_file_and_the_log_says_so() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("u.acl"), "user a on\n").unwrap();
    let program = Program::start_in(dir, &["--aclfile", "u.acl", "--requirepass", "pw", "--save", ""]);
    assert_eq!(text(&ask(&mut connect(&program), "PING")), "PONG");
    assert!(program.log().contains("requirepass means nothing beside an aclfile"), "{}", program.log());
}
