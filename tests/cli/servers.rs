//! The servers the prompt and the tools are tried on: Memora, and a real Redis where there is one.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use memora::config::Config;
use memora::config::values::BindAddress;
use memora::server::Server;

/// A server on a port of the loopback interface.
pub(crate) enum TestServer {
    Memora { server: Option<Server>, port: u16 },
    Redis { process: Child, port: u16, _dir: tempfile::TempDir },
}

/// Memora, and a real Redis unless it is missing, which is an error if the environment demands it.
pub(crate) fn both() -> Vec<TestServer> {
    let mut servers = vec![TestServer::memora(0)];
    servers.extend(TestServer::redis());
    servers
}

impl TestServer {
    /// Memora on this port, or on a free one if that is 0.
    pub(crate) fn memora(port: u16) -> Self {
        let bind = vec![BindAddress { host: "127.0.0.1".into(), optional: false }];
        let server = Server::start(Config { port, bind, save: Vec::new(), ..Config::default() }).unwrap();
        let port = server.local_addr().unwrap().port();
        Self::Memora { server: Some(server), port }
    }

    fn redis() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("redis-server");
        command.args(["--save", "", "--bind", "127.0.0.1", "--port", &port.to_string()]);
        let spawned = command.arg("--dir").arg(dir.path()).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let Ok(process) = spawned else {
            let demanded = std::env::var("MEMORA_REQUIRE_ORACLE").as_deref() == Ok("1");
            assert!(!demanded, "redis-server is not installed");
            println!("skipped: redis-server is not installed");
            return None;
        };
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "redis-server did not start");
            std::thread::yield_now();
        }
        Some(Self::Redis { process, port, _dir: dir })
    }

    pub(crate) fn port(&self) -> u16 {
        match self {
            Self::Memora { port, .. } | Self::Redis { port, .. } => *port,
        }
    }

    pub(crate) fn is_memora(&self) -> bool {
        matches!(self, Self::Memora { .. })
    }

    /// Ends it, so that its port is free for another.
    pub(crate) fn stop(mut self) {
        if let Self::Memora { server, .. } = &mut self {
            let _ = server.take().unwrap().shut_down();
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Self::Redis { process, .. } = self {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
