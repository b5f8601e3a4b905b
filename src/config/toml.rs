//! The syntax of TOML configuration files: flat keys, values in TOML's own types.
//!
//! Sizes may be integers or text such as "1gb", durations text such as "10s", options of several words
//! arrays. There are no tables: an option has one name everywhere.

use super::conf::split_words;
use super::names::USER;
use super::options::OptionRow;
use std::ops::Range;
use toml_edit::{Document, Item, Value};

/// One key: its line, counted from 1, its name, and the words of its value or why it has none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) words: Result<Vec<String>, String>,
}

/// The keys of a document in their order.
///
/// # Errors
/// The text is not TOML: the line, counted from 1, and what is wrong there.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, (usize, String)> {
    let document = Document::parse(text).map_err(|error| {
        let what = error.message().trim().lines().collect::<Vec<_>>().join(", ");
        (line_of(text, error.span()), format!("not valid TOML: {what}"))
    })?;
    let table = document.as_table();
    let keys = table.iter().filter_map(|(name, _)| table.get_key_value(name));
    let mut entries: Vec<_> = keys
        .flat_map(|(key, item)| {
            let line = line_of(text, key.span().or_else(|| item.span()));
            let values = if key.get() == USER { user_lines(item) } else { vec![words(key.get(), item)] };
            values.into_iter().map(move |words| Entry { line, name: key.get().to_owned(), words })
        })
        .collect();
    entries.sort_by_key(|entry| entry.line);
    Ok(entries)
}

fn line_of(text: &str, span: Option<Range<usize>>) -> usize {
    let start = span.map_or(0, |span| span.start.min(text.len()));
    1 + text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count()
}

fn words(name: &str, item: &Item) -> Result<Vec<String>, String> {
    match item {
        Item::Value(Value::Array(array)) => {
            let elements: Option<Vec<_>> = array.iter().map(word).collect();
            let elements =
                elements.ok_or("an array of an option holds text, numbers or true and false only")?;
            Ok(split_where_many(name, elements))
        }
        Item::Value(value) => word(value).map(|word| vec![word]).ok_or_else(|| is_a_table(name)),
        Item::Table(_) | Item::ArrayOfTables(_) | Item::None => Err(is_a_table(name)),
    }
}

/// The words of each line `user`: an array of texts has several lines.
fn user_lines(item: &Item) -> Vec<Result<Vec<String>, String>> {
    let line = |value: &Value| match value {
        Value::String(text) => split_words(text.value()).map_err(str::to_owned),
        _ => Err("`user` holds texts, each a user's name and its rules".to_owned()),
    };
    match item {
        Item::Value(Value::Array(array)) => array.iter().map(line).collect(),
        Item::Value(value) => vec![line(value)],
        Item::Table(_) | Item::ArrayOfTables(_) | Item::None => vec![Err(is_a_table(USER))],
    }
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.value().clone()),
        Value::Integer(number) => Some(number.value().to_string()),
        Value::Boolean(flag) => Some(if *flag.value() { "yes" } else { "no" }.to_owned()),
        Value::Float(number) => Some(number.value().to_string()),
        Value::Datetime(time) => Some(time.value().to_string()),
        Value::Array(_) | Value::InlineTable(_) => None,
    }
}

/// An element such as "normal 0 0 0" stands for several words; an empty array for the empty value.
fn split_where_many(name: &str, elements: Vec<String>) -> Vec<String> {
    if elements.is_empty() {
        return vec![String::new()];
    }
    match OptionRow::find(name) {
        Some(row) if row.takes_many() => {
            elements.iter().flat_map(|word| word.split(' ')).map(str::to_owned).collect()
        }
        _ => elements,
    }
}

fn is_a_table(name: &str) -> String {
    format!("`{name}` is a table, but options are written flat, as in: port = 6379")
}
