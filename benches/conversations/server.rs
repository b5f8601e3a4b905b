//! A server under test, without persistence, and what it uses of the processor.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// How often it is asked whether the server is there.
const POLL: Duration = Duration::from_millis(10);

/// As many clients as there may be: all that wait, and some more.
const MAX_CLIENTS: &str = "12000";

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

/// A server that ends with its owner.
pub(crate) struct Server {
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

impl Server {
    pub(crate) fn start(kind: Kind, programs: &Programs) -> io::Result<Self> {
        let program = if kind == Kind::Memora { &programs.memora } else { &programs.redis };
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut child = Command::new(program)
            .args(["--port", &port.to_string(), "--save", "", "--maxclients", MAX_CLIENTS, "--dir"])
            .arg(folder.path())
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

    /// Nanoseconds that all threads of the server have run.
    pub(crate) fn cpu_ns(&self) -> f64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("the server runs");
        let files = tasks.map(|task| task.expect("a task").path().join("schedstat"));
        let times = files.filter_map(|file| fs::read_to_string(file).ok());
        times.filter_map(|text| text.split_whitespace().next()?.parse::<f64>().ok()).sum()
    }

    /// Ticks of the clock that the server has run, as `/proc/PID/stat` counts them.
    pub(crate) fn ticks(&self) -> f64 {
        /// Its fields for time in user code and in the kernel, counted behind the program's name.
        const TIMES: [usize; 2] = [11, 12];
        let text = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("the server runs");
        let (_, behind) = text.rsplit_once(") ").expect("a name in brackets");
        let fields: Vec<_> = behind.split(' ').collect();
        TIMES.iter().map(|field| fields[*field].parse::<f64>().expect("a number")).sum()
    }

    /// Sends a request that is answered by one line.
    pub(crate) fn ask(&mut self, request: &str) -> io::Result<String> {
        self.control.get_mut().write_all(format!("{request}\r\n").as_bytes())?;
        self.line()
    }

    /// How many clients wait.
    pub(crate) fn blocked(&mut self) -> io::Result<usize> {
        let header = self.ask("INFO clients")?;
        let mut text = vec![0; header[1..].parse::<usize>().expect("INFO answers a bulk string") + 2];
        self.control.read_exact(&mut text)?;
        let text = String::from_utf8_lossy(&text);
        let count = text.lines().find_map(|line| line.strip_prefix("blocked_clients:"));
        Ok(count.and_then(|count| count.trim().parse().ok()).expect("INFO tells who waits"))
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.control.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which `wait` is told, too.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
