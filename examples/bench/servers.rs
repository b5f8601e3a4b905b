//! The servers under test: finding their programs, starting them in folders of their own, ending them.
//!
//! Whatever is started is in one register until it is ended, and Ctrl-C ends what is in there; nothing else is ever
//! ended. All servers run without persistence, at addresses of their own, with room for ten thousand clients.

use crate::process;
use crate::stream::{Address, Client};
use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// As many clients as the biggest crowd, and some more.
const MAX_CLIENTS: &str = "12000";

/// How often a server is asked whether it is there, or done.
const POLL: Duration = Duration::from_millis(10);

/// How long a server may take to answer for the first time.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// Nothing that a server is asked for in the background takes so long.
const DONE_TIMEOUT: Duration = Duration::from_secs(120);

/// Another process may take a port that was free a moment ago; then another one is tried.
const START_ATTEMPTS: usize = 3;

/// A server rests when it used less than so many microseconds in each of so many such times, one after the other. One
/// would not do: on a busy machine a server with work to do may have to wait for longer than that.
const REST: Duration = Duration::from_millis(40);
const REST_US: f64 = 1_000.0;
const REST_TIMES: usize = 2;

/// Who never comes to rest is measured as it is.
const REST_TIMEOUT: Duration = Duration::from_secs(10);

/// What ended programs leave as their exit code after Ctrl-C.
const INTERRUPTED: i32 = 130;

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Memora,
    Redis,
    Valkey,
}

/// A server's program.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) kind: Kind,
    pub(crate) path: PathBuf,
    /// As it tells it, without its name.
    pub(crate) version: String,
}

/// A server that runs, until it is dropped.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    pub(crate) address: Address,
    pid: u32,
}

/// Everything that was started and has not been ended.
static RUNNING: Mutex<BTreeMap<u32, (Child, TempDir)>> = Mutex::new(BTreeMap::new());

fn running() -> MutexGuard<'static, BTreeMap<u32, (Child, TempDir)>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Memora => "Memora",
            Kind::Redis => "Redis",
            Kind::Valkey => "Valkey",
        }
    }
}

impl Program {
    /// The program at a path, or of this name in one of the folders of `PATH`.
    ///
    /// # Errors
    /// When there is none, or it does not tell its version.
    pub(crate) fn find(kind: Kind, program: &Path) -> io::Result<Self> {
        let output = Command::new(program).arg("--version").stdin(Stdio::null()).output();
        let output = output
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", program.display())))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(Self { kind, path: program.to_owned(), version: version(&text) })
    }
}

/// `Redis server v=7.0.15 sha=...` and `memora-server 0.1.0` alike.
fn version(text: &str) -> String {
    let mut words = text.lines().next().unwrap_or_default().split_whitespace();
    let marked = words.clone().find_map(|word| word.strip_prefix("v="));
    marked.or_else(|| words.nth(1)).unwrap_or("of unknown version").to_owned()
}

/// The `memora-server` beside this program. Where cargo started this program it is built first, as `cargo run --example`
/// builds examples only, and a server of yesterday would be measured otherwise.
///
/// # Errors
/// When it cannot be built or is not there.
pub(crate) fn memora_beside() -> io::Result<PathBuf> {
    let examples = env::current_exe()?.canonicalize()?;
    let profile =
        examples.ancestors().nth(2).ok_or_else(|| io::Error::other("no folder beside this program"))?;
    let program = profile.join(format!("memora-server{}", env::consts::EXE_SUFFIX));
    if let (Some(cargo), Some(target)) = (env::var_os("CARGO"), profile.parent()) {
        let mut build = Command::new(cargo);
        build.args(["build", "--bin", "memora-server", "--target-dir"]).arg(target);
        if profile.ends_with("release") {
            build.arg("--release");
        }
        if !build.status()?.success() {
            return Err(io::Error::other("memora-server could not be built"));
        }
    }
    if program.exists() {
        return Ok(program);
    }
    let text = format!(
        "{} is missing: cargo build --release builds it, --memora PATH names another",
        program.display()
    );
    Err(io::Error::new(io::ErrorKind::NotFound, text))
}

impl Server {
    /// Starts a program with more options behind its defaults; comes back when it answers.
    pub(crate) fn start(program: &Program, unix: bool) -> io::Result<Self> {
        let mut last = io::Error::other("not tried");
        for _ in 0..START_ATTEMPTS {
            match Self::try_start(program, unix) {
                Ok(server) => return Ok(server),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn try_start(program: &Program, unix: bool) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("memora-bench-").tempdir()?;
        let address = free_address(folder.path(), unix)?;
        let log = folder.path().join("output");
        let output = File::create(&log)?;
        let mut command = Command::new(&program.path);
        command
            .args(["--save", "", "--appendonly", "no", "--maxclients", MAX_CLIENTS, "--dir"])
            .arg(folder.path());
        match &address {
            Address::Port(port) => command.args(["--port", &port.to_string()]),
            #[cfg(unix)]
            Address::Path(path) => command.args(["--port", "0", "--unixsocket"]).arg(path),
        };
        let server = {
            // Ctrl-C waits for this lock, so it cannot come between the start and the note of it.
            let mut running = running();
            let child = command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).spawn()?;
            let pid = child.id();
            running.insert(pid, (child, folder));
            Self { kind: program.kind, address, pid }
        };
        server.wait_for_answer(&log)?;
        Ok(server)
    }

    fn wait_for_answer(&self, log: &Path) -> io::Result<()> {
        let started = Instant::now();
        loop {
            if self.client().and_then(|mut client| client.ask("PING")).is_ok_and(|text| text == "PONG") {
                return Ok(());
            }
            let ended =
                running().get_mut(&self.pid).is_none_or(|(child, _)| !matches!(child.try_wait(), Ok(None)));
            if ended || started.elapsed() > START_TIMEOUT {
                let said = fs::read_to_string(log).unwrap_or_default();
                return Err(io::Error::other(format!(
                    "{} does not start: {}",
                    self.kind.name(),
                    said.trim_end()
                )));
            }
            thread::sleep(POLL);
        }
    }

    /// Waits until so many clients are connected in the server's view, not in the kernel's alone.
    ///
    /// # Errors
    /// When they never are.
    pub(crate) fn has_clients(&self, count: u64) -> io::Result<()> {
        let mut client = self.client()?;
        until(|| Ok(client.info("clients", "connected_clients")? >= count))
    }

    pub(crate) fn client(&self) -> io::Result<Client> {
        Client::connect(&self.address)
    }

    pub(crate) fn cpu_us(&self) -> Option<f64> {
        process::cpu_us(self.pid)
    }

    pub(crate) fn resident_bytes(&self) -> Option<f64> {
        process::resident_bytes(self.pid)
    }

    /// Waits until the server does next to nothing: what it frees behind its replies is not the next measurement's.
    pub(crate) fn rest(&self) {
        let started = Instant::now();
        let mut quiet = 0;
        while quiet < REST_TIMES && started.elapsed() < REST_TIMEOUT {
            let before = self.cpu_us();
            thread::sleep(REST);
            let used = self.cpu_us().zip(before).map(|(after, before)| after - before);
            quiet = if used.is_none_or(|used| used < REST_US) { quiet + 1 } else { 0 };
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let ended = running().remove(&self.pid);
        if let Some((child, _folder)) = ended {
            end(child);
        }
    }
}

/// Asks again and again whether something is done.
///
/// # Errors
/// When it never is.
pub(crate) fn until(mut done: impl FnMut() -> io::Result<bool>) -> io::Result<()> {
    let started = Instant::now();
    while !done()? {
        if started.elapsed() > DONE_TIMEOUT {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "it does not come to an end"));
        }
        thread::sleep(POLL);
    }
    Ok(())
}

/// There is nothing to save, so there is nothing to wait for either.
fn end(mut child: Child) {
    // It may have ended by itself, which `wait` is told, too.
    let _ = child.kill();
    let _ = child.wait();
}

fn free_address(folder: &Path, unix: bool) -> io::Result<Address> {
    #[cfg(unix)]
    if unix {
        return Ok(Address::Path(folder.join("socket")));
    }
    let _ = (folder, unix);
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    Ok(Address::Port(port))
}

/// From now on Ctrl-C (and SIGTERM) ends what was started, removes its folders and ends this program.
///
/// # Errors
/// When the system does not let signals be watched.
pub(crate) fn end_with_ctrl_c() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    thread::Builder::new().name("ctrl-c".into()).spawn(move || {
        runtime.block_on(interrupted());
        // Kept to the end: nobody may start anything any more.
        let mut running = running();
        while let Some((_, (child, folder))) = running.pop_first() {
            end(child);
            drop(folder);
        }
        std::process::exit(INTERRUPTED);
    })?;
    Ok(())
}

#[cfg(unix)]
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => (),
                _ = terminate.recv() => (),
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn interrupted() {
    drop(tokio::signal::ctrl_c().await);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        assert_eq!(version("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc\n"), "7.0.15");
        assert_eq!(version("memora-server 0.1.0 (abc)\n"), "0.1.0");
        assert_eq!(version(""), "of unknown version");
    }
}
