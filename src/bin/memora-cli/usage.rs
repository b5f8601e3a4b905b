//! What the program says about itself: `--help`, `--version` and the prompt's `help`.

/// The version, as `--version` prints it.
pub(crate) const VERSION: &str = concat!("memora-cli ", env!("CARGO_PKG_VERSION"));

/// What `--help` prints after the version.
pub(crate) const OPTIONS: &str = "\
Usage: memora-cli [OPTIONS] [command [argument ...]]

Runs one command, or reads commands from the prompt or standard input when none is given.
Options end at the first word that does not begin with a dash.

Server
  -h <host>            Host of the server (default 127.0.0.1)
  -p <port>            Port of the server (default 6379)
  -s <socket>          Unix socket of the server, instead of host and port
  -u <uri>             redis://[user[:password]@]host[:port][/db]
  --user <name>        User to authenticate as, together with a password
  -a, --pass <word>    Password; the environment variable REDISCLI_AUTH keeps it out of sight
  --no-auth-warning    Do not warn of a password on the command line
  -n <db>              Database number
  -2, -3               Speak RESP2 or RESP3

Command
  -r <count>           Run the command so many times; without end when negative
  -i <seconds>         Pause between the repetitions, such as 0.5
  -x                   Take one more, last argument from standard input
  -X <tag>             Take the argument that equals <tag> from standard input
  --quoted-input       The words of the command are quoted strings: '\"a\\x00b\"'

Output
  --raw                Plain strings; the default when the output is no terminal
  --no-raw             Types, quotes and numbering; the default on a terminal
  --csv                Comma-separated values
  --json               JSON, with maps where the server sends them
  --quoted-json        JSON in ASCII only
  -d <delimiter>       Between the elements of a raw list (default: line end)
  -D <delimiter>       After each raw reply (default: line end)
  -e                   End with code 1 when the reply is an error
  --show-pushes <y|n>  Print RESP3 messages nobody asked for (default: on a terminal)

Other
  --verbose            Tell on standard error what is being connected to
  --help, --version    Print this text, or the version

Examples
  memora-cli SET greeting hello
  memora-cli -r 5 -i 1 INFO memory
  memora-cli -x SET picture < picture.png
  memora-cli --csv LRANGE queue 0 -1
  memora-cli < commands.txt
";

/// What `help` prints.
pub(crate) const PROMPT: &str = "\
Any Redis command, such as: SET greeting \"hello\\n\"
      COMMAND DOCS <command>   tells what a command does
      <count> <command>        runs it so many times
      connect <host> <port>    goes to another server
      clear                    clears the screen
      quit                     leaves, as does Ctrl-D
Ctrl-C clears the line, and ends SUBSCRIBE and MONITOR.
";
