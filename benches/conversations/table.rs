//! The table: medians over the rounds.

use super::process::Kind;
use std::fmt;

/// What was measured, in the order in which it came up.
#[derive(Default)]
pub(crate) struct Results {
    rows: Vec<(String, [Vec<f64>; 2])>,
}

impl Results {
    pub(crate) fn add(&mut self, kind: Kind, what: String, value: f64) {
        let row = self.rows.iter().position(|(known, _)| *known == what).unwrap_or_else(|| {
            self.rows.push((what, Default::default()));
            self.rows.len() - 1
        });
        self.rows[row].1[kind as usize].push(value);
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | Memora | Redis | ratio |\n|---|--:|--:|--:|")?;
        for (what, values) in &self.rows {
            let [memora, redis] = values.each_ref().map(|values| median(values.clone()));
            let ratios = values[0].iter().zip(&values[1]).filter(|(_, redis)| **redis > 0.0);
            let ratio = median(ratios.map(|(memora, redis)| memora / redis).collect());
            let digits = if memora.max(redis) < 100.0 { 2 } else { 0 };
            writeln!(f, "| {what} | {memora:.digits$} | {redis:.digits$} | {ratio:.2} |")?;
        }
        Ok(())
    }
}

/// The middle; 1 where there is nothing, as two zeros are equal.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 1.0,
        len if len % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}
