//! Writes units: what one execution changed, as commands in RESP, in the right database, all or nothing.

use std::io::Write;

/// Writes units one behind the other.
///
/// A command that needs another database than the one before is preceded by SELECT; a unit of several commands is
/// wrapped in MULTI and EXEC, so that a torn end never leaves half of it. Its SELECTs stand inside, as Redis 7.2 has it.
#[derive(Debug, Default)]
pub struct UnitWriter {
    /// The database that a reader has selected at this point; none at the beginning of a file.
    selected: Option<usize>,
    /// Where the unit in progress begins.
    start: usize,
    /// How many commands it has so far, SELECTs not counted.
    commands: usize,
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

    /// Begins a unit at the end of `out`, which until [`Self::end`] nobody else may write to.
    pub fn begin(&mut self, out: &[u8]) {
        self.start = out.len();
        self.commands = 0;
    }

    /// Adds a command, given in RESP's canonical form, that is to be run in `database`.
    pub fn command(&mut self, database: usize, command: &[u8], out: &mut Vec<u8>) {
        self.make_way(database, out);
        out.extend_from_slice(command);
    }

    /// Adds the command made of these words.
    pub fn words(&mut self, database: usize, words: &[&[u8]], out: &mut Vec<u8>) {
        self.make_way(database, out);
        encode(words, out);
    }

    /// Ends the unit. Answers whether there is anything in it; if not, nothing was written.
    pub fn end(&mut self, out: &mut Vec<u8>) -> bool {
        if self.commands > 1 {
            out.extend_from_slice(EXEC);
        }
        self.commands > 0
    }

    /// Writes what has to stand before the next command. MULTI comes only when the unit turns out to have a second
    /// command; the first is moved for it, which is nearly always the short DEL of an expired key.
    fn make_way(&mut self, database: usize, out: &mut Vec<u8>) {
        if self.commands == 1 {
            out.splice(self.start..self.start, MULTI.iter().copied());
        }
        self.commands += 1;
        if self.selected != Some(database) {
            self.selected = Some(database);
            encode(&[b"SELECT", database.to_string().as_bytes()], out);
        }
    }
}

/// Appends a command in RESP's canonical form.
pub fn encode(words: &[&[u8]], out: &mut Vec<u8>) {
    encode_words(words.iter().copied(), out);
}

/// The same for words that do not lie side by side.
pub fn encode_words<'w>(words: impl IntoIterator<Item = &'w [u8], IntoIter: Clone>, out: &mut Vec<u8>) {
    let words = words.into_iter();
    let measure = |(count, bytes), word: &[u8]| (count + 1, bytes + HEADER_BYTES + word.len());
    let (count, bytes) = words.clone().fold((0, HEADER_BYTES), measure);
    out.reserve(bytes);
    header(b'*', count, out);
    for word in words {
        header(b'$', word.len(), out);
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
}

/// Room for what stands around a word whose length has up to nine digits.
const HEADER_BYTES: usize = 14;

fn header(sign: u8, number: usize, out: &mut Vec<u8>) {
    out.push(sign);
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// The commands of a piece of the log that is known to be whole, each as it is encoded.
pub fn commands(mut units: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if units.is_empty() {
            return None;
        }
        let (command, rest) = units.split_at(super::scan::command_end(units, 0));
        units = rest;
        Some(command)
    })
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

    const SET: &str = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n";

    fn select(number: u8) -> String {
        format!("*2\r\n$6\r\nSELECT\r\n$1\r\n{number}\r\n")
    }

    /// Writes a unit of SETs in these databases.
    fn write(writer: &mut UnitWriter, databases: &[usize], out: &mut Vec<u8>) -> bool {
        writer.begin(out);
        databases.iter().for_each(|database| writer.words(*database, &[b"SET", b"k", b"v"], out));
        writer.end(out)
    }

    #[test]
    fn the_database_is_selected_when_it_changes_and_several_commands_are_wrapped() {
        let (mut writer, mut out) = (UnitWriter::default(), Vec::new());
        let written =
            [&[0][..], &[0, 0], &[], &[3, 3, 0], &[0]].map(|unit| write(&mut writer, unit, &mut out));
        assert_eq!(written, [true, true, false, true, true]);
        writer.begin_file();
        write(&mut writer, &[0], &mut out);
        let (multi, exec) = ("*1\r\n$5\r\nMULTI\r\n", "*1\r\n$4\r\nEXEC\r\n");
        let (zero, three) = (select(0), select(3));
        let expected = format!(
            "{zero}{SET}{multi}{SET}{SET}{exec}{multi}{three}{SET}{SET}{zero}{SET}{exec}{SET}{zero}{SET}"
        );
        assert_eq!(String::from_utf8_lossy(&out), expected);
        assert_eq!(scan(&out).rest, Rest::Nothing);
    }

    #[test]
    fn commands_are_taken_apart_again() {
        let (mut writer, mut out) = (UnitWriter::default(), Vec::new());
        write(&mut writer, &[1, 1], &mut out);
        let texts: Vec<_> = commands(&out).map(String::from_utf8_lossy).collect();
        assert_eq!(texts[1..4], [select(1), SET.to_owned(), SET.to_owned()]);
        assert_eq!(texts.len(), 5);
    }
}
