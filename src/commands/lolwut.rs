//! LOLWUT: a picture, and the version.
//!
//! The picture is Memora's own: her actors as boxes under their supervisor, one of them failing and coming
//! back, differently arranged each time. `VERSION` chooses an edition as in Redis; there is one so far.

use super::args::{Args, Rest};
use super::connection::REDIS_VERSION;
use super::context::{Context, Outcome};
use super::family::family;
use super::faults::{self, Fault};
use super::spec::{Command, Flag, Group, Spec};
use crate::resp::Reply;
use crate::store::parse_int;

/// Boxes in a row when nobody says otherwise.
const COLUMNS: usize = 6;

/// Rows of boxes when nobody says otherwise.
const ROWS: usize = 3;

/// The most boxes in a row, and rows of boxes.
const MOST: i64 = 40;

/// What can stand in a box: mailbox, work, sleep, a panic, and the restart after it.
const FACES: [&str; 8] = ["o.o", "^_^", "-_-", "o_o", "-.-", "^.^", "x_x", "@_@"];

/// `LOLWUT [VERSION version] [columns [rows]]`
pub(super) struct LolwutCommand {
    numbers: Rest,
}

impl Command for LolwutCommand {
    const SPEC: Spec = Spec {
        name: "lolwut",
        arity: -1,
        flags: &[Flag::Readonly, Flag::Fast],
        group: Group::Server,
        since: "5.0.0",
        complexity: "O(N) where N is the size of the picture",
        summary: "Draws a picture and tells the version",
        syntax: "[VERSION version]",
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        // Without VERSION nothing is looked at, as in Redis.
        if args.option_with_value("VERSION") {
            args.integer();
            let mut ahead = args.clone();
            while ahead.more() {
                ahead.integer_or(faults::NOT_AN_INTEGER);
            }
            if let Some(fault) = ahead.fault() {
                args.fail(fault);
            }
        }
        let numbers = args.rest();
        args.done(Self { numbers })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let mut numbers =
            self.numbers.of(context.argv).map_while(parse_int).map(|number| number.clamp(1, MOST));
        let mut number = |default: usize| {
            numbers.next().and_then(|number| usize::try_from(number).ok()).unwrap_or(default)
        };
        let (columns, rows) = (number(COLUMNS), number(ROWS));
        let memora = env!("CARGO_PKG_VERSION");
        let picture = draw(columns, rows, context.random);
        Ok(Reply::text(format!(
            "{picture}\nMemora {memora}, always coming back. Redis ver. {REDIS_VERSION}\n"
        )))
    }
}

/// The picture for a seed: the same seed draws the same picture.
fn draw(columns: usize, rows: usize, seed: u64) -> String {
    const BOX_WIDTH: usize = 8;
    let mut state = seed | 1;
    let mut next = |below: usize| {
        // Xorshift, which is plenty for faces.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or(0) % below
    };
    let width = columns * BOX_WIDTH;
    let mut picture = format!("{:^width$}\n{:^width$}\n", "[ supervisor ]", "|");
    for _ in 0..rows {
        let shifts: Vec<usize> = (0..columns).map(|_| next(3)).collect();
        let faces: Vec<&str> = (0..columns).map(|_| FACES[next(FACES.len())]).collect();
        let line = |cell: &dyn Fn(usize) -> String| {
            let cells: String = (0..columns).map(|column| format!("{:BOX_WIDTH$}", cell(column))).collect();
            format!("{}\n", cells.trim_end())
        };
        let indent = |column: usize| " ".repeat(shifts[column]);
        picture += &line(&|column| format!("{}+---+", indent(column)));
        picture += &line(&|column| format!("{}|{}|", indent(column), faces[column]));
        picture += &line(&|column| format!("{}+---+", indent(column)));
    }
    picture
}

family!(Lolwut {
    Lolwut(LolwutCommand),
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_depends_on_the_seed_alone() {
        assert_eq!(draw(6, 3, 7), draw(6, 3, 7));
        assert_ne!(draw(6, 3, 7), draw(6, 3, 8));
        assert_eq!(draw(2, 5, 1).lines().count(), 2 + 5 * 3);
    }
}
