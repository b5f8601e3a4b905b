//! A real `redis-server` of one's own: on a free port, without files that stay, ended with the value.
//!
//! Where the program is not installed, tests that need it say so in one line and pass, unless the environment
//! says `MEMORA_REQUIRE_ORACLE=1`, as continuous integration does.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take to start.
const START_PATIENCE: Duration = Duration::from_secs(20);

/// How often another port is tried when somebody else took the one that was free.
const ATTEMPTS: usize = 5;

/// A running server. Dropping it ends the process.
pub(crate) struct RealRedis {
    process: Child,
    _directory: tempfile::TempDir,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

/// Whether the program is there; `test` is named where it is not.
///
/// # Panics
/// When it is not there although the environment demands it.
pub(crate) fn is_installed(test: &str) -> bool {
    let found = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_ok();
    let required = std::env::var("MEMORA_REQUIRE_ORACLE").is_ok_and(|value| value == "1");
    assert!(found || !required, "redis-server is required here and not installed");
    if !found {
        println!("skipped: {test} needs redis-server");
    }
    found
}

impl RealRedis {
    /// Starts a server with more options, such as `["--enable-debug-command", "yes"]`.
    ///
    /// # Panics
    /// When it does not start.
    pub(crate) fn start(options: &[&str]) -> Self {
        (0..ATTEMPTS).find_map(|_| Self::attempt(options)).expect("redis-server starts on a free port")
    }

    fn attempt(options: &[&str]) -> Option<Self> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let process = Command::new("redis-server")
            .args(["--port", &address.port().to_string(), "--bind", "127.0.0.1", "--save", ""])
            .arg("--logfile")
            .arg(&log)
            .arg("--dir")
            .arg(directory.path())
            .args(options)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self { process, _directory: directory, address };
        let deadline = Instant::now() + START_PATIENCE;
        while Instant::now() < deadline && matches!(server.process.try_wait(), Ok(None)) {
            // Its own word, as somebody else could answer on the port.
            if fs::read_to_string(&log).is_ok_and(|text| text.contains("Ready to accept connections")) {
                return Some(server);
            }
            thread::yield_now();
        }
        None
    }
}

impl Drop for RealRedis {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
