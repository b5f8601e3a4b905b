//! Members with scores: ZADD and ZINCRBY.

use crate::commands::args::Args;
use crate::commands::context::{Context, Outcome};
use crate::commands::events::Class;
use crate::commands::faults::{self, Fault};
use crate::commands::spec::{Command, Flag, Group, KeyFlag, KeySpec, Spec};
use crate::resp::{Reply, Span};
use crate::store::{ScoreChange, SortedSetMut};

/// What both commands declare alike.
const ADD: Spec = Spec {
    flags: &[Flag::Write, Flag::Denyoom, Flag::Fast],
    group: Group::SortedSet,
    since: "1.2.0",
    ..Spec::EMPTY
};

/// Under which conditions scores are set, and what is answered.
#[derive(Clone, Copy, Default)]
pub(in crate::commands) struct AddOptions {
    /// Only members that are not there.
    pub(in crate::commands) nx: bool,
    /// Only members that are there.
    pub(in crate::commands) xx: bool,
    /// Only to a greater score.
    gt: bool,
    /// Only to a lower score.
    lt: bool,
    /// Members with another score are answered, too.
    pub(in crate::commands) ch: bool,
    /// The score is added to the one that is there.
    incr: bool,
}

/// What became of the members.
#[derive(Default)]
pub(in crate::commands) struct Added {
    added: u64,
    updated: u64,
    /// The new score of the last member, unless a condition was not met.
    score: Option<f64>,
}

impl AddOptions {
    /// Whether scores are set whatever was there.
    fn is_plain(self) -> bool {
        !(self.nx || self.xx || self.gt || self.lt || self.incr)
    }

    /// The score that a member is to get, if it is to get one.
    fn score(self, old: Option<f64>, score: f64) -> Result<Option<f64>, Fault> {
        let Some(old) = old else { return Ok((!self.xx).then_some(score)) };
        if self.nx {
            return Ok(None);
        }
        let score = if self.incr { old + score } else { score };
        if score.is_nan() {
            return Err(faults::SCORE_NOT_A_NUMBER);
        }
        let is_refused = self.lt && score >= old || self.gt && score <= old;
        Ok((!is_refused).then_some(score))
    }
}

/// Sets one member's score.
fn add(
    set: &mut SortedSetMut<'_>,
    options: AddOptions,
    (score, member): (f64, &[u8]),
    done: &mut Added,
) -> Result<(), Fault> {
    done.score = match options.is_plain() {
        true => Some(score),
        false => options.score(set.score(member), score)?,
    };
    match done.score.map(|score| set.set(member, score)) {
        Some(ScoreChange::Added) => done.added += 1,
        Some(ScoreChange::Updated) => done.updated += 1,
        Some(ScoreChange::Same) | None => {}
    }
    Ok(())
}

/// Sets the scores of members at a key, and counts and tells it.
pub(in crate::commands) fn add_all<'m>(
    context: &mut Context<'_>,
    key: &[u8],
    options: AddOptions,
    members: impl ExactSizeIterator<Item = (f64, &'m [u8])>,
) -> Result<Added, Fault> {
    let now_ms = context.now_ms;
    let mut done = Added::default();
    if options.xx && !context.db().contains(key, now_ms) {
        return Ok(done);
    }
    let mut set = context.db().sorted_set_or_create(key, now_ms)?;
    set.expect(members.len());
    let mut outcome = Ok(());
    for pair in members {
        outcome = add(&mut set, options, pair, &mut done);
        if outcome.is_err() {
            break;
        }
    }
    drop(set);
    let changes = done.added + done.updated;
    if changes > 0 {
        context.effects.touched_times(changes);
        context.changed(Class::SortedSet, if options.incr { "zincr" } else { "zadd" }, key);
    }
    outcome.map(|()| done)
}

impl Added {
    /// The answer to whoever asked for it.
    pub(in crate::commands) fn reply(&self, options: AddOptions) -> Reply {
        match self.score {
            Some(score) if options.incr => Reply::Double(score),
            None if options.incr => Reply::Null,
            _ => Reply::Integer((self.added + if options.ch { self.updated } else { 0 }) as i64),
        }
    }
}

/// `ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]`
pub(in crate::commands) struct Zadd {
    key: Span,
    options: AddOptions,
    /// Which argument is the first score; the command's name is 0.
    first: u32,
    scores: Scores,
}

/// The scores; the usual single one needs no memory of its own.
enum Scores {
    One(f64),
    Many(Vec<f64>),
}

impl Scores {
    fn as_slice(&self) -> &[f64] {
        match self {
            Self::One(score) => std::slice::from_ref(score),
            Self::Many(scores) => scores,
        }
    }
}

impl Command for Zadd {
    const SPEC: Spec = Spec {
        name: "zadd",
        arity: -4,
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Update])],
        complexity: "O(M*log(N)) where M is the number of members given and N of those in the sorted set",
        summary: "Gives members a score, and adds those that are not there",
        syntax: "key [NX | XX] [GT | LT] [CH] [INCR] score:double member [score:double member ...]",
        history: &[
            ("2.4.0", "Several members at once"),
            ("3.0.2", "The options `XX`, `NX`, `CH` and `INCR`"),
            ("6.2.0", "The options `GT` and `LT`"),
        ],
        ..ADD
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        Self::read(args, AddOptions::default())
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        let members = argv.iter().skip(self.first as usize + 1).step_by(2);
        let pairs = self.scores.as_slice().iter().copied().zip(members);
        let added = add_all(context, argv.bytes(self.key), self.options, pairs)?;
        Ok(added.reply(self.options))
    }
}

impl Zadd {
    fn read(args: &mut Args<'_>, mut options: AddOptions) -> Result<Self, Fault> {
        let key = args.bytes();
        loop {
            let option = match () {
                () if args.option("NX") => &mut options.nx,
                () if args.option("XX") => &mut options.xx,
                () if args.option("CH") => &mut options.ch,
                () if args.option("INCR") => &mut options.incr,
                () if args.option("GT") => &mut options.gt,
                () if args.option("LT") => &mut options.lt,
                () => break,
            };
            *option = true;
        }
        let (first, words) = (args.position() as u32, args.left());
        if words == 0 || words % 2 == 1 {
            args.fail(faults::SYNTAX);
        }
        let AddOptions { nx, xx, gt, lt, incr, .. } = options;
        if nx && xx {
            args.fail(faults::XX_AND_NX);
        } else if nx && (gt || lt) || gt && lt {
            args.fail(faults::GT_LT_AND_NX);
        } else if incr && words > 2 {
            args.fail(faults::INCR_OF_SEVERAL);
        }
        let scores = match words {
            2 => Scores::One(score(args)),
            _ => Scores::Many((0..words / 2).map_while(|_| args.more().then(|| score(args))).collect()),
        };
        args.done(Self { key, options, first, scores })
    }
}

/// Reads a score and steps over the member behind it.
fn score(args: &mut Args<'_>) -> f64 {
    let score = args.double(faults::NOT_A_FLOAT);
    args.bytes();
    score
}

/// `ZINCRBY key increment member`
pub(in crate::commands) struct Zincrby(Zadd);

impl Command for Zincrby {
    const SPEC: Spec = Spec {
        name: "zincrby",
        arity: 4,
        keys: &[KeySpec::one(&[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        complexity: "O(log(N)) where N is the number of members",
        summary: "Adds to a member's score; one that is not there counts as 0",
        syntax: "key increment member",
        ..ADD
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        Zadd::read(args, AddOptions { incr: true, ..AddOptions::default() }).map(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        self.0.run(context)
    }
}
