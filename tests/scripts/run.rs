//! Runs a script on a server and shows what was answered.

use super::script::{Action, Note, Script, Step};
use super::words;
use crate::wire::{Client, Value, Words, encode, render};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long something may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which server a script runs on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Memora,
    Redis,
}

/// What a step was answered: what of it is compared, as bytes and as text.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) bytes: Vec<u8>,
    pub(crate) lines: Vec<String>,
}

/// Runs the steps of `script` that are meant for this server and protocol; the others have no answer.
pub(crate) fn run(script: &Script, target: Target, address: SocketAddr, protocol: u8) -> Vec<Option<Answer>> {
    let mut run = Run { address, protocol, clients: HashMap::new(), saved: HashMap::new() };
    script.steps().map(|step| is_meant(step, target, protocol).then(|| run.step(step)).flatten()).collect()
}

fn is_meant(step: &Step, target: Target, protocol: u8) -> bool {
    let memora_only = step.notes.iter().any(|note| matches!(note, Note::MemoraOnly));
    step.only.is_none_or(|only| only == protocol) && !(memora_only && target == Target::Redis)
}

struct Run {
    address: SocketAddr,
    protocol: u8,
    clients: HashMap<String, Connected>,
    saved: HashMap<String, Vec<u8>>,
}

/// A connection and the protocol it speaks at the moment.
struct Connected {
    client: Client,
    resp3: bool,
}

impl Run {
    fn step(&mut self, step: &Step) -> Option<Answer> {
        let request = match step.action {
            Action::Raw | Action::Ask | Action::Send => self.words(step),
            Action::Read => Words::new(),
        };
        let connected = self.client(&step.client);
        match step.action {
            Action::Raw => connected.client.send(&request[0]),
            Action::Ask | Action::Send => connected.client.send(&encode(&request)),
            Action::Read => {}
        }
        if step.action == Action::Send {
            return None;
        }
        let mut value = connected.client.read();
        if let Some(pattern) = step.notes.iter().find_map(Note::until) {
            value = connected.ask_until(&request, pattern, value);
        }
        connected.follow(&request, &value);
        let resp3 = connected.resp3;
        let value = self.canonical(value, &step.notes);
        Some(Answer { bytes: value.encoded(), lines: render::lines(&value, resp3) })
    }

    /// The words of a step's line, saved replies put in.
    fn words(&self, step: &Step) -> Words {
        let words = words::split(step.rest()).unwrap_or_else(|error| panic!("{}: {error}", step.text));
        let put_in =
            |word: Vec<u8>| match std::str::from_utf8(&word).ok().and_then(|word| word.strip_prefix('$')) {
                Some(name) if !name.is_empty() => self.saved.get(name).cloned().unwrap_or(word),
                _ => word,
            };
        words.into_iter().map(put_in).collect()
    }

    fn client(&mut self, name: &str) -> &mut Connected {
        let (address, protocol) = (self.address, self.protocol);
        self.clients.entry(name.to_owned()).or_insert_with(|| {
            let client = Client::connect(address).expect("the server accepts connections");
            let mut connected = Connected { client, resp3: protocol == 3 };
            if connected.resp3 {
                let greeting = connected.client.ask_text(&["HELLO", "3"]);
                assert!(!greeting.is_error(), "{greeting:?}");
            }
            connected
        })
    }

    /// What of a reply is compared.
    fn canonical(&mut self, value: Value, notes: &[Note]) -> Value {
        notes.iter().fold(value, |value, note| match note {
            Note::Unordered => value.sorted(),
            Note::Pairs => value.sorted_pairs(),
            Note::Between(low, high) => between(value, *low, *high),
            Note::Any if !value.is_error() && value != Value::Closed => shown("(any)"),
            Note::Until(_) => shown("(at last)"),
            Note::Matches(pattern) if matches(pattern, &text(&value)) => shown("(as described)"),
            Note::Ignoring(keys) => ignoring(value, keys),
            Note::Save(name) if !value.is_error() => {
                self.saved.insert(name.clone(), value.bytes().to_vec());
                shown("(saved)")
            }
            _ => value,
        })
    }
}

impl Note {
    fn until(&self) -> Option<&str> {
        match self {
            Note::Until(pattern) => Some(pattern),
            _ => None,
        }
    }
}

impl Connected {
    /// Asks again until the answer is as wanted; the last answer, whatever it is, when patience ends.
    fn ask_until(&mut self, request: &[Vec<u8>], pattern: &str, mut value: Value) -> Value {
        let deadline = Instant::now() + PATIENCE;
        while !matches(pattern, &text(&value)) {
            assert!(Instant::now() < deadline, "{pattern} was never answered, but {}", text(&value));
            self.client.send(&encode(request));
            value = self.client.read();
        }
        value
    }

    /// Notices a change of the protocol.
    fn follow(&mut self, request: &[Vec<u8>], reply: &Value) {
        let Some(name) = request.first().filter(|_| !reply.is_error()) else { return };
        if name.eq_ignore_ascii_case(b"reset") {
            self.resp3 = false;
        }
        if name.eq_ignore_ascii_case(b"hello") {
            let items = reply.items();
            let version = items.iter().position(|item| item.bytes() == b"proto").map(|at| items[at + 1]);
            self.resp3 = version.and_then(Value::integer) == Some(3);
        }
    }
}

/// The text of a string, without the format that stands before text for people under RESP3.
fn text(value: &Value) -> String {
    let text = String::from_utf8_lossy(value.bytes());
    text.strip_prefix("txt:").map(str::to_owned).unwrap_or_else(|| text.into_owned())
}

fn shown(text: &str) -> Value {
    Value::Line(b'+', text.as_bytes().to_vec())
}

fn between(value: Value, low: i64, high: i64) -> Value {
    match value {
        Value::List(mark, items) => {
            Value::List(mark, items.into_iter().map(|item| between(item, low, high)).collect())
        }
        other if other.integer().is_some_and(|number| (low..=high).contains(&number)) => {
            Value::Line(b':', format!("{low}..{high}").into_bytes())
        }
        other => other,
    }
}

fn ignoring(value: Value, keys: &[Vec<u8>]) -> Value {
    let inside = |value: Value| ignoring(value, keys);
    let is_ignored = |key: &Value| keys.iter().any(|ignored| ignored == key.bytes());
    match value {
        Value::Map(pairs) => {
            let hide = |(key, value): (Value, Value)| {
                let value = if is_ignored(&key) { shown("(ignored)") } else { inside(value) };
                (key, value)
            };
            Value::Map(pairs.into_iter().map(hide).collect())
        }
        Value::List(mark, mut items) => {
            for at in (1..items.len()).step_by(2) {
                if is_ignored(&items[at - 1]) {
                    items[at] = shown("(ignored)");
                }
            }
            Value::List(mark, items.into_iter().map(inside).collect())
        }
        other => other,
    }
}

/// Whether `text` is like `pattern`, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}
