//! The server program: options, log, server, signals, exit code.

use memora::config::values::LogFormat;
use memora::config::{Config, ConfigOrigin, Invocation};
use memora::exit::Exit;
use memora::server::{Embedding, Server, StartError};
use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use tracing_subscriber::fmt::format::FmtSpan;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Config::load(std::env::args_os().skip(1)) {
        Ok(Invocation::Run(config, origin)) => run(*config, origin).into(),
        Ok(Invocation::Help(text) | Invocation::Version(text)) => {
            print!("{text}");
            Exit::Graceful.into()
        }
        Err(error) => {
            eprintln!("{error}");
            Exit::BadUsage.into()
        }
    }
}

/// Runs the server until it ends.
fn run(config: Config, origin: ConfigOrigin) -> Exit {
    if let Err(error) = start_log(&config) {
        eprintln!("memora-server: cannot write the log: {error}");
        return Exit::CouldNotStart;
    }
    tracing::info!(version = env!("CARGO_PKG_VERSION"), configuration = %origin, "memora starts");
    let ready_file = config.ready_file.clone();
    match start(config, origin) {
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

fn start(config: Config, origin: ConfigOrigin) -> Result<Server, StartError> {
    std::env::set_current_dir(&config.dir)
        .map_err(|source| StartError::Directory { path: config.dir.clone(), source })?;
    Server::start_with(config, Embedding { config_file: origin.file, ..Embedding::default() })
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

/// Says that the server is ready, and waits for it to end or for a signal to end it.
fn serve(mut server: Server, ready_file: Option<&Path>) -> Exit {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return give_up(server, &error),
    };
    let ended = server.ended();
    let announced = runtime.block_on(async {
        // Before anybody hears that there is a server to be ended.
        let signals = Signals::listen();
        announce(&server, ready_file)?;
        match signals {
            Ok(signals) => wait(&server, ended, signals).await,
            Err(error) => {
                tracing::warn!(%error, "signals cannot be heard; SHUTDOWN still works");
                ended.await;
            }
        }
        Ok(())
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

/// Waits for the end; signals ask for it, a second one urgently.
async fn wait(server: &Server, ended: impl Future<Output = ()>, mut signals: Signals) {
    tokio::pin!(ended);
    loop {
        tokio::select! {
            () = &mut ended => return,
            name = signals.next() => {
                tracing::info!(signal = name, "asked to end");
                server.request_shutdown(false);
            }
        }
    }
}

/// Sets the log up: format, level and place as the options say.
fn start_log(config: &Config) -> io::Result<()> {
    let place: Box<dyn Write + Send> = match &config.logfile {
        Some(path) => Box::new(File::options().create(true).append(true).open(path)?),
        None => Box::new(io::stderr()),
    };
    let colour =
        config.logfile.is_none() && io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let builder = tracing_subscriber::fmt()
        .with_max_level(config.loglevel.filter())
        .with_writer(Mutex::new(place))
        .with_span_events(FmtSpan::NONE)
        .with_ansi(colour)
        .with_target(false);
    match config.log_format {
        LogFormat::Pretty => builder.pretty().init(),
        LogFormat::Compact => builder.compact().init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}

/// The signals that ask a process to end.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the next one and names it.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

/// The console events that ask a process to end.
#[cfg(windows)]
struct Signals {
    c: tokio::signal::windows::CtrlC,
    brk: tokio::signal::windows::CtrlBreak,
    close: tokio::signal::windows::CtrlClose,
    logoff: tokio::signal::windows::CtrlLogoff,
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
        Ok(Self {
            c: ctrl_c()?,
            brk: ctrl_break()?,
            close: ctrl_close()?,
            logoff: ctrl_logoff()?,
            shutdown: ctrl_shutdown()?,
        })
    }

    /// Waits for the next one and names it.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.c.recv() => "Ctrl-C",
            _ = self.brk.recv() => "Ctrl-Break",
            _ = self.close.recv() => "console close",
            _ = self.logoff.recv() => "logoff",
            _ = self.shutdown.recv() => "system shutdown",
        }
    }
}
