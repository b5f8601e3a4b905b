//! Files and flags, good and bad, with the exact messages.

use super::*;
use std::fs;
use std::time::Duration;
use tempfile::TempDir;

fn load(args: &[&str]) -> Result<(Config, ConfigOrigin), String> {
    match Config::load(args.iter().map(OsString::from)) {
        Ok(Invocation::Run(config, origin)) => Ok((*config, origin)),
        Ok(other) => panic!("{args:?} does not run: {other:?}"),
        Err(error) => Err(error.to_string()),
    }
}

fn flags(args: &[&str]) -> Config {
    load(args).unwrap().0
}

fn error(args: &[&str]) -> String {
    load(args).unwrap_err()
}

/// A file with this text, and its path.
fn file(name: &str, text: &str) -> (TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    (dir, path.to_str().unwrap().to_owned())
}

/// The messages for a file, without the path in front of each.
fn problems(name: &str, text: &str) -> Vec<String> {
    let (_dir, path) = file(name, text);
    error(&[&path]).lines().map(|line| line.strip_prefix(&path).unwrap().to_owned()).collect()
}

#[test]
fn nothing_given_is_the_defaults() {
    let (config, origin) = load(&[]).unwrap();
    assert_eq!(config, Config::default());
    assert_eq!(origin, ConfigOrigin::default());
    assert_eq!(origin.to_string(), "defaults");
}

#[test]
fn flags_take_words_up_to_the_next_flag() {
    let config = flags(&[
        "--port",
        "7001",
        "--bind",
        "127.0.0.1",
        "::1",
        "--requirepass",
        "x y",
        "--hz=20",
        "--timeout 5",
    ]);
    assert_eq!(config.get("bind").unwrap(), "127.0.0.1 ::1");
    assert_eq!((config.port, config.hz, config.timeout), (7001, 20, Duration::from_secs(5)));
    assert!(config.requirepass.matches(b"x y"));
}

#[test]
fn a_value_may_start_with_dashes() {
    assert!(flags(&["--requirepass", "--secret", "--hz", "9"]).requirepass.matches(b"--secret"));
    assert_eq!(flags(&["--list-max-listpack-size", "-3"]).list_max_listpack_size, -3);
    assert!(flags(&["--requirepass=--port"]).requirepass.matches(b"--port"));
}

#[test]
fn save_alone_means_none() {
    for args in [&["--save"][..], &["--save", ""], &["--save", "--port", "1"], &["--save="]] {
        assert!(flags(args).save.is_empty());
    }
}

#[test]
fn repeated_flags_add_classes_and_replace_values() {
    let limit = "--client-output-buffer-limit";
    let config = flags(&["--hz", "1", "--hz", "2", limit, "normal", "1", "2", "3", limit, "pubsub 4 5 6"]);
    assert_eq!(config.hz, 2);
    assert_eq!(config.get(&limit[2..]).unwrap(), "normal 1 2 3 slave 268435456 67108864 60 pubsub 4 5 6");
}

#[test]
fn bad_flags_say_what_is_wrong() {
    let cases = [
        (&["--prot", "1"][..], "command line: unknown option `prot`; did you mean `port`?"),
        (
            &["--cluster-enabled", "yes"],
            "command line: `cluster-enabled` is a Redis option that Memora does not have",
        ),
        (&["--port"], "command line: port: expected a number from 0 to 65535, but there is no value"),
        (
            &["--timeout", "--port", "1"],
            "command line: timeout: expected a number of seconds, or a time such as 10s or 5m, but there is no value",
        ),
        (&["--port", "abc"], "command line: port \"abc\": expected a number from 0 to 65535"),
        (
            &["--port", "65536"],
            "command line: port \"65536\": argument must be between 0 and 65535 inclusive",
        ),
        (&["--appendfsync", "often"], "command line: appendfsync \"often\": expected everysec, always or no"),
        (
            &["--save", "60"],
            "command line: save \"60\": Invalid save parameters; expected pairs of seconds and changes, such as: 3600 1 300 100",
        ),
        (
            &["--appenddirname", "a/b"],
            "command line: appenddirname \"a/b\": appenddirname can't be a path, just a dirname; expected a name without a path",
        ),
        (
            &["--loglevel", "loud"],
            "command line: loglevel \"loud\": expected debug, verbose, notice, warning or nothing",
        ),
        (
            &["--client-output-buffer-limit", "normal", "0"],
            "command line: client-output-buffer-limit \"normal 0\": Wrong number of arguments in buffer limit configuration; expected for each class four words, such as: pubsub 32mb 8mb 60",
        ),
        (
            &["-p", "1"],
            "command line: unexpected `-p`: options are written as --port 7001, and a file comes before them\ncommand line: unexpected `1`: options are written as --port 7001, and a file comes before them",
        ),
        (
            &["--port \"1"],
            "command line: port: unbalanced quotes: a quote must close, and a space must follow it",
        ),
        (
            &["--requirepass", "a", "b"],
            "command line: requirepass: expected a password, but there are 2 words; quote one that has spaces",
        ),
    ];
    for (args, text) in cases {
        assert_eq!(error(args), text, "{args:?}");
    }
}

#[test]
fn help_and_version() {
    for args in [["--help", ""], ["-h", ""], ["--port", "--help"]] {
        let invocation = Config::load(args.map(OsString::from)).unwrap();
        assert!(matches!(invocation, Invocation::Help(text) if text.contains("--maxclients")), "{args:?}");
    }
    for arg in ["-v", "--version"] {
        let invocation = Config::load([OsString::from(arg)]).unwrap();
        assert!(matches!(invocation, Invocation::Version(text) if text.contains(env!("CARGO_PKG_VERSION"))));
    }
}

#[test]
fn redis_conf_is_read_and_flags_win() {
    let (_dir, path) = file(
        "redis.conf",
        "# comment\r\nPort 7002\nbind 127.0.0.1 ::1\nhz 20\nrequirepass \"a b\"\nsave \"\"\n",
    );
    let (config, origin) = load(&[&path, "--hz", "30"]).unwrap();
    assert_eq!((config.port, config.hz), (7002, 30));
    assert_eq!(config.get("bind").unwrap(), "127.0.0.1 ::1");
    assert!(config.requirepass.matches(b"a b"));
    assert_eq!(origin.to_string(), format!("{path}, --hz"));
}

#[test]
fn redis_conf_problems_come_all_at_once_with_their_lines() {
    let text = "port 1\ntimeout abc\n\ncluster-enabled yes\ndir \"x\nprotected-mode\ndaemonize yes\n";
    assert_eq!(
        problems("redis.conf", text),
        [
            ":2: timeout \"abc\": expected a number of seconds, or a time such as 10s or 5m",
            ":4: `cluster-enabled` is a Redis option that Memora does not have",
            ":5: unbalanced quotes: a quote must close, and a space must follow it",
            ":6: protected-mode: expected yes or no, but there is no value",
            ":7: daemonize \"yes\": Memora stays in the foreground; start it from systemd, a container, nohup or with & instead",
        ]
    );
}

#[test]
fn included_files_are_relative_to_the_including_one() {
    let (dir, path) = file("redis.conf", "hz 1\ninclude more/own.conf\nport 7\n");
    fs::create_dir(dir.path().join("more")).unwrap();
    let own = dir.path().join("more").join("own.conf");
    fs::write(&own, "hz 2\nport 9\ninclude last.conf\n").unwrap();
    fs::write(dir.path().join("more").join("last.conf"), "timeout 3\n").unwrap();
    let (config, _) = load(&[&path]).unwrap();
    assert_eq!((config.hz, config.port, config.timeout.as_secs()), (2, 7, 3));

    fs::write(dir.path().join("more").join("last.conf"), "timeout x\n").unwrap();
    let last = dir.path().join("more/last.conf");
    assert!(error(&[&path]).starts_with(&format!("{}:1: timeout \"x\"", last.display())));
}

#[test]
fn bad_includes() {
    let (_dir, path) = file("redis.conf", "include redis.conf\n");
    assert_eq!(
        error(&[&path]),
        format!("{path}:1: include `redis.conf`: files include each other more than 16 deep")
    );
    assert_eq!(
        problems("a.conf", "include\ninclude *.conf\n"),
        [
            ":1: include: expected the path of one file",
            ":2: include `*.conf`: patterns are not supported; include each file by its name"
        ]
    );
    let missing = &problems("a.conf", "include nosuch.conf")[0];
    assert!(
        missing.starts_with(":1: include `") && missing.contains("nosuch.conf`: cannot read: "),
        "{missing}"
    );
}

#[test]
fn files_that_cannot_be_read() {
    assert!(error(&["nosuch.conf"]).starts_with("nosuch.conf: cannot read: "));
    let (_dir, path) = file("redis.conf", "");
    fs::write(&path, b"port 1\nrequirepass \xff\n").unwrap();
    assert_eq!(error(&[&path]), format!("{path}:2: not valid UTF-8"));
    fs::write(&path, "\u{feff}port 1\n").unwrap();
    assert_eq!(flags(&[&path]).port, 1);
}

#[test]
fn toml_is_read_in_its_own_types() {
    let text = r#"
        port = 7003
        bind = ["127.0.0.1", "::1"]
        protected-mode = false
        proto-max-bulk-len = "1gb"
        client-query-buffer-limit = 2097152
        timeout = "1m 30s"
        tcp-keepalive = 60
        client-output-buffer-limit = ["normal 1mb 2mb 3", "pubsub 0 0 0"]
        save = []
        appendonly = "no"
    "#;
    let (_dir, path) = file("memora.toml", text);
    let config = flags(&[&path]);
    assert_eq!((config.port, config.protected_mode), (7003, false));
    assert_eq!(config.get("bind").unwrap(), "127.0.0.1 ::1");
    assert_eq!((config.proto_max_bulk_len, config.client_query_buffer_limit), (1 << 30, 1 << 21));
    assert_eq!((config.timeout.as_secs(), config.tcp_keepalive.as_secs()), (90, 60));
    assert_eq!(config.client_output_buffer_limit.normal.soft_bytes, 2 << 20);
    assert_eq!(config.client_output_buffer_limit.pubsub.hard_bytes, 0);
}

#[test]
fn toml_problems_have_lines() {
    let text =
        "port = \"abc\"\nprot = 1\nsupervised = true\nhz = 1.5\nbind = [[\"a\"]]\n\n[network]\nport = 1\n";
    assert_eq!(
        problems("memora.toml", text),
        [
            ":1: port \"abc\": expected a number from 0 to 65535",
            ":2: unknown option `prot`; did you mean `port`?",
            ":3: `supervised` is a Redis option that Memora does not have",
            ":4: hz \"1.5\": expected a number from 1 to 500",
            ":5: an array of an option holds text, numbers or true and false only",
            ":7: `network` is a table, but options are written flat, as in: port = 6379",
        ]
    );
    let broken = problems("memora.toml", "port = 1\nhz = = 2\n");
    assert_eq!(broken.len(), 1);
    assert!(broken[0].starts_with(":2: not valid TOML: "), "{broken:?}");
}

#[test]
fn standard_input_is_redis_conf() {
    let found = file::read_stdin("port 7004\nhz x\n".as_bytes());
    assert_eq!(found.len(), 2);
    let error = apply(found).unwrap_err();
    assert_eq!(error.to_string(), "standard input:2: hz \"x\": expected a number from 1 to 500");
}

#[test]
fn standard_input_is_asked_for_by_a_dash_first_or_last() {
    for (args, from_file) in [
        (&["-"][..], false),
        (&["a.conf", "-"], true),
        (&["-", "--hz", "1"], false),
        (&["--hz", "1", "-"], false),
    ] {
        match flags::parse(args.iter().map(OsString::from)) {
            CommandLine::Run { file, stdin, flags } => {
                assert_eq!((file.is_some(), stdin), (from_file, true), "{args:?}");
                assert!(flags.iter().all(Result::is_ok), "{flags:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn passwords_are_not_repeated_in_messages() {
    let (_dir, path) = file("redis.conf", "requirepass open sesame\n");
    assert!(!error(&[&path]).contains("sesame"));
}
