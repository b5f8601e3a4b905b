//! SCAN from its beginning to its end.

use memora::resp::Reply;

use super::Bench;
use crate::prompt::catalog::{bytes, items};
use crate::runner::Trouble;

/// How many keys a step looks at unless `--count` says otherwise; redis-cli leaves it at ten.
const COUNT: u64 = 1000;

/// With `-i`, the pause is made after so many steps, as in redis-cli.
const STEPS_BETWEEN_PAUSES: u64 = 100;

/// How a walk ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Walked {
    /// All keys have been seen.
    Finished,
    /// Ctrl-C was pressed; a walk from this cursor sees the others.
    Stopped { cursor: Vec<u8> },
}

/// Calls `visit` with each batch of keys, from `--cursor` on, until there are no more or Ctrl-C is pressed.
pub(super) fn walk(
    bench: &mut Bench<'_>,
    steps_between_pauses: Option<u64>,
    mut visit: impl FnMut(&mut Bench<'_>, Vec<Vec<u8>>) -> Result<(), Trouble>,
) -> Result<Walked, Trouble> {
    let steps_between_pauses = steps_between_pauses.unwrap_or(STEPS_BETWEEN_PAUSES);
    let mut cursor = bench.options.cursor.to_string().into_bytes();
    let mut steps = 0;
    loop {
        let reply = bench.session.query(&request(bench, cursor))?;
        if let Reply::Error(text) = &reply {
            return Err(Trouble::ErrorReply(text.to_vec()));
        }
        let [next, found] = items(&reply) else { return Err(Trouble::Unexpected) };
        cursor = bytes(next).to_vec();
        visit(bench, items(found).iter().map(|key| bytes(key).to_vec()).collect())?;
        if cursor == b"0" {
            return Ok(Walked::Finished);
        }
        steps += 1;
        if steps % steps_between_pauses == 0 {
            bench.interrupts.pause(bench.options.interval);
        }
        if bench.interrupts.interrupted() {
            return Ok(Walked::Stopped { cursor });
        }
    }
}

fn request(bench: &Bench<'_>, cursor: Vec<u8>) -> Vec<Vec<u8>> {
    let mut request = vec![b"SCAN".to_vec(), cursor];
    if let Some(pattern) = &bench.options.pattern {
        request.extend([b"MATCH".to_vec(), pattern.clone()]);
    }
    let count = bench.options.count.unwrap_or(COUNT);
    request.extend([b"COUNT".to_vec(), count.to_string().into_bytes()]);
    request
}
