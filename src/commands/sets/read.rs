//! Reading a set: SISMEMBER, SMISMEMBER, SCARD, SMEMBERS, and SSCAN in steps.

use super::{ACCESS, READ};
use crate::commands::args::{Args, Rest};
use crate::commands::big_replies;
use crate::commands::context::{Context, Outcome, string_reply};
use crate::commands::faults::Fault;
use crate::commands::scanning::CollectionScan;
use crate::commands::spec::{Command, Flag, Spec};
use crate::resp::{Reply, Span};
use crate::store::IntText;

/// `SISMEMBER key member`
pub(in crate::commands) struct Sismember {
    key: Span,
    member: Span,
}

impl Command for Sismember {
    const SPEC: Spec = Spec {
        name: "sismember",
        arity: 3,
        summary: "Tells whether a set has a member",
        syntax: "key member",
        ..READ
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, member) = (args.bytes(), args.bytes());
        args.done(Self { key, member })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let member = context.argv.bytes(self.member);
        Ok(Reply::from_flag(context.read_set(self.key)?.is_some_and(|set| set.contains(member))))
    }
}

/// `SMISMEMBER key member [member ...]`
pub(in crate::commands) struct Smismember {
    key: Span,
    members: Rest,
}

impl Command for Smismember {
    const SPEC: Spec = Spec {
        name: "smismember",
        arity: -3,
        flags: &[Flag::Readonly, Flag::Fast],
        since: "6.2.0",
        complexity: "O(N) where N is the number of members asked for",
        summary: "Tells of several members whether a set has them",
        syntax: "key member [member ...]",
        ..ACCESS
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let (key, members) = (args.bytes(), args.rest());
        args.done(Self { key, members })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let members = self.members.of(context.argv);
        let set = context.read_set(self.key)?;
        Ok(Reply::array(members.map(|member| Reply::from_flag(set.is_some_and(|set| set.contains(member))))))
    }
}

/// `SCARD key`
pub(in crate::commands) struct Scard {
    key: Span,
}

impl Command for Scard {
    const SPEC: Spec =
        Spec { name: "scard", arity: 2, summary: "Counts the members of a set", syntax: "key", ..READ };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(Reply::from_count(context.read_set(self.key)?.map_or(0, |set| set.len())))
    }
}

/// `SMEMBERS key`
pub(in crate::commands) struct Smembers {
    key: Span,
}

impl Command for Smembers {
    const SPEC: Spec = Spec {
        name: "smembers",
        arity: 2,
        complexity: "O(N) where N is the number of members",
        summary: "Lists the members of a set",
        syntax: "key",
        tips: &["nondeterministic_output_order"],
        ..ACCESS
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let key = args.bytes();
        args.done(Self { key })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let protocol = context.session().protocol;
        let set = context.read_set(self.key)?;
        Ok(set.map_or(Reply::Set(Vec::new()), |set| big_replies::set(set, protocol)))
    }
}

/// `SSCAN key cursor [MATCH pattern] [COUNT count]`
pub(in crate::commands) struct Sscan(CollectionScan);

impl Command for Sscan {
    const SPEC: Spec = Spec {
        name: "sscan",
        arity: -3,
        since: "2.8.0",
        complexity: "O(1) for every call, O(N) for a complete iteration over N members",
        summary: "Walks over all members of a set in steps; a member that stays is returned exactly once",
        syntax: "key cursor [MATCH pattern] [COUNT count]",
        tips: &["nondeterministic_output"],
        ..ACCESS
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        CollectionScan::parse(args).map(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        let Some(set) = context.read_set(self.0.key)? else { return Ok(CollectionScan::nothing()) };
        self.0.step(argv, |cursor, count, pattern, found| {
            set.scan(cursor, count, |member| {
                if pattern.matches(member.text().text(&mut IntText::default())) {
                    found.push(string_reply(member.text()));
                }
            })
        })
    }
}
