//! A server as a process on a directory that outlives it.

use crate::common::eventually;
use crate::wire::Client;
use memora::resp::Reply;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a rewrite may take: it syncs several files, on a disk that others may keep busy.
const REWRITE_PATIENCE: Duration = Duration::from_secs(120);

/// How long a server may take to start, with everything it has to load.
const START_PATIENCE: Duration = Duration::from_secs(120);

/// How often Redis, which cannot choose a port itself, is given another one that is free.
const PORT_ATTEMPTS: usize = 5;

/// Which program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Memora,
    Redis,
}

/// The program that tests try which could try either.
pub(crate) fn tried() -> Kind {
    match std::env::var("DURABILITY_SERVER").as_deref() {
        Ok("redis") => Kind::Redis,
        _ => Kind::Memora,
    }
}

/// A server that serves. It is killed when dropped; its directory stays.
pub(crate) struct Node {
    process: Mutex<Child>,
    pub(crate) address: SocketAddr,
    /// Where the log is: not in the data directory, which tests compare byte for byte.
    log: tempfile::TempDir,
}

/// A server that did not start.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: Option<i32>,
    /// Standard error, and the log.
    pub(crate) said: String,
}

/// A process that has not said yet that it serves.
pub(crate) struct Starting {
    process: Child,
    /// The address, or nothing if it will never serve.
    ready: Receiver<Option<SocketAddr>>,
    log: tempfile::TempDir,
}

impl Node {
    /// Starts the program under test and waits until it serves.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub(crate) fn start(dir: &Path, options: &[&str]) -> Self {
        Self::start_kind(tried(), dir, options)
    }

    #[track_caller]
    pub(crate) fn start_kind(kind: Kind, dir: &Path, options: &[&str]) -> Self {
        for _ in 0..PORT_ATTEMPTS {
            match Starting::spawn(kind, dir, options).wait() {
                Ok(node) => return node,
                Err(refusal) if refusal.said.contains("Failed listening on port") => {}
                Err(refusal) => panic!("exit code {:?}: {}", refusal.code, refusal.said),
            }
        }
        panic!("others take every port that is free");
    }

    /// Starts Memora, which has to refuse.
    #[track_caller]
    pub(crate) fn refuse(dir: &Path, options: &[&str]) -> Refusal {
        match Starting::spawn(Kind::Memora, dir, options).wait() {
            Ok(node) => panic!("it started: {}", node.log()),
            Err(refusal) => refusal,
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address).unwrap()
    }

    /// A client of the kind that other tests use.
    pub(crate) fn common_client(&self) -> crate::common::Client {
        crate::common::Client::connect(self.address)
    }

    /// Ends it as a power button would: no handler runs, nothing is flushed.
    pub(crate) fn kill(&self) {
        let mut process = self.process.lock().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.lock().unwrap().id()
    }

    /// Sends a signal by its name.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Waits for its end.
    pub(crate) fn exit_code(self) -> (Option<i32>, String) {
        let code = self.process.lock().unwrap().wait().unwrap().code();
        (code, self.log())
    }

    /// Asks it to end, waits, and expects that it ended in order.
    #[track_caller]
    pub(crate) fn shut_down(self, words: &[&str]) {
        let answer = self.client().ask_text(words);
        assert_eq!(answer, crate::wire::Value::Closed, "{words:?}");
        let (code, log) = self.exit_code();
        assert_eq!(code, Some(0), "{log}");
    }

    /// Has the log rewritten, and waits until that is done.
    #[track_caller]
    pub(crate) fn rewrite(&self) {
        let mut client = self.common_client();
        // Redis puts it off while another one ends.
        eventually("a rewrite begins", || !matches!(client.call(&["BGREWRITEAOF"]), Reply::Error(_)));
        self.wait_for_rewrite();
    }

    /// Waits until no rewrite runs or waits for its turn.
    #[track_caller]
    pub(crate) fn wait_for_rewrite(&self) {
        let mut client = self.common_client();
        let mut goes_on = || {
            let fields = ["aof_rewrite_in_progress", "aof_rewrite_scheduled"];
            fields.iter().any(|field| client.info("persistence", field) != "0")
        };
        let begun = Instant::now();
        while goes_on() {
            assert!(begun.elapsed() < REWRITE_PATIENCE, "a rewrite does not end: {}", self.log());
            std::thread::yield_now();
        }
        assert_eq!(client.info("persistence", "aof_last_bgrewrite_status"), "ok", "{}", self.log());
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Ok(process) = self.process.get_mut() {
            // It may have ended by itself.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Starting {
    /// Starts a process without waiting for it.
    pub(crate) fn spawn(kind: Kind, dir: &Path, options: &[&str]) -> Self {
        let log = tempfile::tempdir().unwrap();
        let mut command = command(kind);
        let port = if kind == Kind::Memora { 0 } else { free_port() };
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.arg("--logfile").arg(log.path().join("log")).arg("--dir").arg(dir).args(options);
        let stderr = fs::File::create(log.path().join("stderr")).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        let mut process = command.spawn().unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let (tell, ready) = mpsc::channel();
        let log_file = log.path().join("log");
        thread::spawn(move || {
            let address = match kind {
                Kind::Memora => memora_address(out),
                Kind::Redis => redis_address(out, &log_file, port),
            };
            // Whoever asked may have killed the process and gone.
            let _ = tell.send(address);
        });
        Self { process, ready, log }
    }

    /// Waits until it serves or ends.
    pub(crate) fn wait(self) -> Result<Node, Refusal> {
        let address = self.ready.recv_timeout(START_PATIENCE).expect("an end to the starting");
        let Self { mut process, log, .. } = self;
        if let Some(address) = address {
            return Ok(Node { process: Mutex::new(process), address, log });
        }
        let code = process.wait().unwrap().code();
        let read = |name| fs::read_to_string(log.path().join(name)).unwrap_or_default();
        Err(Refusal { code, said: format!("{}\n{}", read("stderr"), read("log")) })
    }

    /// Sends a signal by its name.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        signal(self.process.id(), name);
    }

    /// Kills it after this time, wherever it is then; says whether it served already.
    pub(crate) fn kill_after(mut self, time: Duration) -> bool {
        let heard = self.ready.recv_timeout(time);
        assert_ne!(heard, Ok(None), "it ended by itself");
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        heard != Err(RecvTimeoutError::Timeout)
    }
}

#[cfg(unix)]
fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap();
    assert!(status.success(), "kill -s {name}");
}

fn command(kind: Kind) -> Command {
    match kind {
        Kind::Redis => Command::new("redis-server"),
        Kind::Memora => {
            let mut command = Command::new(env!("CARGO_BIN_EXE_memora-server"));
            // What the environment of the test says must not configure the server.
            command.env_remove("NO_COLOR");
            command
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn memora_address(mut out: impl BufRead) -> Option<SocketAddr> {
    let mut line = String::new();
    out.read_line(&mut line).ok()?;
    let port = line.split_whitespace().find_map(|word| word.strip_prefix("port="))?;
    Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().ok()?)))
}

fn redis_address(mut out: impl BufRead + Send + 'static, log: &Path, port: u16) -> Option<SocketAddr> {
    // It says nothing there, so that the first answer is its end.
    let end = thread::spawn(move || drop(out.read_line(&mut String::new())));
    loop {
        let has_ended = end.is_finished();
        if fs::read_to_string(log).is_ok_and(|said| said.contains("Ready to accept connections")) {
            return Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        }
        if has_ended {
            return None;
        }
        thread::yield_now();
    }
}
