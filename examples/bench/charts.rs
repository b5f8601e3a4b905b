//! Charts: a table as horizontal bars, in SVG, so that they can be looked at in the documents and compared by `git diff`.

use crate::report::figure;
use crate::results::{Results, Row};
use crate::servers::Program;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::fs;
use std::io;
use std::path::Path;

/// Widths in pixels: of the names, of the longest bar, of the figure behind it.
const NAMES: i32 = 400;
const BARS: i32 = 360;
const FIGURES: i32 = 80;

/// Heights in pixels: of a bar, between rows, of the title with its legend, and of all margins.
const BAR: i32 = 12;
const GAP: i32 = 8;
const HEAD: i32 = 52;
const MARGIN: i32 = 12;

/// Sizes of letters; plotters makes four pixels of five.
const TITLE: i32 = 20;
const NAME: i32 = 15;
const FIGURE: i32 = 13;

/// From the longest to the shortest bar it may be so many times; beyond, lengths are logarithms.
const MOST_LINEAR: f64 = 50.0;

const COLOURS: [RGBColor; 3] =
    [RGBColor(0xd0, 0x6b, 0x2c), RGBColor(0x5a, 0x7d, 0x9a), RGBColor(0x8f, 0xa8, 0x5d)];

/// How long the bars of a chart are.
struct Scale {
    most: f64,
    least: f64,
}

/// Draws one table into a file.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn draw(results: &Results, programs: &[Program], table: &str, path: &Path) -> io::Result<()> {
    let rows: Vec<_> = results.rows.iter().filter(|row| row.table == table).collect();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let per_row = BAR * i32::try_from(programs.len()).map_err(io::Error::other)? + GAP;
    let height = HEAD + per_row * i32::try_from(rows.len()).map_err(io::Error::other)? + MARGIN;
    let size = [NAMES + BARS + FIGURES + MARGIN, height].map(|length| length.unsigned_abs());
    let area = SVGBackend::new(path, (size[0], size[1])).into_drawing_area();
    let drawn = chart(&area, table, &rows, programs, per_row);
    drawn.and_then(|()| area.present()).map_err(|error| io::Error::other(error.to_string()))
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

fn chart<'a>(area: &Area<'a>, title: &str, rows: &[&Row], programs: &[Program], per_row: i32) -> Drawn<'a> {
    area.fill(&WHITE)?;
    let scale = Scale::of(rows, programs.len());
    let note = if scale.is_linear() { "" } else { " (bars are logarithms)" };
    text(area, &format!("{title}{note}"), (MARGIN, MARGIN + 4), HPos::Left, TITLE)?;
    let mut x = MARGIN;
    for (program, colour) in programs.iter().zip(COLOURS) {
        area.draw(&Rectangle::new([(x, HEAD - 18), (x + 10, HEAD - 8)], colour.filled()))?;
        text(
            area,
            &format!("{} {}", program.kind.name(), program.version),
            (x + 14, HEAD - 13),
            HPos::Left,
            NAME,
        )?;
        x += NAMES / 2;
    }
    let mut y = HEAD;
    for row in rows {
        let middle = y + (per_row - GAP) / 2;
        text(area, &row.what.replace('`', ""), (NAMES - 8, middle), HPos::Right, NAME)?;
        for (server, colour) in (0..programs.len()).zip(COLOURS) {
            bar(area, row.median(server), &scale, colour, y + BAR * i32::try_from(server).unwrap_or(0))?;
        }
        y += per_row;
    }
    Ok(())
}

fn bar<'a>(area: &Area<'a>, value: Option<f64>, scale: &Scale, colour: RGBColor, y: i32) -> Drawn<'a> {
    let end = NAMES + value.map_or(0, |value| scale.length(value));
    area.draw(&Rectangle::new([(NAMES, y), (end, y + BAR - 1)], colour.filled()))?;
    text(area, &value.map_or("n/a".into(), figure), (end + 4, y + BAR / 2), HPos::Left, FIGURE)
}

fn text<'a>(area: &Area<'a>, text: &str, place: (i32, i32), side: HPos, size: i32) -> Drawn<'a> {
    let style = TextStyle::from(("sans-serif", size).into_font()).pos(Pos::new(side, VPos::Center));
    area.draw(&Text::new(text.to_owned(), place, style))
}

impl Scale {
    fn of(rows: &[&Row], servers: usize) -> Self {
        let values = rows.iter().flat_map(|row| (0..servers).filter_map(|server| row.median(server)));
        let positive = values.filter(|value| *value > 0.0);
        let (least, most) =
            positive.fold((f64::MAX, 0.0_f64), |(least, most), value| (least.min(value), most.max(value)));
        Self { most, least }
    }

    fn is_linear(&self) -> bool {
        self.most <= self.least * MOST_LINEAR
    }

    /// Pixels for a value.
    fn length(&self, value: f64) -> i32 {
        let share = if value <= 0.0 || self.most <= 0.0 {
            0.0
        } else if self.is_linear() {
            value / self.most
        } else {
            // The shortest gets a tenth, so that it can be seen.
            0.1 + 0.9 * (value / self.least).ln() / (self.most / self.least).ln()
        };
        (share.clamp(0.0, 1.0) * f64::from(BARS)).round() as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::two_servers;
    use crate::servers::Kind;

    #[test]
    fn lengths_grow_with_values() {
        let linear = Scale { most: 10.0, least: 1.0 };
        assert_eq!([10.0, 5.0, 0.0].map(|value| linear.length(value)), [BARS, BARS / 2, 0]);
        let logarithms = Scale { most: 1000.0, least: 1.0 };
        assert_eq!([1000.0, 1.0].map(|value| logarithms.length(value)), [BARS, BARS / 10]);
    }

    #[test]
    fn a_chart_names_its_rows_and_servers() {
        let mut results = Results::new(&two_servers(), None).unwrap();
        results.add("t", "some row", Kind::Memora, Some(150.0)).unwrap();
        results.add("t", "some row", Kind::Redis, None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("charts/t.svg");
        draw(&results, &two_servers(), "t", &path).unwrap();
        let text = fs::read_to_string(path).unwrap();
        assert!(
            ["<svg", "some row", "Memora 1", "Redis 1", "150", "n/a"].iter().all(|part| text.contains(part))
        );
    }
}
