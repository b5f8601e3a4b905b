//! What the program says about itself: `--help`, `--version` and the prompt's `help`.

use crate::options::table::{Group, ROWS, Row};

/// The version, as `--version` prints it.
pub(crate) const VERSION: &str = concat!("memora-cli ", env!("CARGO_PKG_VERSION"));

/// Before the list of options.
const SYNOPSIS: &str = "\
Usage: memora-cli [OPTIONS] [command [argument ...]]

Runs one command, or reads commands from the prompt or standard input when none is given.
Options end at the first word that does not begin with a dash.
";

/// What can be done with them.
pub(crate) const EXAMPLES: &[&str] = &[
    "memora-cli SET greeting hello",
    "memora-cli -r 5 -i 1 INFO memory",
    "memora-cli -x SET picture < picture.png",
    "memora-cli --csv LRANGE queue 0 -1",
    "memora-cli < commands.txt",
    "memora-cli --scan --pattern 'user:*'",
    "memora-cli -p 6379 --export - | memora-cli -p 6380 --import -",
];

/// The column in which the explanation of an option begins.
const HELP_COLUMN: usize = 23;

/// What `--help` prints after the version.
pub(crate) fn options() -> String {
    let mut text = SYNOPSIS.to_owned();
    for group in Group::ALL {
        text += &format!("\n{}\n", group.title());
        for row in ROWS.iter().filter(|row| row.group == group) {
            text += &option_line(row);
        }
    }
    text += "\nExamples\n";
    EXAMPLES.iter().for_each(|example| text += &format!("  {example}\n"));
    text
}

fn option_line(row: &Row) -> String {
    let names = row.names.join(", ");
    let value = row.value.map(|value| format!(" <{value}>")).unwrap_or_default();
    let left = format!("  {names}{value}");
    match left.len() + 2 <= HELP_COLUMN {
        true => format!("{left:HELP_COLUMN$}{}\n", row.help),
        false => format!("{left}\n{:HELP_COLUMN$}{}\n", "", row.help),
    }
}

/// What `help` prints.
pub(crate) const PROMPT: &str = "\
Any Redis command, such as: SET greeting \"hello\\n\"
      help <command>           tells what a command does
      help @<group>            lists the commands of a group, such as @list
      <count> <command>        runs it so many times
      peek <key>               shows type, time to live, encoding, memory and the value
      <command> | <program>    hands the reply to a program: KEYS * | wc -l
      :watch <command>         runs it every second and marks what changed
      :diff redis://h:p | off  runs every command there too, and shows what differs
      :time on|off             tells how long each command took
      connect <host> <port>    goes to another server
      :set hints|nohints       shows or hides the rest of a command's syntax while typing
      :set pager|nopager       shows replies longer than the window in a pager (PAGER, or less)
      :listen                  shows the messages of subscriptions again
      :set vi|emacs            edits lines with the keys of vi or of Emacs
      clear                    clears the screen
      quit                     leaves, as does Ctrl-D
TAB completes commands, options, keys and parameters; Ctrl-R searches the history.
Ctrl-C clears the line, and ends MONITOR and a command that takes too long. After SUBSCRIBE it
returns to the prompt, and the subscriptions stay.
";
