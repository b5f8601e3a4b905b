//! Asks before commands that destroy much or stop everything, where a person types them.

use memora::resp::Reply;

use crate::input::Input;
use crate::runner::Runner;

/// From so many keys on KEYS keeps a server busy long enough for others to notice.
const MANY_KEYS: i64 = 100_000;

/// Whether the command may run: it is harmless, or the person said yes.
pub(crate) fn may_run(args: &[Vec<u8>], runner: &mut Runner, input: &mut Input) -> bool {
    let Some(question) = question(args, runner) else { return true };
    let answer = input.read_answer(&format!("{question} Go on? (y/N) ")).unwrap_or_default();
    matches!(answer.trim_ascii().first(), Some(b'y' | b'Y'))
}

fn question(args: &[Vec<u8>], runner: &mut Runner) -> Option<String> {
    let sub = args.get(1).map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    let question = match (args[0].to_ascii_uppercase().as_slice(), sub.as_slice()) {
        (b"FLUSHALL", _) => "This removes all keys of all databases.".to_owned(),
        (b"FLUSHDB", _) => format!("This removes all {} keys of the database.", keys(runner)?),
        (b"SHUTDOWN", b"ABORT") => return None,
        (b"SHUTDOWN", _) => "This ends the server, for everyone.".to_owned(),
        (
            b"DEBUG",
            b"SLEEP" | b"SEGFAULT" | b"PANIC" | b"RESTART" | b"CRASH-AND-RECOVER" | b"OOM" | b"RELOAD",
        ) => "This stops the server, for everyone.".to_owned(),
        (b"KEYS", _) => {
            let keys = keys(runner).filter(|&keys| keys >= MANY_KEYS)?;
            format!("This keeps everyone waiting while {keys} keys are looked at; --scan does not.")
        }
        _ => return None,
    };
    Some(question)
}

/// The number of keys, where asking does not become part of a transaction.
fn keys(runner: &mut Runner) -> Option<i64> {
    if runner.session.in_transaction() || runner.session.is_subscribed() {
        return None;
    }
    match runner.ask(&[b"DBSIZE".to_vec()]) {
        Ok(Some(Reply::Integer(keys))) => Some(keys),
        _ => None,
    }
}
