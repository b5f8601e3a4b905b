//! The server program: options, log, server, signals, exit code; a look into data files, and the manual page.

mod check;
mod log;
mod service;
mod shells;
mod signals;

use memora::config::{Config, ConfigOrigin, Invocation};
use memora::exit::Exit;
use memora::server::{Embedding, Server, SetLogLevel, StartError};
use signals::Signals;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// Counts what is allocated, which is `used_memory` in INFO.
#[global_allocator]
static ALLOCATOR: cap::Cap<mimalloc::MiMalloc> = cap::Cap::new(mimalloc::MiMalloc, usize::MAX);

fn main() -> ExitCode {
    match Config::load(std::env::args_os().skip(1)) {
        Ok(Invocation::Run(config, origin)) => run(*config, origin).into(),
        Ok(Invocation::Check(check)) => check::run(&check).into(),
        Ok(Invocation::Help(text) | Invocation::Version(text)) => {
            print!("{text}");
            Exit::Graceful.into()
        }
        Ok(Invocation::Manual) => written(shells::write_manual(&mut io::stdout())).into(),
        Ok(Invocation::Completions(shell)) => completions(&shell).into(),
        Err(error) => {
            eprintln!("{error}");
            Exit::BadUsage.into()
        }
    }
}

/// Prints completions for the shell with this name.
fn completions(shell: &str) -> Exit {
    match shell.parse() {
        Ok(shell) => written(shells::write_completions(shell, &mut io::stdout())),
        Err(_) => {
            eprintln!("memora-server: --completions: expected bash, zsh, fish or powershell, not `{shell}`");
            Exit::BadUsage
        }
    }
}

/// The end of a program that printed a text; a reader who has had enough is no failure.
fn written(printed: io::Result<()>) -> Exit {
    match printed {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Graceful,
        Err(error) => {
            eprintln!("memora-server: {error}");
            Exit::CouldNotStart
        }
        Ok(()) => Exit::Graceful,
    }
}

/// Runs the server until it ends.
fn run(config: Config, origin: ConfigOrigin) -> Exit {
    let set_log_level = match log::start(&config) {
        Ok(set_log_level) => set_log_level,
        Err(error) => {
            eprintln!("memora-server: cannot write the log: {error}");
            return Exit::CouldNotStart;
        }
    };
    tracing::info!(version = env!("CARGO_PKG_VERSION"), configuration = %origin, "memora starts");
    raise_file_limit(&config);
    refuse_huge_pages(&config);
    let ready_file = config.ready_file.clone();
    match start(config, origin, set_log_level) {
        Ok(server) => {
            let exit = serve(server, ready_file.as_deref());
            if let Some(path) = ready_file {
                // It may be gone already, or never have been written.
                let _ = fs::remove_file(path);
            }
            exit
        }
        Err(error) => {
            tracing::error!("{error}");
            eprintln!("memora-server: {error}");
            Exit::CouldNotStart
        }
    }
}

/// Files the server needs besides one per client.
const OTHER_FILES: u64 = 32;

/// Asks the system for as many open files as `maxclients` clients need; says so when there will be fewer.
fn raise_file_limit(config: &Config) {
    let wanted = u64::from(config.maxclients) + OTHER_FILES;
    match rlimit::increase_nofile_limit(wanted) {
        Ok(granted) if granted < wanted => {
            tracing::warn!(granted, wanted, "the system allows fewer open files than maxclients needs");
        }
        Ok(_) => {}
        Err(error) => tracing::debug!(%error, "the limit on open files stays as it is"),
    }
}

/// Asks the system for ordinary pages: to fill a huge one with zeros keeps every client waiting.
#[cfg(target_os = "linux")]
fn refuse_huge_pages(config: &Config) {
    if !config.disable_thp {
        return;
    }
    if let Err(error) = nix::sys::prctl::set_thp_disable(true) {
        tracing::debug!(%error, "the system goes on giving huge pages");
    }
}

/// Other systems give none that was not asked for.
#[cfg(not(target_os = "linux"))]
fn refuse_huge_pages(_: &Config) {}

/// Starts the server in its directory, whose whole path is what CONFIG GET answers from then on.
fn start(mut config: Config, origin: ConfigOrigin, set_log_level: SetLogLevel) -> Result<Server, StartError> {
    let entered = std::env::set_current_dir(&config.dir).and_then(|()| std::env::current_dir());
    config.dir = entered.map_err(|source| StartError::Directory { path: config.dir, source })?;
    let embedding = Embedding {
        config_file: origin.file,
        set_log_level: Some(set_log_level),
        allocated_bytes: Some(|| ALLOCATOR.allocated()),
        ..Embedding::default()
    };
    Server::open(config, embedding)
}

/// Says where the server listens: one line on standard output, and in the ready file.
fn announce(server: &Server, ready_file: Option<&Path>) -> io::Result<()> {
    let pid = std::process::id();
    let mut line = String::from("READY");
    match server.local_addr() {
        Some(address) => line += &format!(" host={} port={}", address.ip(), address.port()),
        None => line += " host= port=0",
    }
    line += &format!(" pid={pid}\n");
    if let Some(path) = ready_file {
        fs::write(path, &line)?;
    }
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.flush()
}

/// Waits for the data to be loaded, says that the server is ready, and waits for it to end or for a signal to end it.
fn serve(mut server: Server, ready_file: Option<&Path>) -> Exit {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return give_up(server, &error),
    };
    let (loaded, ended) = (server.loaded(), server.ended());
    let announced = runtime.block_on(async {
        // Before anybody hears that there is a server to be ended.
        let signals = Signals::listen().inspect_err(|error| {
            tracing::warn!(%error, "signals cannot be heard; SHUTDOWN still works");
        });
        watch(&server, ready_file, loaded, ended, signals.ok()).await
    });
    match announced {
        Ok(()) => server.join(),
        Err(error) => give_up(server, &error),
    }
}

/// Ends a server that nobody would hear of.
fn give_up(server: Server, error: &io::Error) -> Exit {
    tracing::error!(%error, "cannot say that the server is ready");
    eprintln!("memora-server: cannot say that the server is ready: {error}");
    drop(server);
    Exit::CouldNotStart
}

/// Waits for the end, and says in between that the server is ready; signals ask for the end, a second one urgently.
async fn watch(
    server: &Server,
    ready_file: Option<&Path>,
    loaded: impl Future<Output = Result<(), StartError>>,
    ended: impl Future<Output = ()>,
    mut signals: Option<Signals>,
) -> io::Result<()> {
    tokio::pin!(loaded, ended);
    let mut loading = true;
    loop {
        let signal = async {
            match &mut signals {
                Some(signals) => signals.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            outcome = &mut loaded, if loading => {
                loading = false;
                match outcome {
                    Ok(()) => {
                        announce(server, ready_file)?;
                        service::is_ready();
                    }
                    // The server ends by itself, before it has served anybody.
                    Err(error) => eprintln!("memora-server: {error}"),
                }
            }
            () = &mut ended => {
                service::is_stopping();
                return Ok(());
            }
            name = signal => {
                tracing::info!(signal = name, "asked to end");
                service::is_stopping();
                server.request_shutdown(false);
            }
        }
    }
}
