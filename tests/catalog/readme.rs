//! The README's table of commands: made from the declarations, and never stale.

use memora::commands::spec::Group;
use memora::commands::syntax::shown;
use memora::commands::table::{Entry, table};
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

const START: &str = "<!-- commands -->";
const END: &str = "<!-- /commands -->";

/// What the file begins with where there is none yet.
const NEW_README: &str = "# Memora\n\n## Commands\n\n<!-- commands -->\n<!-- /commands -->\n";

#[test]
fn the_readme_lists_every_command() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    // On Windows, git may have turned the line ends around.
    let readme = fs::read_to_string(&path).map(|text| text.replace("\r\n", "\n"));
    let updates = env::var_os("UPDATE").is_some_and(|value| value == "1");
    let readme = match readme {
        Err(_) if updates => NEW_README.to_owned(),
        readme => readme.unwrap(),
    };
    let (before, behind) = readme.split_once(START).expect("the README has a mark before the commands");
    let (_, after) = behind.split_once(END).expect("the README has a mark behind the commands");
    let expected = format!("{before}{START}\n{}{END}{after}", tables());
    if updates {
        fs::write(&path, expected).unwrap();
    } else {
        assert!(
            readme == expected,
            "the commands in README.md are stale: UPDATE=1 cargo test --test catalog readme"
        );
    }
}

/// One table for each group, in the order of the documentation; containers stand for themselves only where they
/// are commands.
fn tables() -> String {
    let mut text = String::new();
    for (group, name) in Group::ALL {
        let listed = |entry: &&Entry| entry.row.spec.group == *group && !entry.row.is_only_container();
        let mut entries: Vec<&Entry> = table().entries().iter().filter(listed).collect();
        if entries.is_empty() {
            continue;
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let _ = write!(text, "\n### {}\n\n| Command | Summary |\n|---|---|\n", title(name));
        for entry in entries {
            let _ = writeln!(text, "| `{}` | {} |", usage(entry), entry.row.spec.summary);
        }
    }
    text + "\n"
}

/// A bar would end the column, so it is escaped.
fn usage(entry: &Entry) -> String {
    let usage = format!("{} {}", entry.name.replace('|', " ").to_uppercase(), shown(entry.row.spec.syntax));
    usage.trim_end().replace('|', "\\|")
}

fn title(group: &str) -> String {
    let (first, rest) = group.split_at(1);
    first.to_uppercase() + &rest.replace('-', " ")
}
