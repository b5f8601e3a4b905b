//! `docs/COMPATIBILITY.md`: every command of Redis 7.2, whether Memora has it, and what differs on purpose.
//!
//! The page is made from what the other tests rely on, and is never stale: `UPDATE=1 cargo test --test compatibility`
//! writes it. Redis's commands stand in `tests/compatibility/commands.txt`, which is compared with a real server where
//! there is one. Differences are not listed here but taken from where each of them is excused.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
// Each part is used by several tests, and none uses all of it.
#![allow(dead_code)]

#[path = "tools/absent.rs"]
mod absent;
#[path = "compatibility/conversations.rs"]
mod conversations;
#[path = "compatibility/differences.rs"]
mod differences;
#[path = "compatibility/disk.rs"]
mod disk;
#[path = "catalog/differences.rs"]
mod of_catalog;
mod real_redis;
#[path = "oracle/rules.rs"]
mod rules;
mod wire;

use memora::commands::spec::Group;
use memora::commands::table::table;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};
use wire::{Client, Value};

const COMMANDS: &str = include_str!("compatibility/commands.txt");

/// The one command that is more than the name its subcommands share, such as CLIENT.
const CALLABLE_CONTAINER: &str = "command";

/// What is known of one of Redis's commands.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    /// As Redis prints it: `get`, `client|id`.
    name: String,
    group: String,
    since: String,
}

impl Known {
    fn is_supported(&self) -> bool {
        table().find_full(self.name.as_bytes()).is_some()
    }

    /// As people write it: `CLIENT ID`.
    fn shown(&self) -> String {
        shown(&self.name)
    }
}

fn shown(name: &str) -> String {
    name.replace('|', " ").to_uppercase()
}

/// All of Redis's commands, subcommands, and names that only stand before subcommands.
fn all_known() -> Vec<Known> {
    let lines = COMMANDS.lines().filter(|line| !line.starts_with('#'));
    let known = lines.map(|line| {
        let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        let [name, group, since] = words.try_into().unwrap_or_else(|_| panic!("not three words: {line}"));
        Known { name, group, since }
    });
    known.collect()
}

/// Those that can be called.
fn callable() -> Vec<Known> {
    let mut known = all_known();
    let of = |name: &str| name.split_once('|').map(|(container, _)| container.to_owned());
    let containers: Vec<_> = known.iter().filter_map(|it| of(&it.name)).collect();
    known.retain(|it| it.name == CALLABLE_CONTAINER || !containers.contains(&it.name));
    known
}

#[test]
fn the_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/COMPATIBILITY.md");
    let expected = page();
    if env::var_os("UPDATE").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, expected).unwrap();
        return;
    }
    // On Windows, git may have turned the line ends around.
    let written = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(written == expected, "docs/COMPATIBILITY.md is stale: UPDATE=1 cargo test --test compatibility");
}

/// The version whose commands no real server is asked about; `tests/catalog.rs` compares the others with one.
const NEWEST: &str = "7.2.0";

#[test]
fn memora_has_no_command_that_redis_has_not_but_its_own() {
    let known: BTreeMap<_, _> = all_known().into_iter().map(|it| (it.name.clone(), it)).collect();
    let is_own = |name: &str| name.split('|').next() == Some("memora");
    for entry in table().entries().iter().filter(|entry| !is_own(&entry.name)) {
        let it = known.get(&entry.name).unwrap_or_else(|| panic!("{} is not in the list", entry.name));
        let spec = entry.row.spec;
        assert_eq!(spec.since == NEWEST, it.since == NEWEST, "{}", entry.name);
        assert!(it.since != NEWEST || spec.group.name() == it.group, "{}", entry.name);
    }
}

#[test]
fn the_list_is_that_of_a_real_server() {
    if !real_redis::is_installed("the comparison of the list of commands") {
        return;
    }
    let server = real_redis::RealRedis::start(&[]);
    let mut client = Client::connect(server.address).unwrap();
    let info = client.ask_text(&["INFO", "server"]);
    let info = String::from_utf8_lossy(info.bytes()).into_owned();
    let installed = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap();
    let mut redis = Vec::new();
    collect(&client.ask_text(&["COMMAND", "DOCS"]), &mut redis);
    redis.sort();
    let mut listed = all_known();
    listed.retain(|it| version(&it.since) <= version(installed));
    listed.sort();
    let extra: Vec<_> = listed.iter().filter(|it| !redis.contains(it)).collect();
    let missing: Vec<_> = redis.iter().filter(|it| !listed.contains(it)).collect();
    assert!(
        extra.is_empty() && missing.is_empty(),
        "not in Redis {installed}: {extra:?}\nmissing: {missing:?}"
    );
    assert_eq!(redis.len(), listed.len(), "something is listed twice");
}

fn version(text: &str) -> Vec<u32> {
    text.split('.').map(|part| part.parse().unwrap()).collect()
}

/// The commands in a reply of COMMAND DOCS, and their subcommands.
fn collect(docs: &Value, all: &mut Vec<Known>) {
    for pair in docs.items().chunks_exact(2) {
        let fields = pair[1].items();
        let field =
            |name: &[u8]| fields.chunks_exact(2).find(|field| field[0].bytes() == name).map(|it| it[1]);
        let text = |name| String::from_utf8(field(name).unwrap().bytes().to_vec()).unwrap();
        let name = String::from_utf8(pair[0].bytes().to_vec()).unwrap();
        all.push(Known { name, group: text(b"group"), since: text(b"since") });
        if let Some(subcommands) = field(b"subcommands") {
            collect(subcommands, all);
        }
    }
}

fn page() -> String {
    let known = callable();
    let mut text = String::from(INTRODUCTION);
    write_counts(&mut text, &known);
    for (_, group) in Group::ALL {
        write_group(&mut text, group, &known);
    }
    differences::write(&mut text);
    text
}

const INTRODUCTION: &str = "\
# Compatibility with Redis

Memora follows Redis 7.2. This page is made by `tests/compatibility.rs` from the lists that the tests use, so edit
those: `UPDATE=1 cargo test --test compatibility` writes it anew.

A supported command answers as Redis does, to the byte, under RESP2 and RESP3: scripts (`tests/scripts`) and random
requests (`tests/oracle.rs`) are sent to Memora and to a real redis-server, and a difference that is not listed below
fails the tests.

## Commands
";

fn write_counts(text: &mut String, known: &[Known]) {
    let _ = write!(text, "\n| Group | Supported | Of |\n|---|--:|--:|\n");
    for (_, group) in Group::ALL {
        let of_group: Vec<_> = known.iter().filter(|it| it.group == *group).collect();
        let supported = of_group.iter().filter(|it| it.is_supported()).count();
        let title = title(group);
        let _ = writeln!(
            text,
            "| [{title}](#{}) | {supported} | {} |",
            title.replace(' ', "-").to_lowercase(),
            of_group.len()
        );
    }
    let supported = known.iter().filter(|it| it.is_supported()).count();
    let _ = writeln!(text, "| **All** | **{supported}** | **{}** |", known.len());
}

fn write_group(text: &mut String, group: &str, known: &[Known]) {
    let _ = write!(text, "\n### {}\n\n| Command | Since | Supported |\n|---|---|---|\n", title(group));
    for it in known.iter().filter(|it| it.group == group) {
        let answer = if it.is_supported() { "yes" } else { "no" };
        let _ = writeln!(text, "| `{}` | {} | {answer} |", it.shown(), it.since);
    }
}

fn title(group: &str) -> String {
    let (first, rest) = group.split_at(1);
    first.to_uppercase() + &rest.replace('-', " ")
}
