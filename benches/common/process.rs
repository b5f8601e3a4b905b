//! A server under test as a process that ends with its owner, and a connection to look after it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// How often it is asked whether something has come about.
pub(crate) const POLL: Duration = Duration::from_millis(10);

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Memora,
    Redis,
}

/// Where the servers are.
pub(crate) struct Programs {
    pub(crate) memora: String,
    pub(crate) redis: String,
}

/// The process.
pub(crate) struct Process {
    child: Child,
    pub(crate) port: u16,
    control: BufReader<TcpStream>,
    _folder: tempfile::TempDir,
}

impl Default for Programs {
    fn default() -> Self {
        Self { memora: env!("CARGO_BIN_EXE_memora-server").to_owned(), redis: "redis-server".to_owned() }
    }
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Memora => "Memora",
            Kind::Redis => "Redis",
        }
    }
}

impl Process {
    /// Starts a server in an empty folder of its own; it is there when this comes back.
    pub(crate) fn start(kind: Kind, programs: &Programs, options: &[&str]) -> io::Result<Self> {
        let program = if kind == Kind::Memora { &programs.memora } else { &programs.redis };
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut child = Command::new(program)
            .args(["--port", &port.to_string(), "--dir"])
            .arg(folder.path())
            .args(options)
            .stdout(Stdio::null())
            .spawn()?;
        let control = loop {
            if let Some(status) = child.try_wait()? {
                return Err(io::Error::other(format!("{program} ended: {status}")));
            }
            match TcpStream::connect(("127.0.0.1", port)) {
                Ok(connection) => break connection,
                Err(_) => sleep(POLL),
            }
        };
        control.set_nodelay(true)?;
        Ok(Self { child, port, control: BufReader::new(control), _folder: folder })
    }

    /// Its number in the system.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends requests.
    pub(crate) fn send(&mut self, requests: &[u8]) -> io::Result<()> {
        self.control.get_mut().write_all(requests)
    }

    /// Sends a request that is answered by one line.
    pub(crate) fn ask(&mut self, request: &str) -> io::Result<String> {
        self.send(format!("{request}\r\n").as_bytes())?;
        self.line()
    }

    /// A line of a reply, without its end.
    pub(crate) fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.control.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    /// A section of INFO, with plain line ends.
    pub(crate) fn info(&mut self, section: &str) -> io::Result<String> {
        let header = self.ask(&format!("INFO {section}"))?;
        let len = header.trim_start_matches('$').parse::<usize>().expect("INFO answers a bulk string");
        let mut text = vec![0; len + 2];
        self.control.read_exact(&mut text)?;
        Ok(String::from_utf8_lossy(&text).replace('\r', ""))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, which `wait` is told, too.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
