//! The examples HELP shows: each is run on Memora and on a real Redis, and has to be answered as it is shown.
//!
//! `UPDATE=1 cargo test --test cli examples` writes the answers anew, Memora's where it knows the command. A
//! command that Memora does not have yet is run on the real Redis alone.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use super::CLI;
use super::servers::{TestServer, both};

const FILE: &str = "src/bin/memora-cli/prompt/examples.txt";

const README: &str = include_str!("../../README.md");

/// The groups of the README's table in which every command has an example.
const COMPLETE: [&str; 5] = ["String", "List", "Hash", "Bitmap", "Transactions"];

/// A line that never reaches the server: what memora-cli says about it ends an answer, also inside MULTI.
const MARK: &str = "\"";

/// What it says.
const MARKED: &str = "Invalid argument(s)\n";

/// What clears up between two examples.
const CLEAN: [&str; 2] = ["RESET", "FLUSHALL"];

/// A command and what is typed to show it.
#[derive(Debug)]
struct Example {
    command: String,
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    typed: String,
    /// Whether the digits of its answer differ from time to time.
    varies: bool,
    shown: String,
}

impl Example {
    fn goes_on(&self) -> bool {
        self.steps.iter().any(|step| step.typed.contains("SUBSCRIBE ") && !step.typed.contains("UNSUBSCRIBE"))
    }

    fn is_known_to_memora(&self) -> bool {
        README.contains(&format!("\n| `{} ", self.command))
            || README.contains(&format!("\n| `{}`", self.command))
    }
}

fn read(text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("@ ") {
            examples.push(Example { command: name.to_owned(), steps: Vec::new() });
            continue;
        }
        let example = examples.last_mut().expect("the file begins with a name");
        match (line.strip_prefix("> "), line.strip_prefix("~ ")) {
            (None, None) => {
                example.steps.last_mut().expect("an answer follows a command").shown += &format!("{line}\n")
            }
            (fixed, varying) => example.steps.push(Step {
                typed: fixed.or(varying).expect("one of them is there").to_owned(),
                varies: varying.is_some(),
                shown: String::new(),
            }),
        }
    }
    examples
}

fn written(examples: &[Example]) -> String {
    let mut text = String::new();
    for example in examples {
        text += &format!("@ {}\n", example.command);
        for step in &example.steps {
            text += &format!("{} {}\n{}", if step.varies { "~" } else { ">" }, step.typed, step.shown);
        }
    }
    text
}

/// What each step of these examples shows on a server.
fn answers(examples: &[&Example], server: &TestServer) -> Vec<Vec<String>> {
    let mut input = String::new();
    for example in examples {
        let typed = example.steps.iter().map(|step| step.typed.as_str());
        for line in typed.chain(CLEAN) {
            input += &format!("{line}\n{MARK}\n");
        }
    }
    let mut child = Command::new(CLI)
        .args(["--no-raw", "-p", &server.port().to_string()])
        .env_remove("REDISCLI_AUTH")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let mut pieces = output.split(MARKED).map(|shown| shown.replace("\r\n", "\n"));
    let mut of = |example: &Example| {
        let shown = pieces.by_ref().take(example.steps.len()).collect();
        pieces.by_ref().take(CLEAN.len()).for_each(drop);
        shown
    };
    examples.iter().map(|example| of(example)).collect()
}

/// What a subscription to one name shows before anything is published.
fn confirmation(example: &Example, server: &TestServer) -> Vec<String> {
    let mut child = Command::new(CLI)
        .args(["--no-raw", "-p", &server.port().to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{}\n", example.steps[0].typed).as_bytes()).unwrap();
    let mut shown = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap).skip(1) {
        shown += &format!("{line}\n");
        if line.starts_with("3) ") {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    vec![shown]
}

/// Whether a server has no such command, or no such subcommand.
fn is_unknown(shown: &[String]) -> bool {
    shown.iter().any(|text| text.starts_with("(error) ERR unknown ") || text.contains("(error) ERR Unknown "))
}

fn without_digits(text: &str) -> String {
    let mut masked: Vec<char> = Vec::new();
    for letter in text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }) {
        if letter != '0' || masked.last() != Some(&'0') {
            masked.push(letter);
        }
    }
    masked.into_iter().collect()
}

fn answers_of(examples: &[&Example], server: &TestServer) -> Vec<Vec<String>> {
    let at_once: Vec<&Example> = examples.iter().copied().filter(|example| !example.goes_on()).collect();
    let mut found = answers(&at_once, server).into_iter();
    let of = |example: &&Example| match example.goes_on() {
        true => confirmation(example, server),
        false => found.next().unwrap(),
    };
    examples.iter().map(of).collect()
}

#[test]
fn every_example_is_answered_as_it_is_shown() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let mut examples = read(&std::fs::read_to_string(&path).unwrap());
    let servers = both();
    if std::env::var("UPDATE").as_deref() == Ok("1") {
        for server in servers.iter().rev() {
            update(&mut examples, server);
        }
        std::fs::write(&path, written(&examples)).unwrap();
    }
    let mut wrong = String::new();
    for server in &servers {
        let fitting: Vec<&Example> =
            examples.iter().filter(|example| !server.is_memora() || example.is_known_to_memora()).collect();
        assert!(fitting.len() > 100);
        for (example, answers) in fitting.iter().zip(answers_of(&fitting, server)) {
            // A real Redis is older than some commands.
            if !server.is_memora() && is_unknown(&answers) {
                continue;
            }
            for (step, answer) in example.steps.iter().zip(answers) {
                let is_same = match step.varies {
                    true => without_digits(&answer) == without_digits(&step.shown),
                    false => answer == step.shown,
                };
                if !is_same {
                    let name = if server.is_memora() { "Memora" } else { "Redis" };
                    wrong += &format!("{name}, {}\n> {}\n{answer}", example.command, step.typed);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Takes the answers of a server where it knows the commands.
fn update(examples: &mut [Example], server: &TestServer) {
    let all: Vec<&Example> = examples.iter().collect();
    let found = answers_of(&all, server);
    for (example, answers) in examples.iter_mut().zip(found) {
        if is_unknown(&answers) {
            continue;
        }
        for (step, answer) in example.steps.iter_mut().zip(answers) {
            // What varies is not written again each time.
            if !step.varies || without_digits(&answer) != without_digits(&step.shown) {
                step.shown = answer;
            }
        }
    }
}

#[test]
fn the_commands_people_look_up_most_have_examples() {
    let examples = read(include_str!("../../src/bin/memora-cli/prompt/examples.txt"));
    let named: BTreeSet<&str> = examples.iter().map(|example| example.command.as_str()).collect();
    assert_eq!(named.len(), examples.len(), "a command has one example of several lines");
    for group in COMPLETE {
        let table = README.split(&format!("### {group}\n")).nth(1).unwrap();
        for row in table.split("\n### ").next().unwrap().lines().filter_map(|line| line.strip_prefix("| `")) {
            let name = row.split([' ', '`']).next().unwrap();
            assert!(
                named.contains(name),
                "no example for {name}: type its commands into {FILE}, then UPDATE=1"
            );
        }
    }
}
