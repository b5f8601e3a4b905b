//! The table of options as a whole, the file that is derived from it, and CONFIG SET beside a real server.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use memora::config::values::{DebugCommand, EvictionPolicy, LogFormat, LogLevel, Named, OnPanic};
use memora::config::{Config, Invocation, OPTIONS, help};

/// The committed file with every default. `UPDATE=1 cargo test --test config` writes it anew.
const TOML_PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/memora.toml");

#[test]
fn memora_toml_is_the_table_and_holds_the_defaults() {
    let fresh = help::toml();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(TOML_PATH, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(TOML_PATH).unwrap().replace("\r\n", "\n");
    assert!(committed == fresh, "config/memora.toml is stale: run UPDATE=1 cargo test --test config");

    match Config::load([TOML_PATH.into()]) {
        Ok(Invocation::Run(config, origin)) => {
            assert_eq!(*config, Config::default());
            assert_eq!(origin.file.unwrap(), std::path::Path::new(TOML_PATH));
        }
        other => panic!("memora.toml does not load: {other:?}"),
    }
}

#[test]
fn names_are_unique_and_in_redis_style() {
    let mut names: Vec<_> = OPTIONS.iter().flat_map(|row| row.names()).collect();
    for name in &names {
        let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(plain && !name.starts_with('-') && !name.ends_with('-'), "{name}");
    }
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
}

#[test]
fn groups_are_contiguous() {
    let mut groups: Vec<_> = OPTIONS.iter().map(|row| row.group.title()).collect();
    groups.dedup();
    let mut unique = groups.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(groups.len(), unique.len(), "{groups:?}");
}

#[test]
fn docs_are_one_sentence() {
    for row in OPTIONS {
        let letters_then_dot = row.doc.strip_suffix('.').expect(row.name);
        assert!(!letters_then_dot.contains(". "), "{}: {}", row.name, row.doc);
        assert!(row.doc.starts_with(|first: char| first.is_ascii_uppercase()), "{}", row.name);
    }
}

#[test]
fn every_choice_has_a_name_for_its_default() {
    fn all_have_names<T: Named + Default>() {
        assert_eq!(T::named(T::default().name()).map(T::name), Some(T::default().name()));
        for (word, value) in T::NAMES.iter().chain(T::ALSO) {
            assert_eq!(T::named(value.name()).map(T::name), Some(value.name()), "{word}");
        }
    }
    all_have_names::<LogLevel>();
    all_have_names::<LogFormat>();
    all_have_names::<OnPanic>();
    all_have_names::<DebugCommand>();
    all_have_names::<EvictionPolicy>();
}

#[test]
fn help_names_every_option_in_eighty_columns() {
    let help = help::text();
    for row in OPTIONS {
        assert!(help.contains(&format!("\n  --{} ", row.name)), "{}", row.name);
    }
    for line in help.lines() {
        assert!(line.len() <= 80 && line == line.trim_end(), "{line:?}");
    }
}

/// CONFIG SET beside redis-server: the same arguments have to give the same reply.
#[cfg(unix)]
mod beside_redis {
    use super::{Config, OPTIONS};
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::net::UnixStream;
    use std::process::{Child, Command, Stdio};

    const MISTAKES: &[&[&str]] = &[
        &["foo", "bar"],
        &["FooBar", "bar", "baz", "qux"],
        &["timeout", "abc"],
        &["TIMEOUT", "abc"],
        &["timeout", ""],
        &["timeout", "-1"],
        &["timeout", "3000000000"],
        &["timeout", "007"],
        &["timeout", "1", "Timeout", "2"],
        &["timeout", "5", "unknown", "3", "timeout", "x"],
        &["timeout", "5", "hz", "abc"],
        &["timeout", "abc", "databases", "5"],
        &["DATABASES", "abc"],
        &["maxclients", "0"],
        &["maxclients", "4294967296"],
        &["tcp-keepalive", "x"],
        &["protected-mode", "maybe"],
        &["proto-max-bulk-len", "abc"],
        &["proto-max-bulk-len", "-1"],
        &["proto-max-bulk-len", "1mbx"],
        &["proto-max-bulk-len", "1kb"],
        &["client-query-buffer-limit", "1"],
        &["hash-max-ziplist-entries", "abc"],
        &["hash-max-listpack-entries", "-1"],
        &["hash-max-listpack-value", "-1"],
        &["list-max-listpack-size", "3000000000"],
        &["hz", "-1"],
        &["client-output-buffer-limit", "normal 0 0"],
        &["client-output-buffer-limit", "normal  0 0 0"],
        &["client-output-buffer-limit", "master 0 0 0"],
        &["client-output-buffer-limit", "normal 0 0 x"],
        &["client-output-buffer-limit", "normal x 0 0"],
        &["client-output-buffer-limit", "normal 0 0 -1"],
        &["save", "a"],
        &["save", "1"],
        &["save", "0 1"],
        &["save", "1 -1"],
        &["maxmemory", "abc"],
        &["maxmemory-policy", "foo"],
        &["appendonly", "maybe"],
        &["shutdown-timeout", "-1"],
        &["dir", "/nonexistent"],
        &["daemonize", "no"],
        &["io-threads", "2"],
        &["logfile", "x"],
        &["tcp-backlog", "x"],
        &["unixsocket", "x"],
        &["unixsocketperm", "999"],
        &["enable-debug-command", "yes"],
        &["save", "60 1 30"],
        &["save", "60 0x1"],
        &["appendfsync", "often"],
        &["appendfsync", ""],
        &["appendonly", "1"],
        &["appenddirname", "x"],
        &["appendfilename", "x"],
        &["rdbchecksum", "no"],
        &["dbfilename", "x"],
        &["aof-load-truncated", "x"],
        &["aof-use-rdb-preamble", "on"],
        &["aof-timestamp-enabled", "2"],
        &["auto-aof-rewrite-percentage", "-1"],
        &["auto-aof-rewrite-percentage", "2147483648"],
        &["auto-aof-rewrite-percentage", "100%"],
        &["auto-aof-rewrite-min-size", "-1"],
        &["auto-aof-rewrite-min-size", "64mbx"],
        &["no-appendfsync-on-rewrite", "x"],
        &["rdbcompression", "x"],
        &["stop-writes-on-bgsave-error", "x"],
        &["save", "60 1", "appendfsync", "x"],
    ];

    const GOOD: &[&[&str]] = &[
        &["timeout", "5", "HZ", "0"],
        &["hz", "1000"],
        &["proto-max-bulk-len", "1MB", "hash-max-listpack-value", "1k"],
        &["hash-max-ziplist-entries", "5", "hash-max-listpack-entries", "6"],
        &["client-output-buffer-limit", "NORMAL 1kb 2 3 replica 4 5 6"],
        &["client-output-buffer-limit", ""],
        &["loglevel", "DEBUG"],
        &["hash-max-listpack-entries", "9223372036854775807"],
        &["hash-max-listpack-value", "9223372036854775807"],
        &["list-max-listpack-size", "-2147483648"],
        &["timeout", "2147483647"],
        &["save", ""],
        &["requirepass", ""],
        &["maxmemory", "0b", "maxmemory-policy", "Noeviction", "appendonly", "NO"],
        &["list-max-listpack-size", "-9", "protected-mode", "YES"],
        &["save", "900 1"],
        &["save", "900 1 300 10 60 10000"],
        &["save", "1 0"],
        &["save", " 20  2 "],
        &["save", "20 2 10 3"],
        &["save", "", "stop-writes-on-bgsave-error", "no", "rdbcompression", "no"],
        &["appendfsync", "always"],
        &["appendfsync", "NO"],
        &["appendfsync", "everysec"],
        &["aof-load-truncated", "no", "aof-use-rdb-preamble", "no", "aof-timestamp-enabled", "yes"],
        &["auto-aof-rewrite-percentage", "0"],
        &["auto-aof-rewrite-percentage", "2147483647", "auto-aof-rewrite-min-size", "1kb"],
        &["auto-aof-rewrite-min-size", "0", "no-appendfsync-on-rewrite", "yes"],
    ];

    /// Another default on purpose, or set by starting the server for this test.
    const OTHER_DEFAULTS: &[&str] = &["bind", "dir", "io-threads", "port", "unixsocket"];

    #[test]
    fn defaults_and_config_set_are_redis_own() {
        let Some(mut redis) = Redis::start() else {
            let required = std::env::var("MEMORA_REQUIRE_ORACLE");
            assert_ne!(required.as_deref(), Ok("1"), "redis-server is not installed");
            eprintln!("skipped: redis-server is not installed");
            return;
        };
        let mut config = Config::default();
        for name in OPTIONS.iter().flat_map(|row| row.names()).filter(|name| !OTHER_DEFAULTS.contains(name)) {
            if let Some(theirs) = redis.get(name) {
                assert_eq!(config.get(name).unwrap(), theirs, "default of {name}");
            }
        }
        for args in MISTAKES.iter().chain(GOOD) {
            let theirs = redis.call(&[&["CONFIG", "SET"], *args].concat());
            assert_eq!(ours(&mut config, args), theirs, "{args:?}");
            for name in args.iter().step_by(2).filter(|name| !OTHER_DEFAULTS.contains(name)) {
                assert_eq!(config.get(name), redis.get(name), "{name} after {args:?}");
            }
        }
    }

    fn ours(config: &mut Config, args: &[&str]) -> String {
        let pairs: Vec<_> = args.chunks(2).map(|pair| (pair[0].as_bytes(), pair[1].as_bytes())).collect();
        match config.set_many(&pairs) {
            Ok(_) => "+OK".to_owned(),
            Err(error) => format!("-ERR {error}"),
        }
    }

    /// A redis-server of this test alone, on a Unix socket in a directory of its own.
    struct Redis {
        process: Child,
        connection: BufReader<UnixStream>,
        _dir: tempfile::TempDir,
    }

    impl Redis {
        fn start() -> Option<Self> {
            let dir = tempfile::tempdir().unwrap();
            let socket = dir.path().join("socket");
            let mut command = Command::new("redis-server");
            command.args(["--port", "0", "--unixsocket"]).arg(&socket).arg("--dir").arg(dir.path());
            let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().ok()?;
            let log = BufReader::new(process.stdout.take().unwrap());
            // Reading the log to its end keeps the server from blocking on a full pipe later.
            let mut lines = log.lines();
            lines.by_ref().map(Result::unwrap).find(|line| line.contains("ready to accept"))?;
            std::thread::spawn(move || lines.for_each(drop));
            let connection = BufReader::new(UnixStream::connect(&socket).unwrap());
            Some(Self { process, connection, _dir: dir })
        }

        /// The first line of the reply.
        fn call(&mut self, args: &[&str]) -> String {
            let mut request = format!("*{}\r\n", args.len());
            for arg in args {
                request.push_str(&format!("${}\r\n{arg}\r\n", arg.len()));
            }
            self.connection.get_mut().write_all(request.as_bytes()).unwrap();
            self.line()
        }

        fn line(&mut self) -> String {
            let mut line = String::new();
            self.connection.read_line(&mut line).unwrap();
            line.trim_end_matches(['\r', '\n']).to_owned()
        }

        fn get(&mut self, name: &str) -> Option<String> {
            match self.call(&["CONFIG", "GET", name]).as_str() {
                "*2" => {
                    let [_, _, _, value] = [(); 4].map(|()| self.line());
                    Some(value)
                }
                _ => None,
            }
        }
    }

    impl Drop for Redis {
        fn drop(&mut self) {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}

#[test]
fn the_program_prints_its_manual_and_completions() {
    let run = |args: &[&str]| {
        let output =
            std::process::Command::new(env!("CARGO_BIN_EXE_memora-server")).args(args).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, manual) = run(&["--manual"]);
    assert!(code == Some(0) && manual.contains(".TH memora-server 1"), "{manual}");
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let (code, script) = run(&["--completions", shell]);
        assert!(code == Some(0) && OPTIONS.iter().all(|row| script.contains(row.name)), "{shell}");
    }
    assert_eq!(run(&["--completions", "nosuch"]), (Some(64), String::new()));
    assert_eq!(run(&["--completions"]), (Some(64), String::new()));
}
