//! COMMAND: what there is to know of the commands, made from their declarations.

use super::args::{Args, Rest};
use super::catalog;
use super::categories::{Categories, Category};
use super::context::{Context, Outcome};
use super::family::family;
use super::faults::{self, Fault};
use super::help::help_reply;
use super::key_specs::{KeyAt, KeyFlag, KeySpec, Words, keys_of};
use super::spec::{self, Flag, Group, Spec};
use super::table::{Entry, find_command, table};
use crate::resp::{Argv, Reply, Span};
use crate::store::glob_matches_nocase;

/// What all of them declare alike.
const COMMAND: Spec = Spec {
    flags: &[Flag::Loading, Flag::Stale],
    categories: &[Category::Connection],
    group: Group::Server,
    ..Spec::EMPTY
};

/// What those declare alike whose reply comes in no order.
const LISTING: Spec = Spec {
    complexity: "O(N) where N is the number of commands",
    tips: &["nondeterministic_output_order"],
    ..COMMAND
};

/// `COMMAND`
pub(super) struct Infos;

impl spec::Command for Infos {
    const SPEC: Spec = Spec {
        name: "command",
        arity: -1,
        since: "2.8.13",
        summary: "Describes all commands for programs",
        ..LISTING
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, _: &mut Context<'_>) -> Outcome {
        Ok(Reply::array(table().commands().map(catalog::info)))
    }
}

/// `COMMAND COUNT`
pub(super) struct Count;

impl spec::Command for Count {
    const SPEC: Spec =
        Spec { name: "count", arity: 2, since: "2.8.13", summary: "Counts the commands", ..COMMAND };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, _: &mut Context<'_>) -> Outcome {
        Ok(Reply::from_count(table().commands().count()))
    }
}

/// `COMMAND INFO [command-name [command-name ...]]`
pub(super) struct Info {
    names: Rest,
}

impl spec::Command for Info {
    const SPEC: Spec = Spec {
        name: "info",
        arity: -2,
        since: "2.8.13",
        complexity: "O(N) where N is the number of commands asked for",
        summary: "Describes commands for programs",
        syntax: "[command-name [command-name ...]]",
        history: &[("7.0.0", "Without a name all commands are described")],
        ..LISTING
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let names = args.rest();
        args.done(Self { names })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let names = self.names.of(context.argv);
        if names.len() == 0 {
            return Ok(Reply::array(table().commands().map(catalog::info)));
        }
        let infos = names.map(|name| table().find_full(name).map_or(Reply::Null, catalog::info));
        Ok(Reply::array(infos))
    }
}

/// `COMMAND DOCS [command-name [command-name ...]]`
pub(super) struct Docs {
    names: Rest,
}

impl spec::Command for Docs {
    const SPEC: Spec = Spec {
        name: "docs",
        arity: -2,
        since: "7.0.0",
        complexity: "O(N) where N is the number of commands asked for",
        summary: "Describes commands for people",
        syntax: "[command-name [command-name ...]]",
        ..LISTING
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let names = args.rest();
        args.done(Self { names })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let names = self.names.of(context.argv);
        if names.len() == 0 {
            return Ok(Reply::Map(table().commands().map(catalog::docs).collect()));
        }
        Ok(Reply::Map(names.filter_map(|name| table().find_full(name)).map(catalog::docs).collect()))
    }
}

/// What `COMMAND LIST` is asked for.
#[derive(Clone, Copy)]
enum Filter {
    Module,
    Category(Span),
    Pattern(Span),
}

impl Filter {
    fn read(args: &mut Args<'_>) -> Option<Self> {
        if !args.option("FILTERBY") {
            return None;
        }
        if args.option("MODULE") {
            args.bytes();
            return Some(Self::Module);
        }
        if args.option("ACLCAT") {
            return Some(Self::Category(args.bytes()));
        }
        if args.option("PATTERN") {
            return Some(Self::Pattern(args.bytes()));
        }
        args.fail(faults::SYNTAX);
        None
    }

    /// The names of the commands and subcommands that pass; there are no modules to have any.
    fn names(self, argv: Argv<'_>) -> Vec<Reply> {
        let names = |passes: &dyn Fn(&Entry) -> bool| {
            table().entries().iter().filter(|entry| passes(entry)).map(name_of).collect()
        };
        match self {
            Self::Module => Vec::new(),
            Self::Category(name) => match Category::named(argv.bytes(name)) {
                Some(category) => names(&|entry| Categories::of(entry.row).has(category)),
                None => Vec::new(),
            },
            Self::Pattern(pattern) => {
                let pattern = argv.bytes(pattern);
                names(&|entry| glob_matches_nocase(pattern, entry.name.as_bytes()))
            }
        }
    }
}

fn name_of(entry: &Entry) -> Reply {
    Reply::bulk(entry.name.clone())
}

/// `COMMAND LIST [FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]`
pub(super) struct List {
    filter: Option<Filter>,
}

impl spec::Command for List {
    const SPEC: Spec = Spec {
        name: "list",
        arity: -2,
        since: "7.0.0",
        summary: "Names all commands, or those of a category or pattern with their subcommands",
        syntax: "[FILTERBY <filterby: MODULE module-name | ACLCAT category | PATTERN pattern>]",
        ..LISTING
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let filter = Filter::read(args);
        args.done(Self { filter })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(match self.filter {
            Some(filter) => Reply::Array(filter.names(context.argv)),
            None => Reply::array(table().commands().map(name_of)),
        })
    }
}

/// What both commands that find keys declare alike.
const KEYS: Spec = Spec {
    arity: -4,
    since: "2.8.13",
    complexity: "O(N) where N is the number of arguments",
    syntax: "command arg [arg ...]",
    ..COMMAND
};

/// Where the request to look at begins: behind `COMMAND GETKEYS`.
const REQUEST: usize = 2;

/// The keys of the request in the arguments, or the fault that Redis answers with.
fn keys_in(argv: Argv<'_>) -> Result<Vec<KeyAt>, Fault> {
    let words = Words::new(argv, REQUEST);
    let row = find(words).ok_or(faults::INVALID_COMMAND)?.row;
    let names_keys = |spec: &KeySpec| !spec.flags.contains(&KeyFlag::NotKey);
    if !row.spec.keys.iter().any(names_keys) && row.spec.find_keys.is_none() {
        return Err(faults::NO_KEYS);
    }
    if !row.spec.takes(words.len()) {
        return Err(faults::INVALID_COMMAND_ARITY);
    }
    let keys = keys_of(row, words);
    if keys.is_empty() && !row.flags.has(Flag::NoMandatoryKeys) {
        return Err(faults::INVALID_COMMAND_ARGUMENTS);
    }
    Ok(keys)
}

/// The command that a request names, or its subcommand.
fn find(words: Words<'_>) -> Option<&'static Entry> {
    find_command(words.get(0)?, words.get(1))
}

fn key_reply(argv: Argv<'_>, key: KeyAt) -> Reply {
    Reply::bulk(argv.get(REQUEST + key.index).unwrap_or_default())
}

/// `COMMAND GETKEYS command arg [arg ...]`
pub(super) struct GetKeys;

impl spec::Command for GetKeys {
    const SPEC: Spec = Spec { name: "getkeys", summary: "Picks the keys out of a request", ..KEYS };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.rest();
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        Ok(Reply::array(keys_in(argv)?.into_iter().map(|key| key_reply(argv, key))))
    }
}

/// `COMMAND GETKEYSANDFLAGS command arg [arg ...]`
pub(super) struct GetKeysAndFlags;

impl spec::Command for GetKeysAndFlags {
    const SPEC: Spec = Spec {
        name: "getkeysandflags",
        since: "7.0.0",
        summary: "Picks the keys out of a request, with what it does to them",
        ..KEYS
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.rest();
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        let reply = |key: KeyAt| Reply::Array(vec![key_reply(argv, key), catalog::key_flags(key.flags)]);
        Ok(Reply::array(keys_in(argv)?.into_iter().map(reply)))
    }
}

/// `COMMAND HELP`
pub(super) struct Help;

impl spec::Command for Help {
    const SPEC: Spec = Spec {
        name: "help",
        arity: 2,
        since: "5.0.0",
        summary: "Lists the subcommands of COMMAND",
        ..COMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, _: &mut Context<'_>) -> Outcome {
        Ok(help_reply("COMMAND", HELP))
    }
}

const HELP: &[&str] = &[
    "(no subcommand)",
    "    Describes all commands for programs.",
    "COUNT",
    "    Counts the commands.",
    "LIST [FILTERBY (MODULE <module-name>|ACLCAT <category>|PATTERN <pattern>)]",
    "    Names all commands, or those of a category or pattern.",
    "INFO [<command-name> ...]",
    "    Describes commands for programs; all of them if none is named.",
    "DOCS [<command-name> ...]",
    "    Describes commands for people; all of them if none is named.",
    "GETKEYS <full-command>",
    "    Picks the keys out of a request.",
    "GETKEYSANDFLAGS <full-command>",
    "    Picks the keys out of a request, with what it does to them.",
];

family!(Command: Infos(Infos) {
    Count(Count),
    Info(Info),
    Docs(Docs),
    List(List),
    GetKeys(GetKeys),
    GetKeysAndFlags(GetKeysAndFlags),
    Help(Help),
});
