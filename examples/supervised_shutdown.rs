//! Actors fail, clients go on, the server ends in full traffic, and nothing that it acknowledged is lost.
//!
//! Starts a server with its log in a directory of its own, sets clients to work, has one actor after another panic,
//! ends the server in order while everybody writes, starts it again and counts: "N acknowledged, N present".
//!
//! ```text
//! cargo run --example supervised_shutdown
//! ```
//!
//! On a terminal the figures move; otherwise there is one line for each event.

use memora::config::Config;
use memora::config::values::{AppendFsync, BindAddress, DebugCommand};
use memora::exit::Exit;
use memora::server::Server;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Clients at work.
const CLIENTS: usize = 20;

/// The actors that are made to fail, in this order.
const ACTORS: [&str; 5] = ["expiry", "listener", "rewriter", "aof_writer", "keyspace"];

/// How long the figures are watched between two events.
const WATCH: Duration = Duration::from_millis(1200);

/// Between two looks at the figures.
const LOOK: Duration = Duration::from_millis(100);

type Failure = Box<dyn Error + Send + Sync>;

/// What the clients have been told so far.
#[derive(Default)]
struct Figures {
    acknowledged: AtomicU64,
    refused: AtomicU64,
    unknown: AtomicU64,
    stop: AtomicBool,
}

fn main() -> ExitCode {
    quiet_expected_panics();
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("supervised_shutdown: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The panics of this demonstration are told in its own words.
fn quiet_expected_panics() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_expected = payload_text(panic.payload()).starts_with("requested by DEBUG");
        if !is_expected {
            hook(panic);
        }
    }));
}

fn payload_text(payload: &(dyn std::any::Any + Send)) -> &str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or_default()
}

/// The whole story; says whether everything acknowledged was present in the end.
fn run() -> Result<bool, Failure> {
    let dir = std::env::temp_dir().join(format!("memora-demo-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let outcome = tell(&dir);
    std::fs::remove_dir_all(&dir)?;
    outcome
}

fn tell(dir: &Path) -> Result<bool, Failure> {
    let server = Server::start(options(dir))?;
    let address = server.local_addr().ok_or("the server listens on no TCP address")?;
    println!(
        "memora serves {CLIENTS} clients on {address}, each write is on disk before it is acknowledged\n"
    );
    let figures = Arc::new(Figures::default());
    let clients: Vec<_> = (0..CLIENTS).map(|number| set_to_work(address, number, &figures)).collect();
    watch(&figures);
    let mut admin = Conversation::open(address)?;
    for actor in ACTORS {
        println!("\n  {actor} panics");
        admin.ask(&format!("DEBUG PANIC {actor}"))?;
        watch(&figures);
    }
    println!("\n\nthe actors, as INFO tells:");
    print_tree(&admin.ask("INFO actors")?);
    drop(admin);

    println!("\nthe server is asked to end, in full traffic");
    let asked = Instant::now();
    let exit = server.shut_down();
    figures.stop.store(true, Ordering::Relaxed);
    let told = clients.into_iter().map(join).collect::<Result<BTreeMap<_, _>, _>>()?;
    println!("it has ended after {:.0?}: {exit}", asked.elapsed());
    compare(dir, &told)
}

fn options(dir: &Path) -> Config {
    Config {
        port: 0,
        bind: vec![BindAddress { host: "127.0.0.1".into(), optional: false }],
        dir: dir.to_owned(),
        save: Vec::new(),
        appendonly: true,
        appendfsync: AppendFsync::Always,
        enable_debug_command: DebugCommand::Yes,
        ..Config::default()
    }
}

/// One client: its number, what was acknowledged, and whether one write more may have been executed.
type Told = (usize, (u64, u64));

fn set_to_work(
    address: SocketAddr,
    number: usize,
    figures: &Arc<Figures>,
) -> JoinHandle<Result<Told, Failure>> {
    let figures = Arc::clone(figures);
    thread::spawn(move || {
        let mut conversation = Conversation::open(address)?;
        let (mut acknowledged, mut unknown) = (0, 0);
        while !figures.stop.load(Ordering::Relaxed) {
            let Ok(reply) = conversation.ask(&format!("INCR counter:{number}")) else {
                // The connection has ended: whether the last write was executed, this client cannot know.
                unknown += 1;
                break;
            };
            let counter = if reply.starts_with(':') {
                acknowledged += 1;
                &figures.acknowledged
            } else if reply.starts_with("-LOADING") {
                &figures.refused
            } else {
                unknown += 1;
                &figures.unknown
            };
            counter.fetch_add(1, Ordering::Relaxed);
        }
        Ok((number, (acknowledged, unknown)))
    })
}

fn join(client: JoinHandle<Result<Told, Failure>>) -> Result<Told, Failure> {
    client.join().map_err(|_| "a client failed")?
}

/// Shows the figures for a while.
fn watch(figures: &Figures) {
    let is_terminal = io::stdout().is_terminal();
    let (started, before) = (Instant::now(), figures.acknowledged.load(Ordering::Relaxed));
    let line = || {
        let acknowledged = figures.acknowledged.load(Ordering::Relaxed);
        let per_second = (acknowledged - before) as f64 / started.elapsed().as_secs_f64();
        let (refused, unknown) =
            (figures.refused.load(Ordering::Relaxed), figures.unknown.load(Ordering::Relaxed));
        format!(
            "    {per_second:>8.0} writes/s  {acknowledged:>8} acknowledged  {refused:>5} told to wait  {unknown} unknown"
        )
    };
    while started.elapsed() < WATCH {
        thread::sleep(LOOK);
        if is_terminal {
            print!("\r{}", line());
            // A terminal that is gone is none to fail for.
            let _ = io::stdout().flush();
        }
    }
    println!("{}{}", if is_terminal { "\r" } else { "" }, line());
}

/// `INFO actors` as a tree.
fn print_tree(info: &str) {
    println!("  supervisor");
    let actors: Vec<_> = info.lines().filter_map(|line| line.split_once(":state=")).collect();
    for (index, (name, fields)) in actors.iter().enumerate() {
        let branch = if index + 1 == actors.len() { "└─" } else { "├─" };
        let field = |wanted: &str| {
            fields.split(',').find_map(|field| field.strip_prefix(wanted)?.strip_prefix('=')).unwrap_or("")
        };
        let state = fields.split(',').next().unwrap_or_default();
        println!(
            "  {branch} {name:<11} {state:<8} restarts {}  messages {}",
            field("restarts"),
            field("handled")
        );
    }
}

/// Starts the server on what is on disk, and compares.
fn compare(dir: &Path, told: &BTreeMap<usize, (u64, u64)>) -> Result<bool, Failure> {
    let server = Server::start(options(dir))?;
    let mut conversation = Conversation::open(server.local_addr().ok_or("no TCP address")?)?;
    let (mut acknowledged, mut present, mut is_right) = (0, 0, true);
    for (number, (least, unknown)) in told {
        let found = conversation.ask(&format!("GET counter:{number}"))?.trim().parse().unwrap_or(0);
        is_right &= (*least..=least + unknown).contains(&found);
        acknowledged += least;
        // What was executed and not acknowledged is nobody's loss.
        present += found.min(*least);
    }
    drop(conversation);
    println!("\nit is started again: {acknowledged} acknowledged, {present} present");
    Ok(is_right && server.shut_down() == Exit::Graceful)
}

/// A connection that sends lines and reads replies.
struct Conversation(BufReader<TcpStream>);

impl Conversation {
    fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// One request and its reply: its line, or its text if it is a bulk string.
    fn ask(&mut self, request: &str) -> io::Result<String> {
        self.0.get_mut().write_all(format!("{request}\r\n").as_bytes())?;
        let line = self.line()?;
        let Some(len) = line.strip_prefix('$').and_then(|len| len.parse::<usize>().ok()) else {
            return Ok(line);
        };
        let mut text = vec![0; len + 2];
        io::Read::read_exact(&mut self.0, &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.0.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}
