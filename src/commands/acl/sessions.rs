//! Who clients are: logging in and out, what that allows them at once, and what becomes of them when users change.

use super::super::client::description;
use super::super::context::Context;
use super::super::effects::Control;
use super::super::faults::{self, Fault};
use super::super::key_specs::Words;
use super::super::prepare::Prepared;
use super::super::session::{Clients, Session, Slot};
use super::super::spec::Flag;
use super::super::subscriptions::Topic;
use super::super::table::{Entry, table};
use super::check::Denied;
use super::log::{LogEntry, Reason};
use super::selector::any_allows;
use super::user::User;
use super::{Acl, DEFAULT_USER};
use crate::config::values::Secret;
use bytes::Bytes;
use std::sync::Arc;

/// What a client may do, as far as that can be said without looking at its command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    Full,
    /// What its user may; each command is checked.
    Checked,
    /// To log in and little else.
    Locked,
}

impl Acl {
    fn access(&self, session: &Session) -> Access {
        if !session.authenticated && !self.default_user().is_open() {
            Access::Locked
        } else if session.user.is_unrestricted() {
            Access::Full
        } else {
            Access::Checked
        }
    }

    /// Makes a client the default user, who has logged in if that takes nothing.
    pub(in crate::commands) fn receive(&self, session: &mut Session) {
        session.user = Arc::clone(self.default_user());
        session.authenticated |= session.user.is_open();
        session.access = self.access(session);
    }
}

impl Clients {
    /// All users.
    #[must_use]
    pub fn acl(&self) -> &Acl {
        &self.acl
    }

    /// All users, to be changed in ways that concern no client.
    pub(super) fn acl_mut(&mut self) -> &mut Acl {
        &mut self.acl
    }

    /// The users to begin with.
    pub fn set_acl(&mut self, acl: Acl) {
        self.acl = acl;
    }

    /// Makes a client a user, if the password fits.
    pub(in crate::commands) fn log_in(&mut self, slot: Slot, user: &[u8], password: &[u8]) -> bool {
        let Some(user) = self.acl.user(user).filter(|user| user.admits(password)).cloned() else {
            return false;
        };
        let session = &mut self[slot];
        session.user = user;
        session.authenticated = true;
        self.find_access(slot);
        true
    }

    /// Makes a client what it was when it connected.
    pub(in crate::commands) fn log_out(&mut self, slot: Slot) {
        let user = Arc::clone(self.acl.default_user());
        self[slot].authenticated = user.is_open();
        self[slot].user = user;
        self.find_access(slot);
    }

    /// Makes the password of `requirepass` the default user's.
    pub(in crate::commands) fn require_password(&mut self, password: &Secret) {
        self.acl.require_password(password);
        self.users_changed();
    }

    /// Puts a user in the place of what it was, or adds it. Answers the clients that listen to what they may not hear
    /// any more.
    pub(super) fn put_user(&mut self, user: User) -> Vec<Slot> {
        let old = self.acl.user(user.name()).cloned();
        let deaf = old.map(|old| self.deafened(&old, &user)).unwrap_or_default();
        self.acl.put(user);
        self.users_changed();
        deaf
    }

    /// Removes a user. Answers its clients, who are nobody now; none without such a user.
    pub(super) fn remove_user(&mut self, name: &[u8]) -> Option<Vec<Slot>> {
        self.acl.users.remove(name)?;
        Some(self.expel(|user| user == name))
    }

    /// Takes the users of a file. Answers the clients of all users but the default one, who are nobody now, as in Redis.
    pub(super) fn load_users(
        &mut self,
        path: &str,
        text: &[u8],
        all_channels: bool,
    ) -> Result<Vec<Slot>, String> {
        self.acl.load_file(path, text, all_channels)?;
        Ok(self.expel(|user| user != DEFAULT_USER))
    }

    fn expel(&mut self, is_meant: impl Fn(&[u8]) -> bool) -> Vec<Slot> {
        let is_meant = |(_, session): &(Slot, &Session)| is_meant(session.user.name());
        let slots: Vec<_> = self.iter().filter(is_meant).map(|(slot, _)| slot).collect();
        for slot in &slots {
            self[*slot].user = Arc::clone(self.acl.default_user());
            self[*slot].authenticated = false;
        }
        self.users_changed();
        slots
    }

    /// Lets every client know what its user has become.
    fn users_changed(&mut self) {
        let slots: Vec<_> = self.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            if let Some(user) = self.acl.user(self[slot].user.name()).cloned() {
                self[slot].user = user;
            }
            self.find_access(slot);
        }
    }

    fn find_access(&mut self, slot: Slot) {
        self[slot].access = self.acl.access(&self[slot]);
    }

    /// The clients of a user that listen to something which the user is not to hear any more.
    fn deafened(&self, old: &User, new: &User) -> Vec<Slot> {
        if new.selectors.iter().any(|selector| selector.all_channels()) {
            return Vec::new();
        }
        let heard: Vec<_> = new.selectors.iter().flat_map(|selector| selector.channels().to_vec()).collect();
        let was_heard = old.selectors.iter().flat_map(|selector| selector.channels());
        let had_all = old.selectors.iter().any(|selector| selector.all_channels());
        if !had_all && was_heard.into_iter().all(|channel| heard.contains(channel)) {
            return Vec::new();
        }
        let is_deafened = |session: &Session| {
            [Topic::Pattern, Topic::Channel, Topic::Shard].into_iter().any(|topic| {
                let is_pattern = topic == Topic::Pattern;
                session.subscribed.names(topic).any(|name| !any_allows(&heard, name, is_pattern))
            })
        };
        let of_user = |(_, session): &(Slot, &Session)| session.user.name() == old.name();
        self.iter()
            .filter(of_user)
            .filter(|(_, session)| is_deafened(session))
            .map(|(slot, _)| slot)
            .collect()
    }
}

impl Context<'_> {
    /// Closes clients who may not be there any more; whoever runs this command hears its reply first.
    pub(super) fn close_clients(&mut self, slots: Vec<Slot>) {
        for slot in slots {
            if slot == self.me {
                self.effects.control(Control::CloseAfterReply);
            } else {
                let id = self.clients[slot].id;
                self.clients.remove(id);
                self.effects.control(Control::CloseClient(slot));
            }
        }
        self.effects.control(Control::UsersChanged);
    }
}

/// The objection to a command of a client whose commands are checked; it is put on record.
pub(in crate::commands) fn permission(context: &mut Context<'_>, prepared: &Prepared) -> Option<Fault> {
    let denied = denied(context, prepared)?;
    note(context, prepared, denied);
    Some(match denied {
        Denied::Command => faults::no_permission(prepared.entry.map_or("", |entry| entry.name.as_str())),
        Denied::Key(_) => faults::NO_PERMISSION_FOR_KEY,
        Denied::Channel(_) => faults::NO_PERMISSION_FOR_CHANNEL,
    })
}

/// The same for a command that was queued for a transaction when its client may have been allowed to run it.
pub(in crate::commands) fn denied_in_transaction(
    context: &mut Context<'_>,
    prepared: &Prepared,
) -> Option<Fault> {
    let denied = denied(context, prepared)?;
    note(context, prepared, denied);
    Some(faults::permission_lost(match denied {
        Denied::Command => "no permission to execute the command or subcommand",
        Denied::Key(_) => "no permission to touch the specified keys",
        Denied::Channel(_) => "no permission to access one of the channels used as arguments",
    }))
}

fn denied(context: &Context<'_>, prepared: &Prepared) -> Option<Denied> {
    context.clients[context.me].user.denies(prepared.entry?, Words::new(context.argv, 0))
}

/// Whether the client may have the running command read any key.
pub(in crate::commands) fn reads_all_keys(context: &Context<'_>) -> bool {
    let session = &context.clients[context.me];
    let entry = || table().find(context.argv.get(0)?);
    session.access == Access::Full
        || entry().is_some_and(|entry| session.user.may_read_all_keys(entry, Words::new(context.argv, 0)))
}

/// Puts a failed login on record.
pub(in crate::commands) fn log_failed_login(context: &mut Context<'_>, user: &[u8]) {
    let command = Bytes::copy_from_slice(context.argv.get(0).unwrap_or_default());
    add_to_log(context, Reason::Auth, command, Bytes::copy_from_slice(user));
}

fn note(context: &mut Context<'_>, prepared: &Prepared, denied: Denied) {
    let word = |index| Bytes::copy_from_slice(context.argv.get(index).unwrap_or_default());
    let name = |entry: &Entry| Bytes::copy_from_slice(entry.name.as_bytes());
    let (reason, object) = match denied {
        Denied::Command => (Reason::Command, prepared.entry.map(name).unwrap_or_default()),
        Denied::Key(index) => (Reason::Key, word(index)),
        Denied::Channel(index) => (Reason::Channel, word(index)),
    };
    let username = context.session().user.name().clone();
    add_to_log(context, reason, object, username);
}

fn add_to_log(context: &mut Context<'_>, reason: Reason, object: Bytes, username: Bytes) {
    let session = &context.clients[context.me];
    let entry = LogEntry {
        count: 1,
        reason,
        in_multi: session.queue.is_some() || session.denies_blocking,
        object,
        username,
        at_ms: context.now_ms,
        client: description(session, context.now_ms),
    };
    context.clients.acl_mut().log.add(entry, context.config.acllog_max_len);
}

/// Whether a command would be refused for want of a login or a permission.
pub(in crate::commands) fn would_refuse(context: &Context<'_>, prepared: &Prepared) -> bool {
    match context.clients[context.me].access {
        Access::Full => false,
        Access::Checked => denied(context, prepared).is_some(),
        Access::Locked => !is_free(prepared),
    }
}

/// Whether a command passes without a login.
pub(in crate::commands) fn is_free(prepared: &Prepared) -> bool {
    prepared.row().is_some_and(|row| row.flags.has(Flag::NoAuth))
}
