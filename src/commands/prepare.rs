//! From a client's request to a typed command: look-up, arity, arguments.
//!
//! Runs in the Connection. A request that is wrong travels all the same, as the fault it will be answered
//! with: the Keyspace's gates may have something to say first, and replies keep their order.

use super::args::Args;
use super::faults::{self, Fault};
use super::spec::Row;
use super::table::{Call, Entry, table};
use crate::resp::Argv;

/// A request made ready to run.
pub struct Prepared {
    /// The command it names; none if there is no such command.
    pub entry: Option<&'static Entry>,
    /// The typed command, or why it cannot run.
    pub(super) call: Result<Call, Refusal>,
}

/// Why a request cannot run, by the gate at which Redis would say so.
pub(super) enum Refusal {
    /// There is no such command or subcommand.
    Unknown(Fault),
    /// The number of arguments is wrong.
    Arity(Fault),
    /// An argument is wrong: said last, when every gate is passed.
    Arguments(Fault),
}

impl Prepared {
    /// What is left where a command was taken away to be queued.
    #[must_use]
    pub fn taken() -> Self {
        refused(None, Refusal::Arguments(faults::SYNTAX))
    }

    /// Which argument is the command's first key, where that is fixed.
    #[must_use]
    pub fn first_key(&self) -> Option<usize> {
        let first = self.row()?.range.first;
        usize::try_from(first).ok().filter(|first| *first > 0)
    }

    /// Whether it is a command on data that is right and waits for nothing: of all that a client lives by, it changes the
    /// data alone.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.call.is_ok() && self.entry.is_some_and(|entry| entry.row.flags.is_plain())
    }

    /// Whether there is no such command or subcommand.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self.call, Err(Refusal::Unknown(_)))
    }

    /// The row of the command, if it exists.
    #[must_use]
    pub fn row(&self) -> Option<&'static Row> {
        self.entry.map(|entry| entry.row)
    }
}

/// Makes a request ready: finds its command, checks the number of its arguments and reads them.
#[must_use]
pub fn prepare(argv: Argv<'_>) -> Prepared {
    let name = argv.get(0).unwrap_or_default();
    let Some(command) = table().find(name) else {
        return refused(None, Refusal::Unknown(faults::unknown_command(name, argv.iter().skip(1))));
    };
    match argv.get(1) {
        Some(word) if !command.subcommands.is_empty() => prepare_subcommand(argv, command, word),
        _ => prepare_command(argv, command, 1),
    }
}

fn prepare_subcommand(argv: Argv<'_>, container: &'static Entry, word: &[u8]) -> Prepared {
    match table().find_subcommand(container, word) {
        Some(command) => prepare_command(argv, command, 2),
        None => {
            let fault = faults::unknown_subcommand(container.row.spec.name, word);
            refused(Some(container), Refusal::Unknown(fault))
        }
    }
}

fn prepare_command(argv: Argv<'_>, entry: &'static Entry, skip: usize) -> Prepared {
    if !entry.row.spec.takes(argv.len()) {
        return refused(Some(entry), Refusal::Arity(faults::wrong_arity(&entry.name)));
    }
    let call = (entry.row.parse)(&mut Args::new(argv, skip)).map_err(Refusal::Arguments);
    Prepared { entry: Some(entry), call }
}

fn refused(entry: Option<&'static Entry>, refusal: Refusal) -> Prepared {
    Prepared { entry, call: Err(refusal) }
}
