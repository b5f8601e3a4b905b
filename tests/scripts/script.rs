//! What a script says: the reading of its text, and the writing of it with new replies.
//!
//! ```text
//! # A comment.
//! @ unordered
//! > HKEYS h                 asks, and the reply stands below; a> and b> are other connections
//! 1) "f"
//! 3> HELLO 3                only in the run under RESP3; 2> only under RESP2
//! 3: 1# "proto" => ...      where the reply under RESP3 looks different
//! & CLIENT REPLY OFF        sends without waiting for a reply
//! <                         waits for a reply or a message
//! ~ "PING\r\n"              sends these bytes, and the reply stands below
//! ```
//!
//! An `@` line says how the reply of the next step is compared; [`Note`] has them all.

use super::words;

/// A script: its steps and what stands between them.
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) items: Vec<Item>,
}

/// A piece of a script.
pub(crate) enum Item {
    /// A comment or an empty line.
    Text(String),
    /// Something that is done.
    Step(Step),
}

/// What is done with which connection, and what is answered.
pub(crate) struct Step {
    /// The number of its line.
    pub(crate) line: usize,
    /// The line as written.
    pub(crate) text: String,
    /// Which connection; the first has an empty name.
    pub(crate) client: String,
    /// Only in the run under this version of the protocol.
    pub(crate) only: Option<u8>,
    pub(crate) action: Action,
    pub(crate) notes: Vec<Note>,
    note_lines: Vec<String>,
    /// The reply under RESP2, and under RESP3 where it is not empty.
    pub(crate) expected: [Vec<String>; 2],
}

/// What a step does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Sends a request and reads the reply.
    Ask,
    /// Sends a request only.
    Send,
    /// Reads a reply only.
    Read,
    /// Sends bytes as they are and reads the reply.
    Raw,
}

/// How a reply is compared.
pub(crate) enum Note {
    /// `@ unordered`: elements come in any order.
    Unordered,
    /// `@ pairs`: pairs of a flat list come in any order.
    Pairs,
    /// `@ between 99 100`: numbers within these are alike.
    Between(i64, i64),
    /// `@ any`: anything but an error.
    Any,
    /// `@ matches "id=* addr=*"`: text like this.
    Matches(String),
    /// `@ until "*in_progress:0*"`: asked again and again until the text is like this.
    Until(String),
    /// `@ ignoring id version`: the values of these keys may be anything.
    Ignoring(Vec<Vec<u8>>),
    /// `@ save name`: the reply may be anything and is `$name` from here on.
    Save(String),
    /// `@ 7.2 why`: Redis before 7.2 answers something else.
    Newer((u32, u32)),
    /// `@ differs why`: Redis answers something else, on purpose.
    Differs,
    /// `@ memora why`: not for Redis at all.
    MemoraOnly,
}

impl Script {
    /// Reads a script.
    ///
    /// # Panics
    /// When it cannot be understood; the line is named.
    pub(crate) fn read(name: &str, text: &str) -> Self {
        let mut script = Self { name: name.to_owned(), items: Vec::new() };
        let mut notes = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let place = format!("{name}:{}: {line}", index + 1);
            if let Some(note) = line.strip_prefix("@ ") {
                notes.push((read_note(note).unwrap_or_else(|| panic!("no such note: {place}")), line));
            } else if let Some(mut step) = read_step(line) {
                step.line = index + 1;
                let (read, lines): (Vec<_>, Vec<_>) = notes.drain(..).unzip();
                step.notes = read;
                step.note_lines = lines.into_iter().map(str::to_owned).collect();
                script.items.push(Item::Step(step));
            } else if line.is_empty() || line.starts_with('#') {
                script.items.push(Item::Text(line.to_owned()));
            } else {
                match script.items.last_mut() {
                    Some(Item::Step(step)) => step.expect(line),
                    _ => panic!("a reply to nothing: {place}"),
                }
            }
        }
        script
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.items.iter().filter_map(|item| match item {
            Item::Step(step) => Some(step),
            Item::Text(_) => None,
        })
    }

    /// The text of the script with the replies of its steps, in order, under both protocols.
    pub(crate) fn write(&self, replies: &[[Vec<String>; 2]]) -> String {
        let mut lines = Vec::new();
        let mut replies = replies.iter();
        for item in &self.items {
            match item {
                Item::Text(line) => lines.push(line.clone()),
                Item::Step(step) => {
                    lines.extend(step.note_lines.iter().cloned());
                    lines.push(step.text.clone());
                    let [two, three] = replies.next().expect("one pair of replies for each step");
                    lines.extend(two.iter().cloned());
                    if three != two {
                        let label =
                            |(index, line)| format!("{}{line}", if index == 0 { "3: " } else { "   " });
                        lines.extend(three.iter().enumerate().map(label));
                    }
                }
            }
        }
        lines.join("\n") + "\n"
    }
}

impl Step {
    /// The words after the mark.
    pub(crate) fn rest(&self) -> &str {
        self.text.split_once(' ').map_or("", |(_, rest)| rest)
    }

    /// The lines expected under a version of the protocol.
    pub(crate) fn expected_under(&self, protocol: u8) -> &[String] {
        let [two, three] = &self.expected;
        if protocol == 3 && !three.is_empty() { three } else { two }
    }

    fn expect(&mut self, line: &str) {
        let [two, three] = &mut self.expected;
        match line.strip_prefix("3: ") {
            Some(first) => three.push(first.to_owned()),
            None if three.is_empty() => two.push(line.to_owned()),
            None => three.push(line.strip_prefix("   ").unwrap_or(line).to_owned()),
        }
    }
}

fn read_step(line: &str) -> Option<Step> {
    let mark = line.split(' ').next()?;
    let (prefix, action) = mark.split_at_checked(mark.len().checked_sub(1)?)?;
    let action = match action {
        ">" => Action::Ask,
        "&" => Action::Send,
        "<" => Action::Read,
        "~" => Action::Raw,
        _ => return None,
    };
    let client = prefix.trim_end_matches(['2', '3']);
    let only = prefix[client.len()..].parse().ok();
    client.bytes().all(|byte| byte.is_ascii_lowercase()).then(|| Step {
        line: 0,
        text: line.to_owned(),
        client: client.to_owned(),
        only,
        action,
        notes: Vec::new(),
        note_lines: Vec::new(),
        expected: [Vec::new(), Vec::new()],
    })
}

/// The pattern between the quotes.
fn pattern(quoted: &str) -> Option<String> {
    words::split(quoted).ok()?.pop().and_then(|text| String::from_utf8(text).ok())
}

fn read_note(note: &str) -> Option<Note> {
    let (kind, rest) = note.split_once(' ').unwrap_or((note, ""));
    let given = !rest.is_empty();
    match kind {
        "unordered" => Some(Note::Unordered),
        "pairs" => Some(Note::Pairs),
        "any" => Some(Note::Any),
        "between" => {
            let (low, high) = rest.split_once(' ')?;
            Some(Note::Between(low.parse().ok()?, high.parse().ok()?))
        }
        "matches" => pattern(rest).map(Note::Matches),
        "until" => pattern(rest).map(Note::Until),
        "ignoring" => words::split(rest).ok().map(Note::Ignoring),
        "save" if given => Some(Note::Save(rest.to_owned())),
        "7.2" if given => Some(Note::Newer((7, 2))),
        "differs" if given => Some(Note::Differs),
        "memora" if given => Some(Note::MemoraOnly),
        _ => None,
    }
}
