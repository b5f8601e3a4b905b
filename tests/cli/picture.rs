//! The README's picture of a first session: drawn from what the program really shows on a terminal.
//!
//! The session is run, its screen becomes an SVG, and that has to be the file in `docs`. `UPDATE=1 cargo test
//! --test cli picture` draws it anew.

use std::fmt::Write;
use std::path::Path;

use super::CLI;
use super::servers::TestServer;
use super::terminal::Terminal;

/// Where the picture is, from the project's root.
const FILE: &str = "docs/first-session.svg";

/// The size of a letter, in the picture's units.
const LETTER: (f64, f64) = (8.5, 18.0);

/// Around the text.
const MARGIN: f64 = 16.0;

const COLUMNS: u16 = 92;

#[test]
fn the_picture_of_a_first_session_is_up_to_date() {
    let server = TestServer::memora(0);
    let home = tempfile::tempdir().unwrap();
    let port = server.port().to_string();
    let mut terminal = Terminal::start(CLI, &["-p", &port], home.path(), &[]);
    let prompt = format!("127.0.0.1:{port}>");
    terminal.wait_for_line(&prompt);
    for line in [
        "set greeting \"hello, world\"",
        "get greeting",
        "rpush queue a b c",
        "lrange queue 0 -1",
        "hset user:1 name Ada born 1815",
        "get user:1",
        "keys * | sort",
        "get greeting toomuch",
    ] {
        terminal.run(line, &prompt);
    }
    // TAB finds the key, the syntax follows the cursor. A space at the end would look the same before it is typed.
    terminal.keys("lpos qu\t b rank");
    terminal.wait_for("rank rank [COUNT num-matches] [MAXLEN len]");
    let drawn = draw(&terminal, &port);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if std::env::var("UPDATE").as_deref() == Ok("1") {
        std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == drawn,
        "{FILE} is not what the program shows; UPDATE=1 cargo test --test cli picture\n{drawn}"
    );
}

/// The screen as an SVG, with the usual port.
fn draw(terminal: &Terminal, port: &str) -> String {
    let rows: Vec<String> = (0..terminal.cells().size().0).map(|row| row_of(terminal, row)).collect();
    let used = rows.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1);
    let (width, height) =
        (f64::from(COLUMNS) * LETTER.0 + 2.0 * MARGIN, used as f64 * LETTER.1 + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#16181d\"/>\n\
         <g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\" \
         fill=\"#d8dee9\" xml:space=\"preserve\">\n"
    );
    for (index, row) in rows[..used].iter().enumerate() {
        let y = MARGIN + (index as f64 + 0.75) * LETTER.1;
        writeln!(svg, "<text x=\"{MARGIN}\" y=\"{y}\">{row}</text>").unwrap();
    }
    svg.push_str("</g>\n</svg>\n");
    svg.replace(&format!("127.0.0.1:{port}"), "127.0.0.1:6379")
}

/// One row as pieces of one style each.
fn row_of(terminal: &Terminal, row: u16) -> String {
    let screen = terminal.cells();
    let mut pieces: Vec<(String, String)> = Vec::new();
    for column in 0..screen.size().1 {
        let Some(cell) = screen.cell(row, column) else { continue };
        let letter = if cell.has_contents() { cell.contents() } else { " " };
        let style = style_of(cell);
        match pieces.last_mut().filter(|(last, _)| *last == style) {
            Some((_, text)) => text.push_str(letter),
            None => pieces.push((style, letter.to_owned())),
        }
    }
    if let Some((_, text)) = pieces.last_mut() {
        text.truncate(text.trim_end().len());
    }
    pieces.retain(|(_, text)| !text.is_empty());
    pieces.iter().map(|(style, text)| piece(style, text)).collect()
}

fn piece(style: &str, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    if style.is_empty() { text } else { format!("<tspan{style}>{text}</tspan>") }
}

fn style_of(cell: &vt100::Cell) -> String {
    let colour = match cell.fgcolor() {
        vt100::Color::Idx(1) => " fill=\"#f07178\"",
        vt100::Color::Idx(2) => " fill=\"#a3be8c\"",
        vt100::Color::Idx(6) => " fill=\"#7fdbe6\"",
        vt100::Color::Idx(8) => " fill=\"#7a8290\"",
        _ => "",
    };
    format!("{colour}{}", if cell.bold() { " font-weight=\"bold\"" } else { "" })
}
