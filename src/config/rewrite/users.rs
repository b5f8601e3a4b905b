//! The lines `user` when a configuration file is rewritten: the users there are now take the place of those there were.

use super::append_lines;
use crate::config::conf;
use crate::config::names::USER;
use crate::config::values::UserLine;
use toml_edit::{Array, DocumentMut, Item, Value};

/// The text of a `redis.conf` with these users: where the first stood all are, or else at the end.
pub(super) fn rewrite_conf(users: &[UserLine], old: &str) -> String {
    let is_user = |line: &conf::Line| {
        let name = line.words.as_ref().ok().and_then(|words| words.first());
        name.is_some_and(|name| name.eq_ignore_ascii_case(USER))
    };
    let numbers: Vec<_> = conf::lines(old).filter(is_user).map(|line| line.number).collect();
    let lines: Vec<_> = users.iter().map(conf_line).collect();
    let mut new = String::with_capacity(old.len());
    for (index, line) in old.split_inclusive('\n').enumerate() {
        if !numbers.contains(&(index + 1)) {
            new.push_str(line);
        } else if numbers[0] == index + 1 {
            lines.iter().for_each(|line| new.extend([line.as_str(), "\n"]));
        }
    }
    if numbers.is_empty() {
        append_lines(lines, &mut new);
    }
    new
}

fn conf_line(user: &UserLine) -> String {
    let words = user.words.iter().map(|word| word_of_line(word));
    std::iter::once(USER.to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// A word so that it is read as it is. Selectors stand bare, as in Redis: their words are put together by the reader.
fn word_of_line(word: &str) -> String {
    let needs_quotes = word.is_empty() || word.contains(['"', '\'', '\\']);
    if needs_quotes { conf::quoted(word) } else { word.to_owned() }
}

/// A TOML document with these users.
pub(super) fn rewrite_toml(users: &[UserLine], document: &mut DocumentMut) {
    if users.is_empty() {
        document.remove(USER);
        return;
    }
    let line =
        |user: &UserLine| user.words.iter().map(|word| word_of_line(word)).collect::<Vec<_>>().join(" ");
    let lines: Array = users.iter().map(line).collect();
    match document.get_mut(USER).and_then(Item::as_value_mut) {
        Some(value) if value.as_array().is_some_and(|old| is_same(old, &lines)) => {}
        Some(value) => {
            let decor = value.decor().clone();
            *value = Value::Array(lines);
            *value.decor_mut() = decor;
        }
        None => drop(document.insert(USER, Item::Value(Value::Array(lines)))),
    }
}

fn is_same(old: &Array, new: &Array) -> bool {
    let texts =
        |array: &Array| array.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Vec<_>>();
    texts(old) == texts(new)
}
