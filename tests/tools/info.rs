//! INFO, read as exporters of metrics do: sections, fields, numbers, and lines that hold fields themselves.

use std::collections::HashSet;

/// What INFO said.
pub(crate) struct Info {
    /// The names of the sections, in order.
    pub(crate) sections: Vec<String>,
    /// The fields of all sections, in order.
    pub(crate) fields: Vec<(String, String)>,
}

/// What a value looks like: that it can be read is what readers rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Decimal,
    /// `99.76%`
    Percent,
    /// `967.39K`
    Size,
    /// `keys=1,expires=0`
    Parts,
    Text,
}

impl Info {
    /// Reads the text of INFO.
    ///
    /// # Panics
    /// When it is not made of sections, each with a title and lines `name:value`, with an empty line in between.
    pub(crate) fn read(text: &str) -> Self {
        let mut info = Self { sections: Vec::new(), fields: Vec::new() };
        assert!(text.ends_with("\r\n") && !text.ends_with("\r\n\r\n\r\n"), "the end of the last line");
        for section in text.trim_end_matches("\r\n").split("\r\n\r\n") {
            let mut lines = section.split("\r\n");
            let title = lines.next().and_then(|line| line.strip_prefix("# "));
            info.sections.push(title.unwrap_or_else(|| panic!("no title: {section:?}")).to_owned());
            info.fields.extend(lines.map(field));
        }
        let mut seen = HashSet::new();
        info.fields.iter().for_each(|(name, _)| assert!(seen.insert(name), "{name} is there twice"));
        info
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The names of those fields that every server has, whatever is done with it.
    pub(crate) fn fixed_names(&self) -> HashSet<&str> {
        let varies = ["cmdstat_", "errorstat_", "latency_percentiles_usec_", "listener"];
        let is_database =
            |name: &str| name.strip_prefix("db").is_some_and(|number| number.parse::<u32>().is_ok());
        let names = self.fields.iter().map(|(name, _)| name.as_str());
        names
            .filter(|name| !varies.iter().any(|start| name.starts_with(start)) && !is_database(name))
            .collect()
    }

    /// The fields within the lines whose names start like this: the rest of the name, and the parts.
    pub(crate) fn lines(&self, start: &str) -> Vec<(&str, Vec<(&str, f64)>)> {
        let lines = self.fields.iter().filter_map(|(name, value)| Some((name.strip_prefix(start)?, value)));
        lines.map(|(rest, value)| (rest, parts(value))).collect()
    }
}

fn field(line: &str) -> (String, String) {
    let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no field: {line:?}"));
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_.|-".contains(letter);
    assert!(!name.is_empty() && name.chars().all(is_plain), "{line:?}");
    assert!(value.trim() == value && !value.contains(['\r', '\n']), "{line:?}");
    (name.to_owned(), value.to_owned())
}

/// `name=number,name=number`.
///
/// # Panics
/// When a part is anything else.
pub(crate) fn parts(value: &str) -> Vec<(&str, f64)> {
    let part = |part: &'_ str| -> Option<(usize, f64)> {
        let (name, number) = part.split_once('=')?;
        Some((name.len(), number.parse().ok()?))
    };
    let read = |text| part(text).map(|(len, number)| (&text[..len], number));
    value.split(',').map(|text| read(text).unwrap_or_else(|| panic!("no number: {value}"))).collect()
}

/// What a value looks like.
pub(crate) fn kind(value: &str) -> Kind {
    let is_decimal = |text: &str| text.contains('.') && text.parse::<f64>().is_ok();
    let size = value.strip_suffix(['B', 'K', 'M', 'G', 'T']);
    if value.parse::<i64>().is_ok() {
        Kind::Integer
    } else if is_decimal(value) {
        Kind::Decimal
    } else if value.strip_suffix('%').is_some_and(is_decimal) {
        Kind::Percent
    } else if size.is_some_and(|size| size.parse::<f64>().is_ok()) {
        Kind::Size
    } else if value.contains('=') {
        Kind::Parts
    } else {
        Kind::Text
    }
}
