//! Finds the whole units at the front of a piece of the log, and says what is wrong where they end.
//!
//! A unit is one command, or a transaction from MULTI to EXEC: what was logged together is replayed together or
//! not at all. The log holds commands in RESP's canonical form and nothing else, so anything else is damage; a
//! client's decoder, which forgives much, is not used here. Remarks about time (`#TS:1700000000`) stand
//! between units.

/// What stands at the front of a piece of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Bytes of whole units and remarks.
    pub whole_bytes: usize,
    /// What follows them: nothing, the beginning of a unit, or damage.
    pub rest: Rest,
}

/// What follows the whole units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nothing.
    Nothing,
    /// The beginning of a unit: more bytes are needed, or the file ends in a torn unit.
    Torn,
    /// Bytes that no log can hold.
    Damaged(Damage),
}

/// Bytes that no log can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at byte {at}: expected {expected}")]
pub struct Damage {
    /// Where, counted from the beginning of the piece.
    pub at: usize,
    /// What should stand there.
    pub expected: &'static str,
}

/// The longest header line; longer ones are damage, not a long number.
const MAX_HEADER_BYTES: usize = 32;

/// Finds the whole units at the front of `piece`.
#[must_use]
pub fn scan(piece: &[u8]) -> Scan {
    let mut whole_bytes = 0;
    let mut at = 0;
    let mut transaction = false;
    loop {
        if at == piece.len() && !transaction {
            return Scan { whole_bytes: at, rest: Rest::Nothing };
        }
        match item(piece, at) {
            Ok(Some(item)) => {
                at = item.end;
                transaction = match item.marks {
                    Marks::Multi => true,
                    Marks::Exec => false,
                    Marks::Nothing => transaction,
                };
                if !transaction {
                    whole_bytes = at;
                }
            }
            Ok(None) => return Scan { whole_bytes, rest: Rest::Torn },
            Err(damage) => return Scan { whole_bytes, rest: Rest::Damaged(damage) },
        }
    }
}

/// Where the command at `at` ends, which is known to be whole.
pub(super) fn command_end(units: &[u8], at: usize) -> usize {
    command(units, at).ok().flatten().map_or(units.len(), |item| item.end)
}

/// A command or a remark.
struct Item {
    end: usize,
    marks: Marks,
}

/// What a command means for the limits of units.
enum Marks {
    Multi,
    Exec,
    Nothing,
}

/// The item that begins at `at`; none if it is not complete.
fn item(piece: &[u8], at: usize) -> Result<Option<Item>, Damage> {
    match piece.get(at) {
        None => Ok(None),
        Some(b'#') => {
            let end = memchr::memchr(b'\n', &piece[at..]).map(|len| at + len + 1);
            Ok(end.map(|end| Item { end, marks: Marks::Nothing }))
        }
        Some(b'*') => command(piece, at),
        Some(_) => Err(Damage { at, expected: "'*', the beginning of a command" }),
    }
}

fn command(piece: &[u8], at: usize) -> Result<Option<Item>, Damage> {
    let Some((count, mut end)) = header(piece, at, "the number of arguments")? else { return Ok(None) };
    if count == 0 {
        return Err(Damage { at: at + 1, expected: "at least one argument" });
    }
    let mut marks = Marks::Nothing;
    for index in 0..count {
        match piece.get(end) {
            None => return Ok(None),
            Some(b'$') => {}
            Some(_) => return Err(Damage { at: end, expected: "'$', the beginning of an argument" }),
        }
        let Some((len, start)) = header(piece, end, "the length of an argument")? else { return Ok(None) };
        end = start.saturating_add(len);
        match piece.get(end..end.saturating_add(2)) {
            Some(b"\r\n") => {}
            Some(_) => return Err(Damage { at: end, expected: "the end of an argument" }),
            None => return Ok(None),
        }
        if index == 0 && count == 1 {
            marks = marks_of(&piece[start..end]);
        }
        end += 2;
    }
    Ok(Some(Item { end, marks }))
}

/// The number behind the sign at `at`, and where its line ends.
fn header(piece: &[u8], at: usize, expected: &'static str) -> Result<Option<(usize, usize)>, Damage> {
    let damage = Damage { at: at + 1, expected };
    let line = &piece[at + 1..piece.len().min(at + 1 + MAX_HEADER_BYTES)];
    let Some(len) = memchr::memchr(b'\r', line) else {
        let digits = line.iter().all(u8::is_ascii_digit);
        return if digits && line.len() < MAX_HEADER_BYTES { Ok(None) } else { Err(damage) };
    };
    let number =
        std::str::from_utf8(&line[..len]).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let number = number.and_then(|text| text.parse().ok()).ok_or(damage)?;
    match piece.get(at + len + 2) {
        Some(b'\n') => Ok(Some((number, at + len + 3))),
        Some(_) => Err(damage),
        None => Ok(None),
    }
}

fn marks_of(name: &[u8]) -> Marks {
    if name.eq_ignore_ascii_case(b"multi") {
        Marks::Multi
    } else if name.eq_ignore_ascii_case(b"exec") {
        Marks::Exec
    } else {
        Marks::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SET: &[u8] = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\r\n\r\n";
    const MULTI: &[u8] = b"*1\r\n$5\r\nMULTI\r\n";
    const EXEC: &[u8] = b"*1\r\n$4\r\nEXEC\r\n";

    #[test]
    fn whole_units_are_found_and_torn_ones_left() {
        let log = [b"#TS:1700000000\r\n".as_slice(), SET, MULTI, SET, EXEC].concat();
        assert_eq!(scan(&log), Scan { whole_bytes: log.len(), rest: Rest::Nothing });
        let before_multi = 16 + SET.len();
        for cut in before_multi + 1..log.len() {
            assert_eq!(
                scan(&log[..cut]),
                Scan { whole_bytes: before_multi, rest: Rest::Torn },
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn damage_is_named_with_its_place() {
        let cases: [(&[u8], usize, &str); 6] = [
            (b"SET", 0, "'*', the beginning of a command"),
            (b"*x\r\n", 1, "the number of arguments"),
            (b"*0\r\n", 1, "at least one argument"),
            (b"*1\r\n+OK\r\n", 4, "'$', the beginning of an argument"),
            (b"*1\r\n$-1\r\n", 5, "the length of an argument"),
            (b"*1\r\n$2\r\nabcd", 10, "the end of an argument"),
        ];
        for (log, at, expected) in cases {
            assert_eq!(scan(log).rest, Rest::Damaged(Damage { at, expected }));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_scanned_without_a_panic(bytes: Vec<u8>) {
            prop_assert!(scan(&bytes).whole_bytes <= bytes.len());
        }

        #[test]
        fn a_cut_never_loses_a_unit_before_it(cut in 0..1000_usize) {
            let log = [SET, SET, SET].concat();
            let cut = cut % log.len();
            prop_assert_eq!(scan(&log[..cut]).whole_bytes, cut / SET.len() * SET.len());
        }
    }
}
