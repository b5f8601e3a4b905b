//! What differs from Redis 7.0.15 on purpose, from the places where tests excuse it: marks in scripts, excuses of the
//! oracle, lines beside the catalog, the list about files, and the fields of INFO that are not there.

use super::absent::ABSENT;
use super::conversations::{APPLICATIONS, BETWEEN_CLIENTS};
use super::disk::ON_DISK;
use super::of_catalog::DIFFERENCES;
use super::rules::{EXCUSES, RULES};
use super::shown;
use memora::commands::table::table;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Writes the chapter.
pub(crate) fn write(text: &mut String) {
    text.push_str("\n## Differences from Redis 7.0.15 that are meant\n");
    let marks = marks();
    text.push_str("\n### What Redis 7.2 does otherwise than 7.0.15\n\n");
    write_marks(text, &marks, "7.2");
    text.push_str("\n### What Memora does otherwise than Redis\n\n");
    write_marks(text, &marks, "differs");
    text.push_str("\n### What Memora does otherwise with files\n\n");
    for (topic, difference) in ON_DISK {
        let _ = writeln!(text, "- {topic}: {difference}");
    }
    text.push_str("\n### What Memora does otherwise between clients\n\n");
    for (topic, difference) in BETWEEN_CLIENTS {
        let _ = writeln!(text, "- {topic}: {difference}");
    }
    text.push_str("\n### What random requests may show\n\n");
    for reason in excuses_without(&marks) {
        let _ = writeln!(text, "- {}", plain(reason));
    }
    text.push_str("\n### What is not compared byte for byte\n\n");
    write_marks(text, &loose_rules(), LOOSE);
    text.push_str("\n### What COMMAND says of commands\n\n");
    for (name, field, reason) in DIFFERENCES {
        let _ = writeln!(text, "- `{}`, {field}: {}", shown(name), plain(reason));
    }
    text.push_str("\n### Fields of INFO that are not there\n\n");
    for (reason, fields) in ABSENT {
        let fields: Vec<_> = fields.iter().map(|field| format!("`{field}`")).collect();
        let _ = writeln!(text, "- {}: {}", plain(reason), fields.join(", "));
    }
    text.push_str("\n## Applications that were tried\n\n");
    for (application, outcome) in APPLICATIONS {
        let _ = writeln!(text, "- {application}: {outcome}");
    }
}

/// Text in which Markdown finds no tags.
fn plain(text: &str) -> String {
    text.replace('<', "\\<").replace('*', "\\*")
}

/// A mark in a script: what kind it is, why, and the commands that are answered otherwise.
struct Mark {
    kind: String,
    reason: String,
    commands: Vec<String>,
}

/// The marks of all scripts; one for each reason.
fn marks() -> Vec<Mark> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut paths: Vec<_> = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    let mut marks = Vec::new();
    for path in paths {
        let text = fs::read_to_string(path).unwrap();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let note = line.strip_prefix("@ ").and_then(|note| note.split_once(' '));
            let Some((kind @ ("7.2" | "differs"), reason)) = note else { continue };
            let step =
                lines.clone().find(|line| !line.starts_with("@ ")).expect("a mark is followed by a step");
            add(&mut marks, kind, reason, command(step));
        }
    }
    marks
}

fn add(marks: &mut Vec<Mark>, kind: &str, reason: &str, command: String) {
    let same = marks.iter_mut().find(|mark| mark.kind == kind && mark.reason == reason);
    match same {
        Some(mark) if mark.commands.contains(&command) => {}
        Some(mark) => mark.commands.push(command),
        None => {
            marks.push(Mark { kind: kind.to_owned(), reason: reason.to_owned(), commands: vec![command] })
        }
    }
}

/// The command in the line of a step, with its subcommand.
fn command(step: &str) -> String {
    let words: Vec<_> = step.split(' ').skip(1).map(str::to_lowercase).collect();
    let entry = words.first().and_then(|word| table().find(word.as_bytes()));
    let subcommand =
        words.get(1).zip(entry).and_then(|(word, entry)| table().find_subcommand(entry, word.as_bytes()));
    match (entry, subcommand) {
        (_, Some(subcommand)) => shown(&subcommand.name),
        (Some(entry), None) => shown(&entry.name),
        (None, None) => words.join(" "),
    }
}

/// The excuses of the oracle that are not said of a script already.
fn excuses_without(marks: &[Mark]) -> impl Iterator<Item = &'static str> {
    let reasons = EXCUSES.iter().map(|(reason, _)| *reason);
    reasons.filter(|reason| marks.iter().all(|mark| mark.reason != *reason))
}

/// The kind of what [`loose_rules`] finds.
const LOOSE: &str = "loose";

/// The rules of the oracle that do not compare byte for byte; one for each reason.
fn loose_rules() -> Vec<Mark> {
    let mut marks = Vec::new();
    for rule in RULES.iter().filter(|rule| !rule.reason.is_empty()) {
        add(&mut marks, LOOSE, rule.reason, rule.name().collect::<Vec<_>>().join(" "));
    }
    marks
}

fn write_marks(text: &mut String, marks: &[Mark], kind: &str) {
    for mark in marks.iter().filter(|mark| mark.kind == kind) {
        let commands: Vec<_> = mark.commands.iter().map(|command| format!("`{command}`")).collect();
        let _ = writeln!(text, "- {}: {}", commands.join(", "), plain(&mark.reason));
    }
}
