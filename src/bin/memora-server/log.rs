//! The log: where it goes, what a line looks like, how much is written.

use memora::config::Config;
use memora::config::values::LogFormat;
use memora::server::SetLogLevel;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, reload};

/// Starts the log as the options say; what comes back changes its level at run time.
///
/// # Errors
/// When the log file cannot be opened.
pub(crate) fn start(config: &Config) -> io::Result<SetLogLevel> {
    let place: Box<dyn Write + Send> = match &config.logfile {
        Some(path) => Box::new(File::options().create(true).append(true).open(path)?),
        None => Box::new(io::stderr()),
    };
    let colour =
        config.logfile.is_none() && io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let layer = fmt::layer().with_writer(Mutex::new(place)).with_ansi(colour).with_target(false);
    let layer = match config.log_format {
        LogFormat::Pretty => layer.pretty().boxed(),
        LogFormat::Compact => layer.compact().boxed(),
        LogFormat::Json => layer.json().boxed(),
    };
    let (filter, level) = reload::Layer::new(config.loglevel.filter());
    tracing_subscriber::registry().with(layer.with_filter(filter)).init();
    Ok(Box::new(move |new| {
        // Fails only when the log is gone, and then there is nothing to set.
        let _ = level.reload(new.filter());
    }))
}
