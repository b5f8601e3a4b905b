//! Results as Markdown, and their place in `docs/BENCHMARKS.md`: between two markers, so that what people have written
//! around it stays.

use crate::machine::Conditions;
use crate::plan::Bench;
use crate::results::{Results, Row, median};
use crate::servers::{Kind, Program};
use crate::workloads;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

const BEGIN: &str = "<!-- examples/bench writes from here -->";
const END: &str = "<!-- to here -->";

/// All tables with what has to be said about them; below each table its chart, if there is one.
pub(crate) fn markdown(bench: &Bench, conditions: &Conditions, charts: &[(&'static str, String)]) -> String {
    let programs = &bench.programs;
    let versions: Vec<_> =
        programs.iter().map(|program| format!("{} {}", program.kind.name(), program.version)).collect();
    let mut text = format!(
        "{}, each with its defaults and without persistence; clients over {}, threads of clients: {}, rounds: {}. \
         {}\n\nThe servers take turns at being first. A ratio (Memora over the other) is worked out in each round; the \
         tables show medians over the rounds. {}\n",
        versions.join(", "),
        if bench.plan.unix { "a Unix socket" } else { "TCP" },
        bench.plan.threads,
        bench.plan.rounds,
        conditions.told(),
        workloads::left_out(&programs.iter().map(|program| program.kind).collect::<Vec<Kind>>()),
    );
    if let Some(share) = median(bench.results.client_shares.clone()) {
        let _ =
            writeln!(text, "\nThe clients used {share:.2} times the processor time of the servers (median).");
    }
    let mut tables: Vec<&str> = bench.results.rows.iter().map(|row| row.table).collect();
    tables.dedup();
    let mut seen = Vec::new();
    for table in tables {
        if !seen.contains(&table) {
            seen.push(table);
            text.push_str(&self::table(&bench.results, programs, table));
            let chart = charts.iter().find(|(charted, _)| *charted == table);
            if let Some((_, path)) = chart {
                let _ = write!(text, "\n![{table}]({path})\n");
            }
        }
    }
    text
}

fn table(results: &Results, programs: &[Program], table: &str) -> String {
    let mut text = format!("\n| {table} |");
    for (place, program) in programs.iter().enumerate() {
        let _ = write!(text, " {} |{}", program.kind.name(), if place > 0 { " ratio |" } else { "" });
    }
    let _ = write!(text, "\n|---|--:|{}\n", "--:|--:|".repeat(programs.len() - 1));
    let rows = || results.rows.iter().filter(|row| row.table == table);
    for row in rows() {
        text.push_str(&line(row, programs.len()));
    }
    for row in rows() {
        for (program, reason) in programs.iter().zip(&row.skipped) {
            if let Some(reason) = reason {
                let _ = write!(text, "\nSkipped: {}, {}: {reason}.\n", program.kind.name(), row.what);
            }
        }
    }
    text
}

fn line(row: &Row, servers: usize) -> String {
    let mut text = format!("| {} |", row.what);
    for server in 0..servers {
        let unknown = if row.skipped[server].is_some() { "skipped" } else { "n/a" };
        let value = row.median(server).map_or(unknown.to_owned(), figure);
        let _ = write!(text, " {value} |");
        if server > 0 {
            let ratio = row.ratio(server).map_or("n/a".to_owned(), |ratio| format!("{ratio:.2}"));
            let _ = write!(text, " {ratio} |");
        }
    }
    text + "\n"
}

/// Three digits or so.
pub(crate) fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Puts a text between the markers of a document.
///
/// # Errors
/// When the document cannot be read or written, or the markers are not there.
pub(crate) fn write(document: &Path, generated: &str) -> io::Result<()> {
    let text = fs::read_to_string(document)?;
    let text = between_markers(&text, generated).ok_or_else(|| {
        io::Error::other(format!("{} does not have the lines `{BEGIN}` and `{END}`", document.display()))
    })?;
    fs::write(document, text)
}

fn between_markers(text: &str, generated: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", generated.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::two_servers;

    #[test]
    fn what_people_have_written_stays() {
        let text = format!("# Title\n\nMine.\n{BEGIN}\nold\n{END}\nMine, too.\n");
        let text = between_markers(&text, "new\n").unwrap();
        assert_eq!(text, format!("# Title\n\nMine.\n{BEGIN}\n\nnew\n\n{END}\nMine, too.\n"));
        assert_eq!(between_markers(&text, "new").unwrap(), text, "a second time changes nothing");
        assert_eq!(between_markers("no markers", "new"), None);
    }

    #[test]
    fn the_document_has_its_markers() {
        let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/BENCHMARKS.md");
        assert!(between_markers(&fs::read_to_string(document).unwrap(), "").is_some());
    }

    #[test]
    fn a_table_has_medians_ratios_and_reasons() {
        let mut results = Results::new(&two_servers(), None).unwrap();
        results.add("t", "a", Kind::Memora, Some(150.0)).unwrap();
        results.add("t", "a", Kind::Redis, Some(100.0)).unwrap();
        results.skip("t", "b", Kind::Memora, "no such command".into()).unwrap();
        results.add("t", "b", Kind::Redis, None).unwrap();
        let expected = "\n| t | Memora | Redis | ratio |\n|---|--:|--:|--:|\n| a | 150 | 100 | 1.50 |\n\
                        | b | skipped | n/a | n/a |\n\nSkipped: Memora, b: no such command.\n";
        assert_eq!(table(&results, &two_servers(), "t"), expected);
    }

    #[test]
    fn figures_have_the_digits_that_matter() {
        assert_eq!([1234.5, 12.34, 1.234, 0.0].map(figure), ["1234", "12.3", "1.23", "0.00"]);
    }
}
