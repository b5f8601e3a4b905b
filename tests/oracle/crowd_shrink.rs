//! Making a case with several clients small, and showing it.

use super::crowd::{Case, Step};
use super::lockstep::Pair;
use super::meeting::{Disagreement, meet};
use super::shrink::{SHOWN_LINES, join};
use crate::wire::render;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// How long shrinking may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs a case; a difference is told with a case that is as short as can be.
pub(crate) fn compare(pair: &mut Pair, case: &Case) -> Result<(), String> {
    let Some(first) = run(pair, case, false) else { return Ok(()) };
    let deadline = Instant::now() + PATIENCE;
    let mut best = (case.clone(), first);
    let fails = |pair: &mut Pair, case: Case, best: &mut (Case, Disagreement)| {
        let found = if Instant::now() < deadline { run(pair, &case, true) } else { None };
        let has_failed = found.is_some();
        if let Some(found) = found {
            *best = (case, found);
        }
        has_failed
    };
    let mut run_len = best.0.steps.len();
    while run_len > 0 {
        let mut at = 0;
        while at < best.0.steps.len() {
            let mut fewer = best.0.clone();
            fewer.steps.drain(at..(at + run_len).min(fewer.steps.len()));
            if !fails(pair, fewer, &mut best) {
                at += run_len;
            }
        }
        run_len /= 2;
    }
    for step in 0..best.0.steps.len() {
        let mut at = 0;
        while let Some(fewer) = without_request(&best.0, step, at) {
            if !fails(pair, fewer, &mut best) {
                at += 1;
            }
        }
    }
    Err(show(&best.0, &best.1))
}

fn run(pair: &mut Pair, case: &Case, is_shrinking: bool) -> Option<Disagreement> {
    catch_unwind(AssertUnwindSafe(|| meet(pair, case, is_shrinking))).unwrap_or_else(|_| {
        // Whoever failed has said so.
        pair.reconnect();
        Some(Disagreement { step: None, what: "a panic".into(), told: [Vec::new(), Vec::new()] })
    })
}

/// The case without one request of a step that has more than one.
fn without_request(case: &Case, step: usize, at: usize) -> Option<Case> {
    let mut fewer = case.clone();
    let Step::Send { requests, .. } = &mut fewer.steps[step] else { return None };
    if requests.len() < 2 || at >= requests.len() {
        return None;
    }
    requests.remove(at);
    Some(fewer)
}

/// A case as lines: who sends what, where `$2` is the number of client 2, and `a ; b` is sent at once.
fn show(case: &Case, found: &Disagreement) -> String {
    let protocols: Vec<_> = case.protocols.iter().map(|protocol| format!("RESP{protocol}")).collect();
    let mut lines = vec![format!("# clients: {}", protocols.join(", "))];
    lines.extend(case.steps.iter().map(|step| match step {
        Step::Leave { client } => format!("{client}> (closes the connection)"),
        Step::Send { client, requests } => {
            let requests: Vec<_> = requests.iter().map(|request| join(request)).collect();
            format!("{client}> {}", requests.join(" ; "))
        }
    }));
    let place = found.step.map_or("in the end".to_owned(), |step| format!("behind line {}", step + 1));
    lines.push(format!("# different: {place}: {}", found.what));
    for (name, told) in ["memora", "redis"].iter().zip(&found.told) {
        lines.push(format!("# {name}:"));
        lines.extend(told.iter().flat_map(|value| render::lines(value, true)).take(SHOWN_LINES));
    }
    lines.join("\n")
}
