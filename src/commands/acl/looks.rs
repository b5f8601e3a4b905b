//! ACL subcommands that only look: CAT, DRYRUN, GENPASS, GETUSER, HELP, LIST, USERS, WHOAMI.

use super::super::args::Args;
use super::super::categories::{Categories, Category};
use super::super::context::{Context, Outcome};
use super::super::faults::{self, Fault};
use super::super::key_specs::Words;
use super::super::spec::{Command, Spec};
use super::super::table::{Entry, find_command, table};
use super::check::Denied;
use super::selector::Selector;
use super::user::User;
use super::{ACL_ADMIN, ACL_SUBCOMMAND, Acl};
use crate::resp::{Reply, Span};
use std::fmt::Write;

/// `ACL CAT [categoryname]`
pub(in crate::commands) struct Cat {
    category: Option<Span>,
}

impl Command for Cat {
    const SPEC: Spec = Spec {
        name: "cat",
        arity: -2,
        complexity: "O(1), as categories and commands are fixed",
        summary: "Lists the categories of commands, or the commands of one",
        syntax: "[categoryname]",
        ..ACL_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        at_most_one(args);
        let category = args.peek().map(|_| args.bytes());
        args.done(Self { category })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let Some(name) = self.category.map(|category| context.argv.bytes(category)) else {
            return Ok(Reply::array(Category::ALL.iter().map(|(_, name)| Reply::bulk(*name))));
        };
        let Some(category) = Category::named(name) else {
            let shown = &name[..name.len().min(SHOWN_CATEGORY_BYTES)];
            return Err(faults::with_argument("ERR Unknown category '", shown, "'"));
        };
        let is_in = |entry: &&Entry| Categories::of(entry.row).has(category);
        Ok(Reply::array(table().entries().iter().filter(is_in).map(|entry| Reply::bulk(entry.name.clone()))))
    }
}

/// How much of a category's name an error repeats.
const SHOWN_CATEGORY_BYTES: usize = 128;

/// Refuses more than one argument in the words for an unknown subcommand, as Redis does.
pub(super) fn at_most_one(args: &mut Args<'_>) {
    if args.left() > 1 {
        args.fail(faults::subcommand_arity("acl", args.word_before()));
        args.rest();
    }
}

/// `ACL DRYRUN username command [arg [arg ...]]`
pub(in crate::commands) struct DryRun {
    user: Span,
}

/// Where the request to look at begins: behind `ACL DRYRUN username`.
const REQUEST: usize = 3;

impl Command for DryRun {
    const SPEC: Spec = Spec {
        name: "dryrun",
        arity: -4,
        since: "7.0.0",
        summary: "Tells whether a user may run a command, without running it",
        syntax: "username command [arg [arg ...]]",
        ..ACL_ADMIN
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let user = args.bytes();
        args.rest();
        args.done(Self { user })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (name, words) = (context.argv.bytes(self.user), Words::new(context.argv, REQUEST));
        let Some(user) = context.clients.acl().user(name) else {
            return Err(faults::with_argument("ERR User '", name, "' not found"));
        };
        let Some(entry) = find_command(words.get(0).unwrap_or_default(), words.get(1)) else {
            let command = words.get(0).unwrap_or_default();
            return Err(faults::with_argument("ERR Command '", command, "' not found"));
        };
        if !entry.row.spec.takes(words.len()) {
            return Err(faults::wrong_arity(&entry.name));
        }
        let word = |index| words.get(index).unwrap_or_default();
        let access = "This user has no permissions to access the '";
        // The texts of faults, which end a client's bytes where Redis does; but they are no errors here.
        let text = match user.denies(entry, words) {
            None => return Ok(Reply::OK),
            Some(Denied::Command) => {
                let name = entry.name.as_bytes();
                faults::with_argument("This user has no permissions to run the '", name, "' command")
            }
            Some(Denied::Key(index)) => faults::with_argument(access, word(index), "' key"),
            Some(Denied::Channel(index)) => faults::with_argument(access, word(index), "' channel"),
        };
        Ok(Reply::bulk(text.into_bytes()))
    }
}

/// `ACL GENPASS [bits]`
pub(in crate::commands) struct GenPass {
    bits: usize,
}

/// Bits of a password when nothing else is asked for.
const PASSWORD_BITS: i64 = 256;

/// The most bits of a password.
const MAX_PASSWORD_BITS: i64 = 4096;

/// Bits that a hexadecimal digit stands for.
const DIGIT_BITS: usize = 4;

impl Command for GenPass {
    const SPEC: Spec = Spec {
        name: "genpass",
        arity: -2,
        summary: "Makes a password that nobody can guess",
        syntax: "[bits:integer]",
        ..ACL_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        at_most_one(args);
        let bits = if args.left() > 0 { args.integer() } else { PASSWORD_BITS };
        if !(1..=MAX_PASSWORD_BITS).contains(&bits) {
            args.fail(faults::GENPASS_BITS);
        }
        args.done(Self { bits: usize::try_from(bits).unwrap_or(0) })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let digits = self.bits.div_ceil(DIGIT_BITS);
        let mut secret = vec![0; digits.div_ceil(2)];
        let filled = context.facts.fill_secret(&mut secret);
        filled.map_err(|error| Fault::from_bytes(format!("ERR no randomness to be had: {error}")))?;
        let mut password = String::with_capacity(2 * secret.len());
        for byte in secret {
            // Writing to a string cannot fail.
            let _ = write!(password, "{byte:02x}");
        }
        password.truncate(digits);
        Ok(Reply::bulk(password))
    }
}

/// `ACL GETUSER username`
pub(in crate::commands) struct GetUser {
    user: Span,
}

impl Command for GetUser {
    const SPEC: Spec = Spec {
        name: "getuser",
        arity: 3,
        complexity: "O(N) where N is the number of the user's rules",
        summary: "Describes a user",
        syntax: "username",
        history: &[
            ("6.2.0", "Patterns of channels"),
            ("7.0.0", "Selectors; patterns of keys and channels as the rules that make them"),
        ],
        ..ACL_ADMIN
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let user = args.bytes();
        args.done(Self { user })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let user = context.clients.acl().user(context.argv.bytes(self.user));
        Ok(user.map_or(Reply::Null, |user| describe(user)))
    }
}

fn describe(user: &User) -> Reply {
    let flags = user.flags().map(Reply::bulk).collect();
    let passwords = user.passwords().iter().map(|hash| Reply::bulk(hash.to_string()));
    let mut fields =
        vec![(Reply::bulk("flags"), Reply::Set(flags)), (Reply::bulk("passwords"), Reply::array(passwords))];
    fields.extend(describe_selector(user.root()));
    let others = user.others().iter().map(|selector| Reply::Map(describe_selector(selector).into()));
    fields.push((Reply::bulk("selectors"), Reply::array(others)));
    Reply::Map(fields)
}

fn describe_selector(selector: &Selector) -> [(Reply, Reply); 3] {
    [
        (Reply::bulk("commands"), Reply::bulk(selector.commands_text())),
        (Reply::bulk("keys"), Reply::bulk(selector.keys_text())),
        (Reply::bulk("channels"), Reply::bulk(selector.channels_text())),
    ]
}

/// `ACL LIST`
pub(in crate::commands) struct List;

impl Command for List {
    const SPEC: Spec = Spec {
        name: "list",
        complexity: "O(N) where N is the number of users",
        summary: "Lists all users as the lines that make them in an ACL file",
        ..ACL_ADMIN
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(each_user(context.clients.acl(), |user| Reply::bulk(user.line())))
    }
}

/// `ACL USERS`
pub(in crate::commands) struct Users;

impl Command for Users {
    const SPEC: Spec = Spec {
        name: "users",
        complexity: "O(N) where N is the number of users",
        summary: "Lists the names of all users",
        ..ACL_ADMIN
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(each_user(context.clients.acl(), |user| Reply::bulk(user.name().clone())))
    }
}

fn each_user(acl: &Acl, reply: impl Fn(&User) -> Reply) -> Reply {
    Reply::array(acl.users().map(|user| reply(user)))
}

/// `ACL WHOAMI`
pub(in crate::commands) struct WhoAmI;

impl Command for WhoAmI {
    const SPEC: Spec = Spec { name: "whoami", summary: "Tells the user's name", ..ACL_SUBCOMMAND };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(Reply::bulk(context.session().user.name().clone()))
    }
}
