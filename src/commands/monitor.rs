//! MONITOR: every command that runs, as a line for those who watch.
//!
//! Not shown are, as in Redis, commands for administrators, those that say so, and passwords.

use super::args::Args;
use super::context::{Context, Outcome};
use super::effects::{Control, Redacted};
use super::family::family;
use super::faults::{self, Fault};
use super::prepare::Prepared;
use super::spec::{Command, Flag, Group, Spec};
use crate::resp::Reply;
use std::io::Write;

/// Microseconds in a second.
const SECOND_US: u64 = 1_000_000;

/// `MONITOR`
pub(super) struct MonitorCommand;

impl Command for MonitorCommand {
    const SPEC: Spec = Spec {
        name: "monitor",
        arity: 1,
        flags: &[Flag::Admin, Flag::Noscript, Flag::Loading, Flag::Stale],
        group: Group::Server,
        summary: "Shows every command the server runs",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        if context.session().denies_blocking {
            return Err(faults::MONITOR_DENIED);
        }
        if context.session().monitors {
            // Who watches already is not answered, as in Redis.
            return Ok(Reply::Silent);
        }
        context.session().monitors = true;
        context.effects.control(Control::Monitor);
        Ok(Reply::OK)
    }
}

/// Writes the line about the command that was just executed, line end included, unless it is not shown.
pub fn write_line(lines: &mut Vec<u8>, context: &Context<'_>, prepared: &Prepared) {
    let shown = |flags: super::spec::Flags| !flags.has(Flag::Admin) && !flags.has(Flag::SkipMonitor);
    if !context.effects.ran || !prepared.row().is_some_and(|row| shown(row.flags)) {
        return;
    }
    let now_us = context.facts.now_us();
    let session = &context.clients[context.me];
    let (prefix, address) = match session.unix_socket {
        true => ("unix:", session.address.trim_end_matches(":0")),
        false => ("", session.address.as_str()),
    };
    // Writing to a vector cannot fail.
    let _ = write!(
        lines,
        "+{}.{:06} [{} {prefix}{address}]",
        now_us / SECOND_US,
        now_us % SECOND_US,
        session.database
    );
    for (index, argument) in context.argv.iter().enumerate() {
        lines.push(b' ');
        let hidden = context.effects.redacted.has(index);
        write_quoted(lines, if hidden { Redacted::TEXT } else { argument });
    }
    lines.extend_from_slice(b"\r\n");
}

/// Writes bytes in double quotes; what is not printable ASCII as escapes.
fn write_quoted(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            7 => out.extend_from_slice(b"\\a"),
            8 => out.extend_from_slice(b"\\b"),
            b' '..=b'~' => out.push(*byte),
            other => {
                // Writing to a vector cannot fail.
                let _ = write!(out, "\\x{other:02x}");
            }
        }
    }
    out.push(b'"');
}

family!(Monitor {
    Monitor(MonitorCommand),
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_quoted_as_in_redis() {
        let mut out = Vec::new();
        write_quoted(&mut out, b"\n\r\t\x07\x08\0\xff\\'\" x");
        assert_eq!(out, br#""\n\r\t\a\b\x00\xff\\'\" x""#);
    }
}
