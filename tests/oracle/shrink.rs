//! Making a case that fails small, by leaving out what it fails without, and showing it as a script.

use super::generate::{Case, name_words};
use super::lockstep::{Difference, Pair};
use crate::wire::{Words, render};
use std::time::{Duration, Instant};

/// How long shrinking may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The smallest case found that fails, and how.
pub(crate) fn shrink(pair: &mut Pair, case: &Case) -> Option<(Case, Difference)> {
    let mut shrinker = Shrinker { pair, deadline: Instant::now() + PATIENCE, best: None };
    let first = Case { batch: 1, ..case.clone() };
    if !shrinker.fails(&first) && !shrinker.fails(case) {
        return None;
    }
    shrinker.leave_out_requests();
    shrinker.leave_out_words();
    shrinker.leave_out_requests();
    shrinker.shorten_words();
    shrinker.best
}

struct Shrinker<'a> {
    pair: &'a mut Pair,
    deadline: Instant,
    best: Option<(Case, Difference)>,
}

impl Shrinker<'_> {
    /// Whether a case fails; if so it is the best so far.
    fn fails(&mut self, case: &Case) -> bool {
        if Instant::now() > self.deadline {
            return false;
        }
        let Some(difference) = self.pair.run(case) else { return false };
        self.best = Some((case.clone(), difference));
        true
    }

    fn requests(&self) -> Vec<Words> {
        self.best.as_ref().map(|(case, _)| case.requests.clone()).unwrap_or_default()
    }

    fn fails_with(&mut self, requests: Vec<Words>) -> bool {
        let Some((case, _)) = &self.best else { return false };
        let case = Case { requests, ..case.clone() };
        self.fails(&case)
    }

    /// Leaves out runs of requests, long ones first.
    fn leave_out_requests(&mut self) {
        let mut run = self.requests().len();
        while run > 0 {
            let mut at = 0;
            while at < self.requests().len() {
                let mut fewer = self.requests();
                fewer.drain(at..(at + run).min(fewer.len()));
                if !self.fails_with(fewer) {
                    at += run;
                }
            }
            run /= 2;
        }
    }

    fn leave_out_words(&mut self) {
        for request in 0..self.requests().len() {
            // A container without its subcommand would be another matter.
            let mut at = name_words(&self.requests()[request]);
            while self.requests()[request].len() > at {
                let mut fewer = self.requests();
                fewer[request].remove(at);
                if !self.fails_with(fewer) {
                    at += 1;
                }
            }
        }
    }

    fn shorten_words(&mut self) {
        const LONG_BYTES: usize = 8;
        for request in 0..self.requests().len() {
            for at in 1..self.requests()[request].len() {
                let mut shorter = self.requests();
                if shorter[request][at].len() > LONG_BYTES {
                    shorter[request][at] = b"x".to_vec();
                    self.fails_with(shorter);
                }
            }
        }
    }
}

/// How much of a long reply is shown.
pub(crate) const SHOWN_LINES: usize = 50;

/// A case that fails as a script, with what both answered.
pub(crate) fn script(case: &Case, difference: &Difference) -> String {
    let mut lines = vec![format!("# under RESP{}, {} requests at a time", case.protocol, case.batch)];
    lines.extend(case.requests.iter().map(|request| format!("> {}", join(request))));
    let place = difference.at.map_or("in the end".to_owned(), |at| format!("request {}", at + 1));
    lines.push(format!("# different: {place}: {}", join(&difference.request)));
    for (name, reply) in ["memora", "redis"].iter().zip(&difference.replies) {
        lines.push(format!("# {name}:"));
        lines.extend(render::lines(reply, case.protocol == 3).into_iter().take(SHOWN_LINES));
    }
    lines.join("\n")
}

/// A request as the line of a script.
pub(crate) fn join(request: &[Vec<u8>]) -> String {
    request.iter().map(|word| argument(word)).collect::<Vec<_>>().join(" ")
}

/// A word as a script writes it.
fn argument(word: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !b"\"'\\{$".contains(byte);
    match std::str::from_utf8(word) {
        Ok(text) if !word.is_empty() && word.iter().all(is_plain) => text.to_owned(),
        _ => render::quote(word),
    }
}
