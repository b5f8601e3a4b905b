//! Readable scripts, `tests/scripts/*.txt`: what commands answer, on Memora and on a real Redis.
//!
//! Every script runs under RESP2 and RESP3, each time on a fresh server of either kind in a directory of its own; the replies are compared
//! with each other and with the file, byte for byte. Nobody writes replies by hand: `UPDATE=1 cargo test --test
//! scripts` writes what the real server answers into the files (or Memora, where a script says that Redis is meant
//! to differ). `tests/scripts/script.rs` explains the format.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod real_redis;
#[path = "scripts/run.rs"]
mod run;
#[path = "scripts/script.rs"]
mod script;
mod wire;
#[path = "scripts/words.rs"]
mod words;

use memora::commands::table::table;
use memora::config::Config;
use memora::config::values::DebugCommand;
use memora::server::{Embedding, Server};
use real_redis::RealRedis;
use run::{Answer, Target, run};
use script::{Action, Note, Script, Step};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PROTOCOLS: [u8; 2] = [2, 3];

#[test]
fn every_script_is_answered_as_it_says() {
    let redis = real_redis::is_installed("half of the comparison").then(installed_version);
    let update = std::env::var("UPDATE").is_ok_and(|value| value == "1");
    assert!(redis.is_some() || !update, "replies come from a real server");
    let mut complaints = Vec::new();
    for (path, script) in scripts() {
        let answers: Vec<_> = PROTOCOLS.map(|protocol| Answers::of(&script, protocol, redis)).into();
        if update {
            fs::write(&path, script.write(&replies(&script, &answers))).unwrap();
        }
        // Read again, so that a file just written is checked as well.
        let script = Script::read(&script.name, &fs::read_to_string(&path).unwrap());
        complaints.extend(answers.iter().flat_map(|answers| answers.complaints(&script)));
    }
    assert!(complaints.is_empty(), "{} replies are wrong\n\n{}", complaints.len(), complaints.join("\n\n"));
}

#[test]
fn every_command_and_option_has_its_place_in_a_script() {
    let used = used_words();
    let mut missing = Vec::new();
    for entry in table().entries() {
        let is_container = !entry.row.subcommands.is_empty() && entry.row.spec.syntax.is_empty();
        match used.get(&entry.name) {
            None if !is_container => missing.push(entry.name.clone()),
            None => {}
            Some(words) => {
                let options = option_words(entry.row.spec.syntax);
                let unused = options.filter(|option| !words.contains(*option));
                missing.extend(unused.map(|option| format!("{} {option}", entry.name)));
            }
        }
    }
    assert!(missing.is_empty(), "no script uses: {}", missing.join(", "));
}

/// The version of the real server.
fn installed_version() -> Version {
    let output = Command::new("redis-server").arg("--version").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let version = text.split_once("v=").unwrap().1;
    let mut numbers = version.split('.').map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

fn scripts() -> Vec<(PathBuf, Script)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut paths: Vec<_> = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    if let Ok(only) = std::env::var("SCRIPT") {
        paths.retain(|path| path.file_stem().is_some_and(|stem| *stem == *only));
    }
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let script = Script::read(&name, &fs::read_to_string(&path).unwrap());
        (path, script)
    };
    paths.into_iter().map(read).collect()
}

/// The words that follow each command in any script: options and much else, in upper case.
fn used_words() -> HashMap<String, HashSet<String>> {
    let mut used: HashMap<String, HashSet<String>> = HashMap::new();
    for (_, script) in scripts() {
        for step in script.steps().filter(|step| matches!(step.action, Action::Ask | Action::Send)) {
            let words: Vec<_> = step.rest().split(' ').map(str::to_ascii_uppercase).collect();
            let command = words[0].to_ascii_lowercase();
            let subcommand = words.get(1).map(|word| format!("{command}|{}", word.to_ascii_lowercase()));
            for name in subcommand.into_iter().chain([command]) {
                used.entry(name).or_default().extend(words.iter().skip(1).cloned());
            }
        }
    }
    used
}

/// The words of a syntax string that stand for themselves.
fn option_words(syntax: &str) -> impl Iterator<Item = &str> {
    let words =
        syntax.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-' || letter == '_'));
    words
        .filter(|word| word.len() > 1 || *word == "*")
        .filter(|word| !word.bytes().any(|byte| byte.is_ascii_lowercase()))
}

/// A version of the real server, such as `(7, 0)`.
type Version = (u32, u32);

/// The answers to a script's steps, where there are any.
type Replies = Vec<Option<Answer>>;

/// What a script was answered under one version of the protocol.
struct Answers {
    protocol: u8,
    memora: Replies,
    /// With the server's version.
    redis: Option<(Replies, Version)>,
}

impl Answers {
    fn of(script: &Script, protocol: u8, redis: Option<Version>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = Config {
            port: 0,
            dir: directory.path().to_owned(),
            enable_debug_command: DebugCommand::Yes,
            save: Vec::new(),
            ..Config::default()
        };
        // What a process without an allocator that counts would not know: enough for a small `maxmemory` to be full.
        let embedding = Embedding { allocated_bytes: Some(|| 1_000_000), ..Embedding::default() };
        let server = Server::start_with(config, embedding).unwrap();
        let memora = run(script, Target::Memora, server.local_addr().unwrap(), protocol);
        drop(server);
        let redis = redis.map(|version| {
            let server = RealRedis::start(&["--enable-debug-command", "yes"]);
            (run(script, Target::Redis, server.address, protocol), version)
        });
        Self { protocol, memora, redis }
    }

    /// The answer of the real server where it counts, else Memora's.
    fn reference(&self, index: usize, step: &Step) -> Option<&Answer> {
        let redis = self.redis.as_ref().filter(|(_, version)| !is_excused(step, *version));
        redis.map_or(&self.memora, |(answers, _)| answers)[index].as_ref()
    }

    fn complaints(&self, script: &Script) -> Vec<String> {
        script.steps().enumerate().filter_map(|(index, step)| self.complaint(script, index, step)).collect()
    }

    fn complaint(&self, script: &Script, index: usize, step: &Step) -> Option<String> {
        let memora = self.memora[index].as_ref()?;
        let redis =
            self.redis.as_ref().and_then(|(answers, version)| Some((answers[index].as_ref()?, *version)));
        let expected = step.expected_under(self.protocol);
        let what = match redis {
            Some((redis, version)) if is_excused(step, version) => {
                (redis == memora).then(|| "the mark is not needed, both answer the same".to_owned())
            }
            Some((redis, _)) if redis != memora => Some(format!("redis:\n{}", indent(&redis.lines))),
            _ => None,
        };
        let differs = || (memora.lines != expected).then(|| format!("file:\n{}", indent(expected)));
        let what = what.or_else(differs)?;
        let place = format!("{}:{} under RESP{}", script.name, step.line, self.protocol);
        Some(format!("{place}: {}\n memora:\n{}\n {what}", step.text, indent(&memora.lines)))
    }
}

/// Whether the real server is meant to answer something else.
fn is_excused(step: &Step, redis: Version) -> bool {
    step.notes.iter().any(|note| match note {
        Note::Newer(version) => redis < *version,
        Note::Differs | Note::MemoraOnly => true,
        _ => false,
    })
}

/// The lines as a complaint shows them: the beginning of long ones.
fn indent(lines: &[String]) -> String {
    const SHOWN_LETTERS: usize = 400;
    let line = |line: &String| format!("   {}", line.chars().take(SHOWN_LETTERS).collect::<String>());
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The replies to write into a script.
fn replies(script: &Script, answers: &[Answers]) -> Vec<[Vec<String>; 2]> {
    let lines = |answers: &Answers, index, step: &Step| {
        answers.reference(index, step).map(|answer| answer.lines.clone())
    };
    let both = |(index, step): (usize, &Step)| {
        let (two, three) = (lines(&answers[0], index, step), lines(&answers[1], index, step));
        let three = three.or_else(|| two.clone()).unwrap_or_default();
        [two.unwrap_or_else(|| three.clone()), three]
    };
    script.steps().enumerate().map(both).collect()
}
