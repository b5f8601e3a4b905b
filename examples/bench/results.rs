//! What was measured: values by round and server, their medians, and the same as lines of JSON.

use crate::servers::{Kind, Program};
use serde_json::json;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// A quantity with one value for each server and round.
#[derive(Debug)]
pub(crate) struct Row {
    /// The table it belongs to.
    pub(crate) table: &'static str,
    pub(crate) what: String,
    /// One list of values for each server, in the servers' order; `None` where the system cannot tell.
    values: Vec<Vec<Option<f64>>>,
    /// Why a server has no values.
    pub(crate) skipped: Vec<Option<String>>,
}

/// All rows, in the order in which they came up.
#[derive(Debug)]
pub(crate) struct Results {
    programs: Vec<Program>,
    pub(crate) rows: Vec<Row>,
    /// What clients used of the processor beside what their server used, once for each throughput that was measured.
    pub(crate) client_shares: Vec<f64>,
    json: Option<File>,
}

impl Results {
    /// Without any values; each one is also written to a file of JSON lines, if there is one, as soon as it is known.
    pub(crate) fn new(programs: &[Program], json: Option<&Path>) -> io::Result<Self> {
        let json = json.map(File::create).transpose()?;
        Ok(Self { programs: programs.to_vec(), rows: Vec::new(), client_shares: Vec::new(), json })
    }

    pub(crate) fn add(
        &mut self,
        table: &'static str,
        what: &str,
        server: Kind,
        value: Option<f64>,
    ) -> io::Result<()> {
        let server = self.place(server);
        let row = self.row(table, what);
        row.values[server].push(value);
        let round = row.values[server].len();
        self.note(server, json!({"table": table, "what": what, "round": round, "value": value}))
    }

    /// Notes why there is no value.
    pub(crate) fn skip(
        &mut self,
        table: &'static str,
        what: &str,
        server: Kind,
        reason: String,
    ) -> io::Result<()> {
        let server = self.place(server);
        let line = json!({"table": table, "what": what, "skipped": reason});
        self.row(table, what).skipped[server] = Some(reason);
        self.note(server, line)
    }

    fn place(&self, server: Kind) -> usize {
        self.programs.iter().position(|program| program.kind == server).expect("only servers of the list run")
    }

    fn row(&mut self, table: &'static str, what: &str) -> &mut Row {
        let known = self.rows.iter().position(|row| row.table == table && row.what == what);
        let place = known.unwrap_or_else(|| {
            let servers = self.programs.len();
            let (values, skipped) = (vec![Vec::new(); servers], vec![None; servers]);
            self.rows.push(Row { table, what: what.to_owned(), values, skipped });
            self.rows.len() - 1
        });
        &mut self.rows[place]
    }

    fn note(&mut self, server: usize, mut line: serde_json::Value) -> io::Result<()> {
        let Some(file) = &mut self.json else { return Ok(()) };
        line["server"] = json!(self.programs[server].kind.name());
        line["version"] = json!(self.programs[server].version);
        writeln!(file, "{line}")
    }
}

impl Row {
    /// The median of a server's values.
    pub(crate) fn median(&self, server: usize) -> Option<f64> {
        median(self.values[server].iter().copied().flatten().collect())
    }

    /// The median of the ratios of the rounds, the first server over this one.
    pub(crate) fn ratio(&self, server: usize) -> Option<f64> {
        let rounds = self.values[0].iter().zip(&self.values[server]);
        let pairs = rounds.filter_map(|(first, other)| (*first).zip(*other));
        median(pairs.filter(|(_, other)| *other > 0.0).map(|(first, other)| first / other).collect())
    }
}

/// The middle, or the mean of the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        len if len % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::path::PathBuf;

    pub(crate) fn two_servers() -> Vec<Program> {
        let program = |kind| Program { kind, path: PathBuf::new(), version: "1".into() };
        vec![program(Kind::Memora), program(Kind::Redis)]
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![7.0]), Some(7.0));
        assert_eq!(median(vec![9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(median(vec![4.0, 1.0, 100.0, 2.0]), Some(3.0));
    }

    #[test]
    fn a_ratio_is_that_of_the_rounds_and_not_of_the_medians() {
        let mut results = Results::new(&two_servers(), None).unwrap();
        for (memora, redis) in [(2.0, 1.0), (30.0, 10.0), (400.0, 500.0)] {
            results.add("t", "w", Kind::Memora, Some(memora)).unwrap();
            results.add("t", "w", Kind::Redis, Some(redis)).unwrap();
        }
        let row = &results.rows[0];
        assert_eq!((row.median(0), row.median(1), row.ratio(1)), (Some(30.0), Some(10.0), Some(2.0)));
    }

    #[test]
    fn what_is_unknown_or_zero_has_no_ratio() {
        let mut results = Results::new(&two_servers(), None).unwrap();
        results.add("t", "w", Kind::Memora, Some(1.0)).unwrap();
        results.add("t", "w", Kind::Redis, None).unwrap();
        assert_eq!((results.rows[0].median(1), results.rows[0].ratio(1)), (None, None));
        results.add("t", "zero", Kind::Memora, Some(1.0)).unwrap();
        results.add("t", "zero", Kind::Redis, Some(0.0)).unwrap();
        assert_eq!(results.rows[1].ratio(1), None);
    }

    #[test]
    fn each_value_is_a_line_of_json() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut results = Results::new(&two_servers(), Some(file.path())).unwrap();
        results.add("t", "w", Kind::Redis, Some(1.5)).unwrap();
        results.skip("t", "w", Kind::Memora, "no such command".into()).unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&lines[0]["server"], &lines[0]["value"]), (&json!("Redis"), &json!(1.5)));
        assert_eq!(lines[1]["skipped"], json!("no such command"));
    }
}
