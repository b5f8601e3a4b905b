//! Every way a Memora process ends: its number and its reason.
//!
//! One list, so that a script, a service manager and the reader of a log mean the same thing by the same
//! number. The numbers from 64 on are those of BSD's `sysexits.h`, where one fits. A process killed by a
//! signal has no row here: the system reports that itself.

use std::fmt;
use std::process::ExitCode;

/// Why the process ends. The number is [`Exit::code`], the sentence is its `Display`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// 0: everything acknowledged is on disk as far as the configuration asks for it, every client was told.
    Graceful,
    /// 1: the server never began to serve, for instance because the port is taken.
    CouldNotStart,
    /// 64 (`EX_USAGE`): wrong arguments, or a configuration that cannot be accepted.
    BadUsage,
    /// 65 (`EX_DATAERR`): a data file that was to be checked is damaged, or holds what Memora does not have.
    BadData,
    /// 70 (`EX_SOFTWARE`): an actor failed more often than `max-restarts` allows and is not dispensable.
    ChildGaveUp,
    /// 74 (`EX_IOERR`): the last write or fsync of the log failed, so the newest writes may be lost.
    FinalWriteFailed,
    /// 75 (`EX_TEMPFAIL`): `shutdown-timeout` passed before every client was served; the data is durable.
    DeadlinePassed,
}

impl Exit {
    /// Every ending, in the order of its number.
    pub const ALL: [Exit; 7] = [
        Exit::Graceful,
        Exit::CouldNotStart,
        Exit::BadUsage,
        Exit::BadData,
        Exit::ChildGaveUp,
        Exit::FinalWriteFailed,
        Exit::DeadlinePassed,
    ];

    /// The number handed to the operating system.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Exit::Graceful => 0,
            Exit::CouldNotStart => 1,
            Exit::BadUsage => 64,
            Exit::BadData => 65,
            Exit::ChildGaveUp => 70,
            Exit::FinalWriteFailed => 74,
            Exit::DeadlinePassed => 75,
        }
    }

    /// The reason in words, without number, capital letter or full stop: fit for a log line.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Exit::Graceful => "graceful shutdown",
            Exit::CouldNotStart => "could not start",
            Exit::BadUsage => "bad usage or configuration",
            Exit::BadData => "a data file is damaged or not supported",
            Exit::ChildGaveUp => "an actor failed too often and gave up",
            Exit::FinalWriteFailed => "the final write or fsync failed",
            Exit::DeadlinePassed => "the shutdown deadline passed",
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (exit code {})", self.reason(), self.code())
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_documented_ones() {
        assert_eq!(Exit::ALL.map(Exit::code), [0, 1, 64, 65, 70, 74, 75]);
    }

    #[test]
    fn display_names_reason_and_number() {
        assert_eq!(Exit::CouldNotStart.to_string(), "could not start (exit code 1)");
    }
}
