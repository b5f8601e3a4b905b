//! Writes units: what one execution changed, as commands in RESP, in the right database, all or nothing.

use std::io::Write;

/// Writes units one behind the other.
///
/// A unit that needs another database than the one before begins with SELECT; one of several commands is wrapped
/// in MULTI and EXEC, so that a torn end never leaves half of it.
#[derive(Debug, Default)]
pub struct UnitWriter {
    /// The database that a reader has selected at this point; none at the beginning of a file.
    selected: Option<usize>,
}

/// Bytes that begin a unit of several commands.
const MULTI: &[u8] = b"*1\r\n$5\r\nMULTI\r\n";

/// Bytes that end it.
const EXEC: &[u8] = b"*1\r\n$4\r\nEXEC\r\n";

impl UnitWriter {
    /// Forgets the selected database: the next unit stands at the beginning of a file.
    pub fn begin_file(&mut self) {
        self.selected = None;
    }

    /// Appends a unit of commands that are encoded already; none write nothing.
    pub fn write<'a>(
        &mut self,
        database: usize,
        commands: impl ExactSizeIterator<Item = &'a [u8]>,
        out: &mut Vec<u8>,
    ) {
        let several = match commands.len() {
            0 => return,
            count => count > 1,
        };
        if self.selected != Some(database) {
            self.selected = Some(database);
            encode(&[b"SELECT", database.to_string().as_bytes()], out);
        }
        if several {
            out.extend_from_slice(MULTI);
        }
        for command in commands {
            out.extend_from_slice(command);
        }
        if several {
            out.extend_from_slice(EXEC);
        }
    }
}

/// Appends a command in RESP's canonical form.
pub fn encode(words: &[&[u8]], out: &mut Vec<u8>) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "*{}\r\n", words.len());
    for word in words {
        let _ = write!(out, "${}\r\n", word.len());
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
}

/// A remark about the time, as `aof-timestamp-enabled` asks for; between units only.
pub fn timestamp(unix_seconds: u64, out: &mut Vec<u8>) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "#TS:{unix_seconds}\r\n");
}

#[cfg(test)]
mod tests {
    use super::super::scan::{Rest, scan};
    use super::*;

    #[test]
    fn the_database_is_selected_when_it_changes_and_several_commands_are_wrapped() {
        let (mut writer, mut out) = (UnitWriter::default(), Vec::new());
        let mut command = Vec::new();
        encode(&[b"SET", b"k", b"v"], &mut command);
        writer.write(0, [command.as_slice()].into_iter(), &mut out);
        writer.write(0, [command.as_slice(), command.as_slice()].into_iter(), &mut out);
        writer.write(3, [].into_iter(), &mut out);
        writer.write(3, [command.as_slice()].into_iter(), &mut out);
        let set = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n";
        let select = |number: u8| format!("*2\r\n$6\r\nSELECT\r\n$1\r\n{number}\r\n");
        let expected = format!(
            "{}{set}*1\r\n$5\r\nMULTI\r\n{set}{set}*1\r\n$4\r\nEXEC\r\n{}{set}",
            select(0),
            select(3)
        );
        assert_eq!(String::from_utf8_lossy(&out), expected);
        assert_eq!(scan(&out).rest, Rest::Nothing);
    }
}
