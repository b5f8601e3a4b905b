//! What clients are told about commands: `COMMAND INFO` and `COMMAND DOCS`, made from the declarations.
//!
//! Everything here is a pure function of the joined table. The shapes are Redis 7's: a list of ten for INFO,
//! a map for DOCS. Deliberately absent: the commands that ask for it, which are in `command`.
//!
//! Sources: <https://redis.io/docs/latest/commands/command/>, <https://redis.io/docs/latest/commands/command-docs/>.

use super::categories::Categories;
use super::key_specs::{BeginSearch, FindRange, KeyFlags, KeySpec};
use super::spec::Spec;
use super::syntax::{self, Argument};
use super::table::{Entry, table};
use crate::resp::Reply;

/// What `COMMAND INFO` says of a command, its subcommands included.
#[must_use]
pub fn info(entry: &Entry) -> Reply {
    let (spec, range) = (entry.row.spec, entry.row.range);
    let number = |value: i32| Reply::Integer(value.into());
    Reply::Array(vec![
        Reply::bulk(entry.name.clone()),
        number(spec.arity),
        Reply::Set(entry.row.flags.names().map(Reply::simple).collect()),
        number(range.first),
        number(range.last),
        number(range.step),
        Reply::Set(
            Categories::of(entry.row).names().map(|name| Reply::Simple(format!("@{name}").into())).collect(),
        ),
        Reply::Set(spec.tips.iter().copied().map(Reply::bulk).collect()),
        Reply::Set(spec.keys.iter().map(key_spec).collect()),
        subcommand_infos(entry),
    ])
}

/// What `COMMAND DOCS` says of a command, its subcommands included: the name, and a map.
#[must_use]
pub fn docs(entry: &Entry) -> (Reply, Reply) {
    let spec = entry.row.spec;
    let mut map = vec![
        pair("summary", Reply::bulk(spec.summary)),
        pair("since", Reply::bulk(spec.since)),
        pair("group", Reply::bulk(spec.group.name())),
        pair("complexity", Reply::bulk(spec.complexity)),
    ];
    add_status(spec, &mut map);
    if !spec.history.is_empty() {
        let change = |(version, text): &(&'static str, &'static str)| strings([*version, *text]);
        map.push(pair("history", Reply::Set(spec.history.iter().map(change).collect())));
    }
    // A syntax that cannot be read fails the tests; a client is told of no arguments then.
    let arguments = syntax::arguments(spec).unwrap_or_default();
    if !arguments.is_empty() {
        map.push(pair("arguments", Reply::array(arguments.iter().map(argument))));
    }
    if !entry.subcommands.is_empty() {
        map.push(pair("subcommands", Reply::Map(subcommands(entry).map(docs).collect())));
    }
    (Reply::bulk(entry.name.clone()), Reply::Map(map))
}

/// Redis answers an empty set where there are none, and a list where there are some.
fn subcommand_infos(entry: &Entry) -> Reply {
    match entry.subcommands.as_slice() {
        [] => Reply::Set(Vec::new()),
        _ => Reply::array(subcommands(entry).map(info)),
    }
}

fn subcommands(entry: &Entry) -> impl Iterator<Item = &'static Entry> {
    entry.subcommands.iter().map(|index| &table().entries()[*index])
}

fn pair(name: &'static str, value: Reply) -> (Reply, Reply) {
    (Reply::bulk(name), value)
}

fn strings<const N: usize>(texts: [&'static str; N]) -> Reply {
    Reply::array(texts.into_iter().map(Reply::bulk))
}

/// That a command is out of favour, or not for people.
fn add_status(spec: &Spec, map: &mut Vec<(Reply, Reply)>) {
    let mut flags = Vec::new();
    if spec.deprecated.is_some() {
        flags.push(Reply::simple("deprecated"));
    }
    if spec.is_internal {
        flags.push(Reply::simple("syscmd"));
    }
    if !flags.is_empty() {
        map.push(pair("doc_flags", Reply::Set(flags)));
    }
    if let Some(deprecated) = &spec.deprecated {
        map.push(pair("deprecated_since", Reply::bulk(deprecated.since)));
        map.push(pair("replaced_by", Reply::bulk(deprecated.replaced_by)));
    }
}

fn argument(argument: &Argument) -> Reply {
    let mut map = vec![
        pair("name", Reply::bulk(argument.name.clone())),
        pair("type", Reply::bulk(argument.kind.name())),
    ];
    if let Some(index) = argument.key_spec {
        map.push(pair("key_spec_index", Reply::from_count(index)));
    }
    if let Some(token) = argument.token {
        map.push(pair("token", Reply::bulk(token)));
    }
    if let Some(since) = argument.since {
        map.push(pair("since", Reply::bulk(since)));
    }
    let flags = [
        (argument.optional, "optional"),
        (argument.multiple, "multiple"),
        (argument.multiple_token, "multiple_token"),
    ];
    let flags: Vec<_> =
        flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| Reply::simple(name)).collect();
    if !flags.is_empty() {
        map.push(pair("flags", Reply::Set(flags)));
    }
    if !argument.parts.is_empty() {
        map.push(pair("arguments", Reply::array(argument.parts.iter().map(self::argument))));
    }
    Reply::Map(map)
}

/// The names of the flags of a key, as a set.
#[must_use]
pub fn key_flags(flags: KeyFlags) -> Reply {
    Reply::Set(flags.names().map(Reply::simple).collect())
}

fn key_spec(spec: &KeySpec) -> Reply {
    let mut map = Vec::new();
    if !spec.notes.is_empty() {
        map.push(pair("notes", Reply::bulk(spec.notes)));
    }
    map.push(pair("flags", key_flags(KeyFlags::of(spec.flags))));
    map.push(pair("begin_search", begin_search(spec.begin)));
    map.push(pair("find_keys", find_keys(spec.find)));
    Reply::Map(map)
}

fn begin_search(begin: BeginSearch) -> Reply {
    match begin {
        BeginSearch::Index(index) => step("index", vec![("index", Reply::Integer(index.into()))]),
        BeginSearch::Keyword(keyword, start) => {
            let start = Reply::Integer(start.into());
            step("keyword", vec![("keyword", Reply::bulk(keyword)), ("startfrom", start)])
        }
        BeginSearch::Unknown => step("unknown", Vec::new()),
    }
}

fn find_keys(find: FindRange) -> Reply {
    let numbers = |names: [&'static str; 3], values: [i32; 3]| {
        names.into_iter().zip(values.map(|value| Reply::Integer(value.into()))).collect()
    };
    match find {
        FindRange::Range { last, step: distance, limit } => {
            step("range", numbers(["lastkey", "keystep", "limit"], [last, distance, limit]))
        }
        FindRange::KeyNum { count, first, step: distance } => {
            step("keynum", numbers(["keynumidx", "firstkey", "keystep"], [count, first, distance]))
        }
        FindRange::Unknown => step("unknown", Vec::new()),
    }
}

fn step(kind: &'static str, values: Vec<(&'static str, Reply)>) -> Reply {
    let values = values.into_iter().map(|(name, value)| pair(name, value)).collect();
    Reply::Map(vec![pair("type", Reply::bulk(kind)), pair("spec", Reply::Map(values))])
}
