//! `--stat`: what the server does, a line for each interval.

use std::time::Duration;

use memora::resp::Reply;

use super::Bench;
use crate::prompt::catalog::text;
use crate::runner::Trouble;

/// How long a line stands for unless `-i` says otherwise.
const INTERVAL: Duration = Duration::from_secs(1);

/// The headings are repeated after so many lines.
const LINES_BETWEEN_HEADINGS: usize = 20;

/// Prints lines until Ctrl-C, or as many as `-r` says.
pub(super) fn run(bench: &mut Bench<'_>) -> Result<(), Trouble> {
    let interval = if bench.options.interval.is_zero() { INTERVAL } else { bench.options.interval };
    let lines = usize::try_from(bench.options.repeat).ok().filter(|&lines| lines > 1);
    let mut requests_before = None;
    for line in 0usize.. {
        if line % LINES_BETWEEN_HEADINGS == 0 {
            bench.line("------- data ------ --------------------- load -------------------- - child -")?;
            bench.line("keys       mem      clients blocked requests            connections          ")?;
        }
        let reply = bench.session.query(&["INFO"])?;
        if let Reply::Error(text) = &reply {
            return Err(Trouble::ErrorReply(text.to_vec()));
        }
        let shown = show(&text(&reply), &mut requests_before);
        bench.line(&shown)?;
        if lines.is_some_and(|lines| line + 1 >= lines) || !bench.interrupts.pause(interval) {
            break;
        }
    }
    Ok(())
}

fn show(info: &str, requests_before: &mut Option<u64>) -> String {
    let number = |field: &str| number(info, field);
    let keys: u64 = info.lines().filter(|line| line.starts_with("db")).filter_map(keys_of).sum();
    let requests = number("total_commands_processed");
    let more = requests.saturating_sub(requests_before.replace(requests).unwrap_or(requests));
    let child = match (number("rdb_bgsave_in_progress"), number("aof_rewrite_in_progress")) {
        (0, 0) => "",
        (_, 0) => "SAVE",
        (0, _) => "AOF",
        _ => "SAVE+AOF",
    };
    let requests = format!("{requests} (+{more})");
    format!(
        "{keys:<10} {:<8} {:<7} {:<7} {requests:<19} {:<20} {child}",
        human(number("used_memory")),
        number("connected_clients"),
        number("blocked_clients"),
        number("total_connections_received"),
    )
}

/// The value of a line `field:value`; zero when there is none.
fn number(info: &str, field: &str) -> u64 {
    let lines = info.lines().filter_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    lines.map(str::trim).find_map(|value| value.parse().ok()).unwrap_or(0)
}

/// Of `db0:keys=3,expires=0,…`.
fn keys_of(line: &str) -> Option<u64> {
    line.split_once(":keys=")?.1.split(',').next()?.parse().ok()
}

/// Bytes with a unit, as redis-cli rounds them.
pub(super) fn human(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "K", "M", "G", "T"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes}B") } else { format!("{value:.2}{}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_becomes_a_line() {
        let info = "used_memory:2097152\r\nconnected_clients:3\r\nblocked_clients:1\r\ntotal_commands_processed:50\r\n\
                    total_connections_received:7\r\ndb0:keys=3,expires=0\r\ndb9:keys=4,expires=0\r\n";
        let mut before = Some(40);
        let line = show(info, &mut before);
        assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["7", "2.00M", "3", "1", "50", "(+10)", "7"]);
        assert_eq!(before, Some(50));
    }
}
