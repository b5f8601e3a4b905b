//! GEOADD: places as members.

use super::place;
use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome};
use crate::commands::faults::{self, Fault};
use crate::commands::sorted_sets::add::{AddOptions, add_all};
use crate::commands::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::Span;
use crate::resp::number::format_double;

/// A place is three arguments: longitude, latitude, member.
const WORDS: usize = 3;

/// `GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]`
pub(in crate::commands) struct Geoadd {
    key: Span,
    options: AddOptions,
    /// Which argument is the first longitude; the command's name is 0.
    first: usize,
    scores: Vec<f64>,
}

impl Command for Geoadd {
    const SPEC: Spec = Spec {
        name: "geoadd",
        arity: -5,
        flags: &[Flag::Write, Flag::Denyoom],
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Update])],
        group: Group::Geo,
        since: "3.2.0",
        complexity: "O(M*log(N)) where M is the number of places given and N of members in the sorted set",
        summary: "Adds places as members of a sorted set",
        syntax: "key [NX | XX] [CH] longitude:double latitude:double member [longitude:double latitude:double member ...]",
        history: &[("6.2.0", "The options `CH`, `NX` and `XX`")],
        ..Spec::EMPTY
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        let mut options = AddOptions::default();
        loop {
            let option = match () {
                () if args.option("NX") => &mut options.nx,
                () if args.option("XX") => &mut options.xx,
                () if args.option("CH") => &mut options.ch,
                () => break,
            };
            *option = true;
        }
        let (first, words) = (args.position(), args.left());
        if words == 0 || words % WORDS > 0 || options.nx && options.xx {
            args.fail(faults::SYNTAX);
        }
        let mut scores = Vec::with_capacity(words / WORDS);
        while args.more() {
            scores.push(place(args).score());
            args.bytes();
        }
        args.done(Self { key, options, first, scores })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        let members = argv.iter().skip(self.first + WORDS - 1).step_by(WORDS);
        let pairs = self.scores.iter().copied().zip(members.clone());
        let added = add_all(context, argv.bytes(self.key), self.options, pairs)?;
        if context.is_logged() && context.effects.changes > 0 {
            let texts: Vec<_> = self.scores.iter().map(|score| format_double(*score)).collect();
            let pairs = texts.iter().zip(members).flat_map(|(score, member)| [score.as_bytes(), member]);
            // The key and the options stay as they are.
            let before = argv.iter().take(self.first).skip(1);
            context.log_words([&b"zadd"[..]].into_iter().chain(before).chain(pairs));
        }
        Ok(added.reply(self.options))
    }
}
