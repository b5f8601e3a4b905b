//! The reply of `MEMORA ACTORS` as a tree, for people.

use memora::resp::Reply;
use std::fmt::Write;

/// Whether these words ask for it.
pub(crate) fn is_asked_by(args: &[Vec<u8>]) -> bool {
    let is = |index: usize, word: &[u8]| args[index].eq_ignore_ascii_case(word);
    args.len() == 2 && is(0, b"memora") && is(1, b"actors")
}

/// The tree; none if the reply is not what it should be, such as an error.
pub(crate) fn tree(reply: &Reply) -> Option<String> {
    let Reply::Array(actors) = reply else { return None };
    let mut text = String::from("supervisor\n");
    for (index, actor) in actors.iter().enumerate() {
        let branch = if index + 1 == actors.len() { "└─" } else { "├─" };
        let field = |name| field(actor, name);
        write!(
            text,
            "{branch} {:<11} {:<10} thread {:<11} mailbox {:<4} handled {:<9} busy {} ms, restarts {}, freezes {}",
            field("name")?,
            field("state")?,
            field("thread")?,
            field("mailbox")?,
            field("handled")?,
            field("busy-ms")?,
            field("restarts")?,
            field("freezes")?,
        )
        .ok()?;
        let panic = field("last-panic")?;
        text += &if panic.is_empty() { "\n".to_owned() } else { format!(", last panic: {panic}\n") };
    }
    Some(text)
}

/// A field of a map, which RESP2 sends as an array of names and values.
fn field(actor: &Reply, name: &str) -> Option<String> {
    let is_name = |reply: &Reply| text(reply).as_deref() == Some(name);
    match actor {
        Reply::Map(fields) => fields.iter().find(|(key, _)| is_name(key)).and_then(|(_, value)| text(value)),
        Reply::Array(words) => {
            words.chunks_exact(2).find(|pair| is_name(&pair[0])).and_then(|pair| text(&pair[1]))
        }
        _ => None,
    }
}

fn text(reply: &Reply) -> Option<String> {
    match reply {
        Reply::Bulk(text) => Some(String::from_utf8_lossy(text.as_bytes()).into_owned()),
        Reply::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_protocols_make_the_same_tree() {
        let names =
            ["name", "state", "thread", "mailbox", "handled", "busy-ms", "restarts", "freezes", "last-panic"];
        let pairs = || names.iter().map(|name| (Reply::bulk(*name), Reply::bulk("x")));
        let map = Reply::Array(vec![Reply::Map(pairs().collect())]);
        let flat =
            Reply::Array(vec![Reply::Array(pairs().flat_map(|(name, value)| [name, value]).collect())]);
        let drawn = tree(&map).unwrap();
        assert!(drawn.starts_with("supervisor\n└─ x") && drawn.ends_with("last panic: x\n"), "{drawn}");
        assert_eq!(tree(&flat), Some(drawn));
        assert_eq!(tree(&Reply::OK), None);
        assert!(is_asked_by(&[b"Memora".to_vec(), b"ACTORS".to_vec()]) && !is_asked_by(&[b"PING".to_vec()]));
    }
}
