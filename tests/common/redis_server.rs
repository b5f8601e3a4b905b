//! A real redis-server to compare with.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;

/// A redis-server of one test alone, on a Unix socket in a directory of its own.
pub(crate) struct Redis {
    process: Child,
    dir: tempfile::TempDir,
}

impl Redis {
    /// Starts one; says `skipped` where it is not installed, which is an error if the environment demands it.
    pub(crate) fn start(options: &[&str]) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--unixsocket"]).arg(dir.path().join("socket"));
        command.arg("--dir").arg(dir.path()).args(options);
        let Ok(mut process) = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn() else {
            assert_ne!(
                std::env::var("MEMORA_REQUIRE_ORACLE").as_deref(),
                Ok("1"),
                "redis-server is not installed"
            );
            eprintln!("skipped: redis-server is not installed");
            return None;
        };
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("ready to accept")), "redis-server did not start");
        // Reading on keeps the server from blocking on a full pipe.
        thread::spawn(move || lines.for_each(drop));
        Some(Self { process, dir })
    }

    pub(crate) fn client(&self) -> super::Client {
        super::Client::unix(&self.dir.path().join("socket"))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
