//! What is to be done: how much of it, in how many rounds, in which order, and where results go.

use crate::progress::Progress;
use crate::results::Results;
use crate::servers::{Kind, Program};
use std::io::{self, ErrorKind};
use std::time::Duration;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// A minute: a look whether something is broken.
    Quick,
    /// A quarter of an hour: the table of the documents.
    Usual,
    /// All combinations, which takes more than an hour.
    Full,
}

/// How to measure.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) extent: Extent,
    pub(crate) rounds: usize,
    /// Threads of the load generator.
    pub(crate) threads: usize,
    /// Whether clients come over a Unix socket.
    pub(crate) unix: bool,
    /// How long a combination of the throughput part runs before it is measured, and then.
    pub(crate) warm: Duration,
    pub(crate) measured: Duration,
    /// What sizes are divided by.
    pub(crate) divisor: u64,
    /// How many clients may be connected at most, as files of this process are limited.
    pub(crate) most_clients: u64,
}

/// All that a part needs to measure and to tell.
pub(crate) struct Bench {
    pub(crate) plan: Plan,
    pub(crate) programs: Vec<Program>,
    pub(crate) results: Results,
    pub(crate) progress: Progress,
}

impl Extent {
    pub(crate) fn plan(self, rounds: Option<usize>, threads: usize, unix: bool, most_clients: u64) -> Plan {
        let (usual_rounds, warm_ms, measured_ms, divisor) = match self {
            Extent::Quick => (1, 100, 400, 10),
            Extent::Usual => (3, 100, 500, 1),
            Extent::Full => (5, 200, 1000, 1),
        };
        Plan {
            extent: self,
            rounds: rounds.unwrap_or(usual_rounds),
            threads,
            unix,
            warm: Duration::from_millis(warm_ms),
            measured: Duration::from_millis(measured_ms),
            divisor,
            most_clients,
        }
    }
}

impl Bench {
    /// The servers' places in the order of a round: who was first is last in the next.
    pub(crate) fn order(&self, round: usize) -> Vec<usize> {
        let places = 0..self.programs.len();
        if round % 2 == 0 { places.collect() } else { places.rev().collect() }
    }

    pub(crate) fn step(&mut self, round: usize, server: Kind, what: &str) {
        let text = format!("round {} of {}: {what}, {}", round + 1, self.plan.rounds, server.name());
        self.progress.step(&text);
    }

    /// Turns the error of a server that does not know a command into a row that says so.
    pub(crate) fn or_skip(
        &mut self,
        table: &'static str,
        what: &str,
        server: Kind,
        result: io::Result<()>,
    ) -> io::Result<()> {
        match result {
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                self.results.skip(table, what, server, error.to_string())
            }
            Err(error) => Err(io::Error::new(error.kind(), format!("{what}, {}: {error}", server.name()))),
            Ok(()) => Ok(()),
        }
    }
}

/// A round number in words.
pub(crate) fn counted(number: u64) -> String {
    match number {
        1_000_000 => "a million".into(),
        n if n > 0 && n % 1_000_000 == 0 => format!("{} million", n / 1_000_000),
        n if n >= 10_000 && n % 1000 == 0 => format!("{} thousand", n / 1000),
        n => n.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_numbers_are_words() {
        let texts = [(5_000_000, "5 million"), (1_000_000, "a million"), (100_000, "100 thousand")];
        for (number, text) in texts.into_iter().chain([(1000, "1000"), (20, "20"), (0, "0")]) {
            assert_eq!(counted(number), text);
        }
    }
}
