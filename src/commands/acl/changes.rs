//! ACL subcommands that change something: SETUSER, DELUSER, LOAD, SAVE, and LOG, which can be emptied.

use super::super::args::{Args, Rest};
use super::super::context::{Context, Outcome};
use super::super::faults::{self, Fault};
use super::super::spec::{Command, Spec};
use super::log::LogEntry;
use super::looks::at_most_one;
use super::rules::{has_space, merge_selectors};
use super::user::User;
use super::{ACL_ADMIN, DEFAULT_USER, hears_all};
use crate::resp::{Reply, Span};

/// `ACL SETUSER username [rule [rule ...]]`
pub(in crate::commands) struct SetUser {
    user: Span,
    rules: Rest,
}

impl Command for SetUser {
    const SPEC: Spec = Spec {
        name: "setuser",
        arity: -3,
        complexity: "O(N) where N is the number of rules, and of clients",
        summary: "Makes a user, or changes what one may do",
        syntax: "username [rule [rule ...]]",
        history: &[
            ("6.2.0", "Patterns of channels"),
            ("7.0.0", "Selectors, and keys to be read or written only"),
        ],
        ..ACL_ADMIN
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let user = args.bytes();
        let rules = args.rest();
        args.done(Self { user, rules })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let argv = context.argv;
        (USERNAME..argv.len()).for_each(|index| context.effects.redacted.hide(index));
        let name = argv.bytes(self.user);
        if has_space(name) {
            return Err(faults::USERNAME_WITH_SPACES);
        }
        let rules = merge_selectors(self.rules.of(argv)).map_err(|start| {
            faults::with_argument("ERR Unmatched parenthesis in acl selector starting at '", start, "'.")
        })?;
        let all_channels = hears_all(context.config);
        let known = context.clients.acl().user(name);
        let mut user = known.map_or_else(|| User::new(name, all_channels), |user| User::clone(user));
        for rule in rules {
            user.apply(&rule, all_channels).map_err(|error| {
                faults::with_argument("ERR Error in ACL SETUSER modifier '", &rule, &format!("': {error}"))
            })?;
        }
        let deafened = context.clients.put_user(user);
        context.close_clients(deafened);
        Ok(Reply::OK)
    }
}

/// Which argument is the user's name.
const USERNAME: usize = 2;

/// `ACL DELUSER username [username ...]`
pub(in crate::commands) struct DelUser {
    users: Rest,
}

impl Command for DelUser {
    const SPEC: Spec = Spec {
        name: "deluser",
        arity: -3,
        complexity: "O(N) where N is the number of clients, for each user",
        summary: "Removes users and closes their connections",
        syntax: "username [username ...]",
        ..ACL_ADMIN
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let users = args.rest();
        args.done(Self { users })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let names = || self.users.of(context.argv);
        if names().any(|name| name == DEFAULT_USER) {
            return Err(faults::DEFAULT_USER_STAYS);
        }
        let expelled: Vec<_> = names().filter_map(|name| context.clients.remove_user(name)).collect();
        let count = expelled.len();
        expelled.into_iter().for_each(|slots| context.close_clients(slots));
        Ok(Reply::from_count(count))
    }
}

/// `ACL LOAD`
pub(in crate::commands) struct Load;

impl Command for Load {
    const SPEC: Spec = Spec {
        name: "load",
        complexity: "O(N) where N is the number of users, and of clients",
        summary: "Reads the users anew from the ACL file",
        ..ACL_ADMIN
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let path = file_name(context)?;
        let text = context.facts.read_users(context.config).map_err(|error| {
            Fault::from_bytes(format!("ERR Error loading ACLs, opening file '{path}': {error}"))
        })?;
        let loaded = context.clients.load_users(&path, &text, hears_all(context.config));
        let expelled = loaded.map_err(|errors| Fault::from_bytes(format!("ERR {errors}")))?;
        context.close_clients(expelled);
        Ok(Reply::OK)
    }
}

/// The name of the ACL file as the options give it.
fn file_name(context: &Context<'_>) -> Result<String, Fault> {
    let file = context.config.aclfile.as_ref();
    file.map(|file| file.display().to_string()).ok_or(faults::NO_ACL_FILE)
}

/// `ACL SAVE`
pub(in crate::commands) struct Save;

impl Command for Save {
    const SPEC: Spec = Spec {
        name: "save",
        complexity: "O(N) where N is the number of users",
        summary: "Writes all users to the ACL file",
        ..ACL_ADMIN
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let path = file_name(context)?;
        let text = context.clients.acl().file_text();
        context.facts.write_users(context.config, &text).map_err(|error| {
            tracing::warn!(file = path, error, "the ACL file cannot be written");
            faults::ACL_SAVE_FAILED
        })?;
        Ok(Reply::OK)
    }
}

/// `ACL LOG [count | RESET]`
pub(in crate::commands) enum LogCommand {
    /// Shows so many entries.
    Show(usize),
    /// Forgets them.
    Reset,
}

/// How many entries are shown when nothing else is asked for.
const SHOWN_ENTRIES: i64 = 10;

impl Command for LogCommand {
    const SPEC: Spec = Spec {
        name: "log",
        arity: -2,
        complexity: "O(N) where N is the number of entries shown",
        summary: "Shows what was refused to whom, newest first",
        syntax: "[operation: count | RESET]",
        ..ACL_ADMIN
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        at_most_one(args);
        if args.option("RESET") {
            return args.done(Self::Reset);
        }
        let count = if args.left() > 0 { args.integer() } else { SHOWN_ENTRIES };
        args.done(Self::Show(usize::try_from(count).unwrap_or(0)))
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        match self {
            Self::Reset => {
                context.clients.acl_mut().log.clear();
                Ok(Reply::OK)
            }
            Self::Show(count) => {
                let entries = context.clients.acl().log.iter().take(*count);
                Ok(Reply::array(entries.map(|entry| describe(entry, context.now_ms))))
            }
        }
    }
}

fn describe(entry: &LogEntry, now_ms: u64) -> Reply {
    let age_ms = now_ms.saturating_sub(entry.at_ms);
    let fields = [
        ("count", Reply::Integer(i64::try_from(entry.count).unwrap_or(i64::MAX))),
        ("reason", Reply::bulk(entry.reason.name())),
        ("context", Reply::bulk(if entry.in_multi { "multi" } else { "toplevel" })),
        ("object", Reply::bulk(entry.object.clone())),
        ("username", Reply::bulk(entry.username.clone())),
        ("age-seconds", Reply::Double(age_ms as f64 / MILLISECONDS)),
        ("client-info", Reply::bulk(entry.client.clone())),
    ];
    Reply::Map(fields.into_iter().map(|(name, value)| (Reply::bulk(name), value)).collect())
}

/// In a second.
const MILLISECONDS: f64 = 1000.0;
