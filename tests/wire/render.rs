//! Replies as lines of text, in redis-cli's style. Different bytes give different text, except that the three
//! forms of nothing are only told apart where the protocol does not allow the one that was sent.

use super::Value;

/// The lines that show `value`, received under RESP3 if `resp3`.
pub(crate) fn lines(value: &Value, resp3: bool) -> Vec<String> {
    match value {
        Value::Line(mark, text) => vec![one_line(*mark, text)],
        Value::Bulk(b'$', payload) => vec![quote(payload)],
        Value::Bulk(b'=', payload) => vec![format!("(verbatim) {}", quote(payload))],
        Value::Bulk(mark, payload) => vec![format!("({}) {}", char::from(*mark), quote(payload))],
        Value::Null("*-1") => vec!["(nil array)".to_owned()],
        Value::Null(text) if (*text == "_") == resp3 => vec!["(nil)".to_owned()],
        Value::Null(text) => vec![format!("(nil {text})")],
        Value::List(mark, items) if items.is_empty() => vec![format!("(empty {})", list(*mark).1)],
        Value::List(mark, items) => {
            let numbered = items.iter().enumerate().map(|(index, item)| {
                let label = format!("{}{} ", index + 1, list(*mark).0);
                indented(&label, lines(item, resp3))
            });
            numbered.flatten().collect()
        }
        Value::Map(pairs) if pairs.is_empty() => vec!["(empty map)".to_owned()],
        Value::Map(pairs) => {
            let numbered = pairs.iter().enumerate().map(|(index, (key, value))| {
                let label = format!("{}# {} => ", index + 1, lines(key, resp3).join(" "));
                indented(&label, lines(value, resp3))
            });
            numbered.flatten().collect()
        }
        Value::Closed => vec!["(closed)".to_owned()],
    }
}

fn list(mark: u8) -> (&'static str, &'static str) {
    match mark {
        b'~' => ("~", "set"),
        b'>' => ("!", "push"),
        _ => (")", "array"),
    }
}

fn one_line(mark: u8, text: &[u8]) -> String {
    let shown = text.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'");
    match mark {
        b'+' => shown,
        b'-' => format!("(error) {shown}"),
        b':' => format!("(integer) {shown}"),
        b',' => format!("(double) {shown}"),
        b'#' => (if text == b"t" { "(true)" } else { "(false)" }).to_owned(),
        _ => format!("(big number) {shown}"),
    }
}

/// The label before the first line, and as much room before the others.
fn indented(label: &str, lines: Vec<String>) -> Vec<String> {
    let room = " ".repeat(label.chars().count());
    let with = |(index, line): (usize, String)| format!("{}{line}", if index == 0 { label } else { &room });
    lines.into_iter().enumerate().map(with).collect()
}

/// Bytes in double quotes, as redis-cli prints them.
pub(crate) fn quote(bytes: &[u8]) -> String {
    let mut text = String::from('"');
    for byte in bytes {
        match byte {
            b'"' => text.push_str("\\\""),
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            7 => text.push_str("\\a"),
            8 => text.push_str("\\b"),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text.push('"');
    text
}
