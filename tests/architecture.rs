//! The rules of the house, read from the sources: which layer may mention what, and how long things may be.

use std::fs;
use std::path::{Path, PathBuf};

/// A file may have this many lines.
const FILE_LINES: usize = 500;

/// What a layer must never mention, and why a reader should care.
struct Rule {
    /// Folder or file below the project's root.
    room: &'static str,
    /// Words that must not stand in its code; comments and tests do not count.
    forbidden: &'static [&'static str],
    /// Files that are the one named exception.
    except: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        room: "src/resp",
        forbidden: &[
            "crate::store",
            "crate::commands",
            "crate::actors",
            "crate::config",
            "actix",
            "std::fs",
            "std::net",
            "std::time",
            "tracing",
        ],
        except: &[],
    },
    Rule { room: "src/resp", forbidden: &["tokio"], except: &["codec.rs"] },
    Rule {
        room: "src/store",
        forbidden: &[
            "crate::resp",
            "crate::commands",
            "crate::actors",
            "crate::config",
            "crate::persistence",
            "actix",
            "tokio",
            "tracing",
            "std::fs",
            "std::net",
            "std::time",
            "SystemTime",
            "Instant",
        ],
        except: &[],
    },
    // The hash function's state is called so, too; its seeds are given.
    Rule { room: "src/store", forbidden: &["RandomState"], except: &["dict/mod.rs"] },
    Rule {
        room: "src/commands",
        forbidden: &[
            "crate::actors",
            "crate::server",
            "actix",
            "tokio",
            "std::fs",
            "std::net::Tcp",
            "SystemTime",
            "Instant::now",
        ],
        except: &[],
    },
    Rule { room: "src/persistence", forbidden: &["crate::actors", "crate::server", "actix"], except: &[] },
    // The decoder of requests is a codec of tokio-util's.
    Rule { room: "src/persistence", forbidden: &["tokio"], except: &["replay.rs"] },
    // DUMP and RESTORE use it, so it knows nothing of commands.
    Rule {
        room: "src/persistence/rdb",
        forbidden: &["crate::commands", "crate::resp", "std::fs"],
        except: &[],
    },
    Rule {
        room: "src/config",
        forbidden: &[
            "crate::resp::{",
            "crate::resp::request",
            "crate::store",
            "crate::commands",
            "crate::actors",
            "crate::server",
            "actix",
            "tokio",
        ],
        except: &[],
    },
    Rule { room: "src/exit.rs", forbidden: &["crate::"], except: &[] },
    Rule { room: "src/shells.rs", forbidden: &["crate::"], except: &[] },
    Rule { room: "src/server.rs", forbidden: &["memora-server", "rustyline"], except: &[] },
    Rule {
        room: "src/bin/memora-server",
        forbidden: &["memora::store", "memora::commands", "memora::actors", "actix"],
        except: &[],
    },
    Rule {
        room: "src/bin/memora-cli",
        forbidden: &["memora::store", "memora::commands", "memora::actors", "memora::server", "actix"],
        except: &[],
    },
];

/// Only these folders may name actix.
const ACTIX_ROOMS: &[&str] = &["src/actors", "src/server.rs"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust sources below a folder, or the file itself.
fn sources(room: &Path) -> Vec<PathBuf> {
    if room.is_file() {
        return vec![room.to_owned()];
    }
    let Ok(entries) = fs::read_dir(room) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let mut files: Vec<_> = paths
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    files
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs")
}

/// The code of a file: without comment lines and without the test module at its end.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a readable source");
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string().replace('\\', "/")
}

#[test]
fn no_layer_mentions_what_it_must_not_know() {
    let mut broken = Vec::new();
    for rule in RULES {
        for path in sources(&root().join(rule.room)) {
            let excepted = rule.except.iter().any(|name| path.ends_with(name));
            if excepted || is_test(&path) {
                continue;
            }
            let code = code(&path);
            for word in rule.forbidden.iter().filter(|word| code.contains(**word)) {
                broken.push(format!("{} mentions {word}", name(&path)));
            }
        }
    }
    assert!(broken.is_empty(), "layer rules broken:\n{}", broken.join("\n"));
}

#[test]
fn only_the_actors_name_actix() {
    let mut broken = Vec::new();
    for path in sources(&root().join("src")) {
        let name = name(&path);
        let allowed = ACTIX_ROOMS.iter().any(|room| name.starts_with(room));
        if !allowed && code(&path).contains("actix") {
            broken.push(name);
        }
    }
    assert!(broken.is_empty(), "actix is named outside of its rooms: {broken:?}");
}

#[test]
fn every_file_is_short_and_begins_with_what_it_is_for() {
    let mut broken = Vec::new();
    for room in ["src", "tests", "benches", "examples"] {
        for path in sources(&root().join(room)) {
            let text = fs::read_to_string(&path).expect("a readable source");
            let lines = text.lines().count();
            if lines > FILE_LINES {
                broken.push(format!("{} has {lines} lines, more than {FILE_LINES}", name(&path)));
            }
            if !text.starts_with("//!") {
                broken.push(format!("{} does not begin with //! and what it is for", name(&path)));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_folder_of_the_rules_exists() {
    // A rule about a folder that was renamed would hold for ever, and mean nothing.
    let missing: Vec<_> = RULES
        .iter()
        .map(|rule| rule.room)
        .filter(|room| *room != "src/persistence" && sources(&root().join(room)).is_empty())
        .collect();
    assert!(missing.is_empty(), "no sources in {missing:?}");
}
