//! Reading configuration files: which syntax, `include`, standard input.
//!
//! A file whose name ends in `.toml` is TOML, any other is `redis.conf`. What comes out is a list of settings
//! in reading order; whether they make sense is decided in [`super::load`].

use super::error::{Place, Problem};
use super::load::Setting;
use super::{conf, toml};
use std::io::Read;
use std::path::{Path, PathBuf};

/// How deep files may include each other: enough for any sane layout, and the end of a file including itself.
const MAX_INCLUDE_DEPTH: usize = 16;
/// The bytes that make a path a pattern.
const PATTERN_BYTES: [char; 3] = ['*', '?', '['];
/// How standard input is named in messages.
const STDIN: &str = "standard input";

/// A setting, or what is wrong in its place.
pub(super) type Found = Result<Setting, Problem>;

/// The settings of a file and of the files it includes.
pub(super) fn read_file(path: &Path) -> Vec<Found> {
    match read_text(path) {
        Ok(text) if is_toml(path) => toml_settings(path, &text),
        Ok(text) => conf_settings(path, &text, 0),
        Err(problem) => vec![Err(problem)],
    }
}

/// Whether a file of this name is TOML.
pub(super) fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

/// The settings of standard input, in the syntax of `redis.conf`.
pub(super) fn read_stdin(mut input: impl Read) -> Vec<Found> {
    let mut text = String::new();
    match input.read_to_string(&mut text) {
        Ok(_) => conf_settings(Path::new(STDIN), &text, 0),
        Err(error) => {
            vec![Err(Problem { place: Place::File(STDIN.into()), text: format!("cannot read: {error}") })]
        }
    }
}

fn read_text(path: &Path) -> Result<String, Problem> {
    let place = || Place::File(path.to_owned());
    let bytes = std::fs::read(path)
        .map_err(|error| Problem { place: place(), text: format!("cannot read: {error}") })?;
    // Editors on Windows like to put a byte order mark in front.
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).map(<[u8]>::to_vec).unwrap_or(bytes);
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
        Problem { place: Place::Line(path.to_owned(), line), text: "not valid UTF-8".to_owned() }
    })
}

fn toml_settings(path: &Path, text: &str) -> Vec<Found> {
    let place = |line| Place::Line(path.to_owned(), line);
    let entries = match toml::entries(text) {
        Ok(entries) => entries,
        Err((line, text)) => {
            return vec![Err(Problem { place: place(line), text })];
        }
    };
    let settings = entries.into_iter().map(|entry| match entry.words {
        Ok(words) => Ok(Setting { place: place(entry.line), name: entry.name, words }),
        Err(text) => Err(Problem { place: place(entry.line), text }),
    });
    settings.collect()
}

fn conf_settings(path: &Path, text: &str, depth: usize) -> Vec<Found> {
    let mut found = Vec::new();
    for line in conf::lines(text) {
        let place = Place::Line(path.to_owned(), line.number);
        match line.words.as_deref() {
            Err(reason) => found.push(Err(Problem { place, text: (*reason).to_owned() })),
            Ok([name, files @ ..]) if name.eq_ignore_ascii_case("include") => {
                found.extend(included(path, place, files, depth + 1));
            }
            Ok([name, words @ ..]) => {
                found.push(Ok(Setting { place, name: name.clone(), words: words.to_vec() }))
            }
            Ok([]) => {}
        }
    }
    found
}

fn included(from: &Path, place: Place, files: &[String], depth: usize) -> Vec<Found> {
    let problem = |text: String| vec![Err(Problem { place: place.clone(), text })];
    match files {
        [file] if file.contains(PATTERN_BYTES) => {
            problem(format!("include `{file}`: patterns are not supported; include each file by its name"))
        }
        [file] if depth > MAX_INCLUDE_DEPTH => {
            problem(format!("include `{file}`: files include each other more than {MAX_INCLUDE_DEPTH} deep"))
        }
        [file] => match read_text(&include_path(from, file)) {
            Ok(text) => conf_settings(&include_path(from, file), &text, depth),
            Err(Problem { place: Place::File(path), text }) => {
                problem(format!("include `{}`: {text}", path.display()))
            }
            Err(at_a_line) => vec![Err(at_a_line)],
        },
        _ => problem("include: expected the path of one file".to_owned()),
    }
}

/// A relative path starts at the including file. Redis starts at the working directory, which is tried second.
fn include_path(from: &Path, file: &str) -> PathBuf {
    let beside = from.parent().unwrap_or(Path::new("")).join(file);
    let from_working_directory = PathBuf::from(file);
    if !beside.exists() && from_working_directory.exists() { from_working_directory } else { beside }
}
