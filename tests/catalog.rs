//! The commands as a whole: rules that every declaration keeps, what a real server says of the same commands,
//! and the table in the README.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[cfg(unix)]
#[path = "catalog/beside_redis.rs"]
mod beside_redis;
#[cfg(unix)]
#[path = "catalog/differences.rs"]
mod differences;
#[path = "catalog/readme.rs"]
mod readme;

use memora::commands::categories::Category;
use memora::commands::key_specs::{BeginSearch, FindRange, KeyFlag, KeySpec};
use memora::commands::spec::{Flag, Group};
use memora::commands::syntax;
use memora::commands::table::{Entry, table};
use std::collections::HashSet;

/// Checks a rule for every command and subcommand, and names all that break it.
fn all(rule: &str, keeps: impl Fn(&Entry) -> bool) {
    let broken: Vec<&str> =
        table().entries().iter().filter(|entry| !keeps(entry)).map(|entry| entry.name.as_str()).collect();
    assert!(broken.is_empty(), "{rule}: {broken:?}");
}

fn version(text: &str) -> Option<[u32; 3]> {
    let parts: Vec<u32> = text.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
    parts.try_into().ok()
}

#[test]
fn names_are_unique_and_lower_case() {
    let mut seen = HashSet::new();
    all("unique", |entry| table().find_full(entry.name.as_bytes()).is_some_and(|it| it.index == entry.index));
    for entry in table().entries() {
        assert!(seen.insert(entry.name.as_str()), "{} is there twice", entry.name);
    }
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-|".contains(&byte);
    all("lower case", |entry| !entry.name.is_empty() && entry.name.bytes().all(is_plain));
}

#[test]
fn every_command_is_described() {
    all("summary: one sentence without a dot", |entry| {
        let summary = entry.row.spec.summary;
        let capital = summary.starts_with(|first: char| first.is_ascii_uppercase());
        capital && !summary.ends_with('.') && !summary.contains(['\n', '|'])
    });
    all("complexity", |entry| {
        let complexity = entry.row.spec.complexity;
        let is_known = complexity.starts_with("O(") || complexity.starts_with("Depends on ");
        is_known && !complexity.ends_with('.')
    });
    all("since", |entry| version(entry.row.spec.since).is_some());
    all("history in order, later than since", |entry| {
        let history = entry.row.spec.history.iter().map(|(number, _)| *number);
        let versions: Option<Vec<_>> =
            std::iter::once(entry.row.spec.since).chain(history).map(version).collect();
        versions.is_some_and(|versions| versions.is_sorted())
    });
    all("history: words, no dot at the end", |entry| {
        entry.row.spec.history.iter().all(|(_, text)| !text.is_empty() && !text.ends_with('.'))
    });
    all("deprecated: a version, and a command instead", |entry| {
        let fine = |number, instead: &str| version(number).is_some() && instead.starts_with('`');
        entry.row.spec.deprecated.as_ref().is_none_or(|it| fine(it.since, it.replaced_by))
    });
}

#[test]
fn syntax_can_be_read_and_agrees_with_arity() {
    for entry in table().entries() {
        let (name, spec) = (&entry.name, entry.row.spec);
        let arguments = syntax::arguments(spec).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        if !entry.subcommands.is_empty() {
            assert_eq!(spec.syntax, "", "{name} has subcommands, so it has no arguments");
            continue;
        }
        if name == "quit" {
            assert_eq!((spec.arity, spec.syntax), (-1, ""), "QUIT takes any arguments and ignores them");
            continue;
        }
        let words = 1 + i32::from(entry.container.is_some());
        let (least, most) = syntax::word_counts(&arguments);
        let least = words + i32::try_from(least).unwrap();
        let is_fixed = most.is_some_and(|most| words + i32::try_from(most).unwrap() == least);
        let expected = if is_fixed { least } else { -least };
        assert_eq!(spec.arity, expected, "{name} {}: {}", spec.syntax, syntax::outline(&arguments));
    }
}

#[test]
fn containers_leave_everything_to_their_subcommands() {
    all("containers", |entry| {
        let (row, spec) = (entry.row, entry.row.spec);
        let bare = spec.flags.is_empty() && spec.keys.is_empty() && spec.categories.is_empty();
        !row.is_only_container() || (spec.arity == -2 && bare && spec.tips.is_empty())
    });
    all("a container has HELP", |entry| {
        entry.subcommands.is_empty() || table().find_subcommand(entry, b"help").is_some()
    });
}

#[test]
fn flags_do_not_contradict_each_other() {
    all("declared once", |entry| {
        let flags = entry.row.spec.flags;
        (0..flags.len()).all(|index| !flags[index + 1..].contains(&flags[index]))
    });
    all("movablekeys is derived", |entry| !entry.row.spec.flags.contains(&Flag::Movablekeys));
    all("not both write and readonly", |entry| {
        !(entry.row.flags.has(Flag::Write) && entry.row.flags.has(Flag::Readonly))
    });
    all("keys are read or written", |entry| {
        let has_keys = entry.row.spec.keys.iter().any(|spec| !spec.flags.contains(&KeyFlag::NotKey));
        let either = entry.row.flags.has(Flag::Write) || entry.row.flags.has(Flag::Readonly);
        // A script may do either, and WATCH does neither.
        let may_not = matches!(entry.row.spec.group, Group::Scripting | Group::Transactions);
        !has_keys || either || may_not
    });
    all("memory is needed only to write", |entry| {
        let may_write = entry.row.flags.has(Flag::Write) || entry.row.spec.group == Group::Scripting;
        !entry.row.flags.has(Flag::Denyoom) || may_write
    });
    all("categories that follow anyway are not declared", |entry| {
        let admin = entry.row.flags.has(Flag::Admin);
        let implied = |category| admin && matches!(category, Category::Admin | Category::Dangerous);
        !entry.row.spec.categories.iter().any(|category| implied(*category))
    });
}

#[test]
fn keys_have_one_way_to_be_used() {
    let ways = [KeyFlag::Ro, KeyFlag::Rw, KeyFlag::Ow, KeyFlag::Rm];
    all("one of RO, RW, OW, RM", |entry| {
        let count = |spec: &KeySpec| spec.flags.iter().filter(|flag| ways.contains(flag)).count();
        entry
            .row
            .spec
            .keys
            .iter()
            .all(|spec| count(spec) == usize::from(!spec.flags.contains(&KeyFlag::NotKey)))
    });
    all("a function exactly where specifications do not reach", |entry| {
        let vague = |spec: &KeySpec| {
            let unknown = spec.begin == BeginSearch::Unknown || spec.find == FindRange::Unknown;
            let flags = [KeyFlag::VariableFlags, KeyFlag::Incomplete];
            unknown || flags.iter().any(|flag| spec.flags.contains(flag))
        };
        entry.row.spec.keys.iter().any(vague) == entry.row.spec.find_keys.is_some()
    });
}
