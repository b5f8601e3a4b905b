//! Examples of commands, which were really run: `examples.txt` holds what was typed and what was answered.
//!
//! ```text
//! @ INCR              the command the next lines are about
//! > INCR visits       what is typed
//! (integer) 1         what is shown
//! ~ PTTL session      the same, where the digits of the answer differ from time to time
//! ```
//!
//! `tests/cli/examples.rs` runs every line and compares what is shown; with `UPDATE=1` it writes the answers, so
//! that an example is added by typing its commands into the file. Deliberately absent: commands whose answer
//! is of no use here, or that end the server.

/// The examples of all commands.
const EXAMPLES: &str = include_str!("examples.txt");

/// The lines of a command's example, what is typed with a `>` before it; none where there is no example.
pub(super) fn of(name: &str) -> impl Iterator<Item = String> {
    let lines = EXAMPLES.lines().skip_while(move |line| line.strip_prefix("@ ") != Some(name)).skip(1);
    lines.take_while(|line| !line.starts_with("@ ")).map(|line| match line.strip_prefix("~ ") {
        Some(typed) => format!("> {typed}"),
        None => line.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_found_by_name() {
        assert_eq!(
            of("INCR").collect::<Vec<_>>(),
            ["> INCR visits", "(integer) 1", "> INCR visits", "(integer) 2"]
        );
        assert!(of("PTTL").any(|line| line == "> PTTL session"));
        assert_eq!(of("NOSUCH").count(), 0);
    }
}
