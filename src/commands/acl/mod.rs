//! ACL: users, what they may do, and what was refused to them.
//!
//! As documented for Redis 7.0: <https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/>. A rule is a
//! word (`rules`); words make a [`User`], whose selectors (`selector`) have a bit for each command (`grants`) and
//! patterns of keys and channels; `check` asks them. [`Acl`] has all users and the log (`log`). Who a client is, and
//! whether anything needs to be checked for it at all, stands in its session (`sessions`): for a user who may do
//! everything a command costs one look at that. Absent: files, which the actors read and write (`file` has their syntax).

mod changes;
mod check;
mod file;
mod grants;
mod log;
mod looks;
mod password;
mod rules;
mod selector;
mod sessions;
mod user;

pub use check::Denied;
pub use file::names_default_user;
pub use log::{Log, LogEntry, Reason};
pub use rules::RuleError;
pub use sessions::Access;
pub(super) use sessions::{
    denied_in_transaction, is_free, log_failed_login, permission, reads_all_keys, would_refuse,
};
pub use user::User;

use super::family::family;
use super::help::help;
use super::spec::{Flag, Group, Spec};
use crate::config::Config;
use crate::config::values::{AclPubsubDefault, Secret, UserLine};
use bytes::Bytes;
use changes::{DelUser, Load, LogCommand, Save, SetUser};
use looks::{Cat, DryRun, GenPass, GetUser, List, Users, WhoAmI};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// The user that a client is before it says otherwise; there always is one.
pub const DEFAULT_USER: &[u8] = b"default";

/// The default user of a server that has been told nothing: everything is allowed to everybody.
static OPEN: LazyLock<Arc<User>> = LazyLock::new(|| {
    let mut user = User::new(DEFAULT_USER, false);
    for rule in ["+@all", "~*", "&*", "on", "nopass"] {
        user.apply(rule.as_bytes(), false).expect("the rules of the default user are right");
    }
    Arc::new(user)
});

/// All users, and what was refused.
#[derive(Debug)]
pub struct Acl {
    users: BTreeMap<Bytes, Arc<User>>,
    /// What was refused.
    pub log: Log,
}

impl Default for Acl {
    fn default() -> Self {
        let users = BTreeMap::from([(Bytes::from_static(DEFAULT_USER), User::open())]);
        Self { users, log: Log::default() }
    }
}

impl User {
    /// The default user of a server that has been told nothing.
    #[must_use]
    pub fn open() -> Arc<Self> {
        Arc::clone(&OPEN)
    }
}

impl Acl {
    /// The users that the options tell: the password of `requirepass`, and the lines `user`.
    ///
    /// # Errors
    /// The place of a line and what is wrong with it.
    pub fn configured(config: &Config) -> Result<Self, String> {
        let mut acl = Self::default();
        acl.require_password(&config.requirepass);
        let mut seen = Vec::new();
        for line in &config.users {
            let (name, user) = read_line(line, hears_all(config))?;
            if seen.contains(&name) {
                return Err(format!("{}: the user `{}` is there already", line.place, name.escape_ascii()));
            }
            seen.push(name);
            acl.put(user);
        }
        Ok(acl)
    }

    /// The user of a name.
    #[must_use]
    pub fn user(&self, name: &[u8]) -> Option<&Arc<User>> {
        self.users.get(name)
    }

    /// The user that clients are before they say otherwise.
    #[must_use]
    pub fn default_user(&self) -> &Arc<User> {
        self.users.get(DEFAULT_USER).unwrap_or(&OPEN)
    }

    /// All users in the order of their names.
    pub fn users(&self) -> impl ExactSizeIterator<Item = &Arc<User>> {
        self.users.values()
    }

    /// The lines `user` for the configuration file. The default user needs none where `requirepass` says all of it.
    ///
    /// # Errors
    /// The name of a user with a rule that is no UTF-8, which a configuration file has to be.
    pub fn lines(&self, config: &Config) -> Result<Vec<UserLine>, String> {
        let mut implied = Self::default();
        implied.require_password(&config.requirepass);
        let has_line = |user: &&Arc<User>| **user != *implied.default_user();
        let line = |user: &Arc<User>| {
            let words = std::iter::once(user.name().to_vec()).chain(user.rules());
            let words: Result<_, _> = words.map(String::from_utf8).collect();
            let words = words
                .map_err(|_| format!("the user {} has a rule that is no UTF-8", user.name().escape_ascii()));
            Ok(UserLine { place: String::new(), words: words? })
        };
        self.users.values().filter(has_line).map(line).collect()
    }

    /// Makes the password of `requirepass` the default user's.
    fn require_password(&mut self, password: &Secret) {
        let mut user = User::clone(self.default_user());
        user.set_password(password.is_set().then(|| password.expose().as_bytes()));
        self.put(user);
    }

    fn put(&mut self, user: User) {
        self.users.insert(user.name().clone(), Arc::new(user));
    }
}

/// Whether new users may hear all channels.
fn hears_all(config: &Config) -> bool {
    config.acl_pubsub_default == AclPubsubDefault::Allchannels
}

/// The user that a line of the configuration makes; the default user begins as one who may do nothing, too.
fn read_line(line: &UserLine, all_channels: bool) -> Result<(&[u8], User), String> {
    let (name, rules) =
        line.words.split_first().map(|(name, rules)| (name.as_bytes(), rules)).unwrap_or_default();
    if line.words.is_empty() || rules::has_space(name) {
        return Err(format!("{}: expected a user's name, without spaces, and its rules", line.place));
    }
    let place = format!("{}: user {}", line.place, name.escape_ascii());
    let mut user = User::new(name, all_channels);
    if name == DEFAULT_USER {
        user.reset(all_channels);
    }
    let merged = rules::merge_selectors(rules.iter().map(String::as_bytes));
    let merged = merged.map_err(|_| format!("{place}: a selector has no closing parenthesis"))?;
    for rule in merged {
        user.apply(&rule, all_channels).map_err(|error| format!("{place}: {}", explain(&rule, error)))?;
    }
    Ok((name, user))
}

/// What is wrong with a rule. Only a command's or category's name is repeated: other rules may be passwords.
fn explain(rule: &[u8], error: RuleError) -> Cow<'static, str> {
    match error {
        RuleError::Unknown => format!("'{}': {error}", rule.escape_ascii()).into(),
        _ => error.to_string().into(),
    }
}

/// What every subcommand declares alike.
const ACL_SUBCOMMAND: Spec = Spec {
    arity: 2,
    flags: &[Flag::Noscript, Flag::Loading, Flag::Stale],
    group: Group::Server,
    since: "6.0.0",
    ..Spec::EMPTY
};

/// What subcommands for administrators declare alike.
const ACL_ADMIN: Spec =
    Spec { flags: &[Flag::Admin, Flag::Noscript, Flag::Loading, Flag::Stale], ..ACL_SUBCOMMAND };

const ACL: Spec = Spec {
    name: "acl",
    arity: -2,
    group: Group::Server,
    since: "6.0.0",
    complexity: "Depends on subcommand",
    summary: "Looks at users and changes what they may do",
    ..Spec::EMPTY
};

help!(
    AclHelp,
    "6.0.0",
    Server,
    [Flag::Loading, Flag::Stale],
    "ACL",
    [
        "CAT [<category>]",
        "    List the categories of commands, or the commands of one.",
        "DELUSER <username> [<username> ...]",
        "    Delete users, and close their connections.",
        "DRYRUN <username> <command> [<arg> ...]",
        "    Tell whether a user may run a command, without running it.",
        "GETUSER <username>",
        "    Describe a user.",
        "GENPASS [<bits>]",
        "    Make a password that nobody can guess, of 256 bits unless told otherwise.",
        "LIST",
        "    List all users as lines of an ACL file.",
        "LOAD",
        "    Read the ACL file anew.",
        "LOG [<count> | RESET]",
        "    Show what was refused, or forget it.",
        "SAVE",
        "    Write the users to the ACL file.",
        "SETUSER <username> [<rule> ...]",
        "    Make a user, or change what one may do.",
        "USERS",
        "    List the names of all users.",
        "WHOAMI",
        "    Tell the user's name.",
    ]
);

family!(AclCommands in ACL {
    Cat(Cat),
    DelUser(DelUser),
    DryRun(DryRun),
    GenPass(GenPass),
    GetUser(GetUser),
    Help(AclHelp),
    List(List),
    Load(Load),
    Log(LogCommand),
    Save(Save),
    SetUser(SetUser),
    Users(Users),
    WhoAmI(WhoAmI),
});

#[cfg(test)]
mod tests;
