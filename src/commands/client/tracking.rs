//! CLIENT TRACKING and what surrounds it: CLIENT CACHING, TRACKINGINFO and GETREDIR.
//!
//! What tracking does is in [`tracking`](crate::commands::tracking).

use super::CLIENT_SUBCOMMAND;
use crate::commands::args::{Args, Rest};
use crate::commands::context::{Context, Outcome};
use crate::commands::faults::{self, Fault};
use crate::commands::session::Session;
use crate::commands::spec::{Command, Spec};
use crate::commands::tracking::{Options, Tracked};
use crate::resp::{Reply, Span};
use crate::store::parse_int;
use bytes::Bytes;

/// `CLIENT TRACKING <ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]`
///
/// The arguments are read only where it runs, as Redis looks for the other client while it reads them.
pub(in crate::commands) struct TrackingCommand {
    switch: Span,
    options: Rest,
}

impl Command for TrackingCommand {
    const SPEC: Spec = Spec {
        name: "tracking",
        arity: -3,
        since: "6.0.0",
        complexity: "O(1), and O(N) where N is the number of prefixes",
        summary: "Has the server tell which keys, once read, are out of date",
        syntax: "<status: ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
        ..CLIENT_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let switch = args.bytes();
        let options = args.rest();
        args.done(Self { switch, options })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let (options, prefixes) = read_options(context, self.options)?;
        let switch = context.argv.bytes(self.switch);
        if switch.eq_ignore_ascii_case(b"off") {
            context.clients.untrack(context.me);
            return Ok(Reply::OK);
        }
        if !switch.eq_ignore_ascii_case(b"on") {
            return Err(faults::SYNTAX);
        }
        check_options(context.session(), options, &prefixes)?;
        context.clients.track(context.me, options, prefixes);
        Ok(Reply::OK)
    }
}

fn read_options(context: &Context<'_>, words: Rest) -> Result<(Options, Vec<Bytes>), Fault> {
    let (mut options, mut prefixes) = (Options::default(), Vec::new());
    let mut words = words.of(context.argv);
    while let Some(word) = words.next() {
        let is = |name: &[u8]| word.eq_ignore_ascii_case(name);
        if is(b"redirect") && words.len() > 0 {
            let id = words.next().unwrap_or_default();
            if options.redirect.is_some() {
                return Err(faults::SEVERAL_REDIRECTIONS);
            }
            let id = parse_int(id).ok_or(faults::NOT_AN_INTEGER)?;
            let id = u64::try_from(id).ok().filter(|id| context.clients.present(*id).is_some());
            options.redirect = Some(id.ok_or(faults::NO_CLIENT_TO_REDIRECT_TO)?);
        } else if is(b"prefix") && words.len() > 0 {
            prefixes.push(Bytes::copy_from_slice(words.next().unwrap_or_default()));
        } else if is(b"bcast") {
            options.broadcast = true;
        } else if is(b"optin") {
            options.opt_in = true;
        } else if is(b"optout") {
            options.opt_out = true;
        } else if is(b"noloop") {
            options.no_loop = true;
        } else {
            return Err(faults::SYNTAX);
        }
    }
    Ok((options, prefixes))
}

/// Whether options fit together, and with those that the client has.
fn check_options(session: &Session, options: Options, prefixes: &[Bytes]) -> Result<(), Fault> {
    if !options.broadcast && !prefixes.is_empty() {
        return Err(faults::PREFIX_WITHOUT_BCAST);
    }
    let old = session.tracks().map(|tracked| tracked.options);
    if old.is_some_and(|old| old.broadcast != options.broadcast) {
        return Err(faults::SWITCHING_BCAST);
    }
    if options.broadcast && (options.opt_in || options.opt_out) {
        return Err(faults::OPT_WITH_BCAST);
    }
    if options.opt_in && options.opt_out {
        return Err(faults::OPT_IN_AND_OUT);
    }
    if old.is_some_and(|old| options.opt_in && old.opt_out || options.opt_out && old.opt_in) {
        return Err(faults::SWITCHING_OPT);
    }
    let known = session.tracks().map(|tracked| &tracked.prefixes);
    for (index, prefix) in prefixes.iter().enumerate() {
        if let Some(other) = known.into_iter().flatten().find(|other| overlap(prefix, other)) {
            return Err(overlapping(prefix, "an existing", other));
        }
        if let Some(other) = prefixes[index + 1..].iter().find(|other| overlap(prefix, other)) {
            return Err(overlapping(prefix, "another provided", other));
        }
    }
    Ok(())
}

/// Whether a key may begin with both.
fn overlap(one: &[u8], other: &[u8]) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

fn overlapping(one: &[u8], what: &str, other: &[u8]) -> Fault {
    let between = format!("' overlaps with {what} prefix '");
    let text = [b"ERR Prefix '", one, between.as_bytes()].concat();
    let after = "'. Prefixes for a single client must not overlap.";
    Fault::from_bytes([&text, other, after.as_bytes()].concat())
}

/// `CLIENT TRACKINGINFO`
pub(in crate::commands) struct TrackingInfo;

impl Command for TrackingInfo {
    const SPEC: Spec = Spec {
        name: "trackinginfo",
        arity: 2,
        since: "6.2.0",
        summary: "Tells which of the connection's keys are tracked, and how",
        ..CLIENT_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let session = context.session();
        let prefixes = session.tracks().map(|tracked| &tracked.prefixes).into_iter().flatten();
        Ok(Reply::Map(vec![
            (Reply::bulk("flags"), Reply::Set(flags(session.tracks()).map(Reply::bulk).collect())),
            (Reply::bulk("redirect"), Reply::Integer(redirection(session))),
            (Reply::bulk("prefixes"), Reply::array(prefixes.cloned().map(Reply::bulk))),
        ]))
    }
}

fn flags(tracked: Option<&Tracked>) -> impl Iterator<Item = &'static str> {
    let on = tracked.is_some();
    let is = |what: fn(&Tracked) -> bool| tracked.is_some_and(what);
    let flags = [
        (!on, "off"),
        (on, "on"),
        (is(|it| it.options.broadcast), "bcast"),
        (is(|it| it.options.opt_in), "optin"),
        (is(|it| it.options.opt_in && it.caching), "caching-yes"),
        (is(|it| it.options.opt_out), "optout"),
        (is(|it| it.options.opt_out && it.caching), "caching-no"),
        (is(|it| it.options.no_loop), "noloop"),
        (is(|it| it.is_broken), "broken_redirect"),
    ];
    flags.into_iter().filter(|(is, _)| *is).map(|(_, name)| name)
}

/// The number of the client that hears in the place of one: 0 for itself, -1 if it does not track.
pub(super) fn redirection(session: &Session) -> i64 {
    let redirect = |tracked: &Tracked| tracked.options.redirect.unwrap_or_default();
    session.tracks().map_or(-1, |tracked| i64::try_from(redirect(tracked)).unwrap_or(i64::MAX))
}

/// `CLIENT GETREDIR`
pub(in crate::commands) struct GetRedir;

impl Command for GetRedir {
    const SPEC: Spec = Spec {
        name: "getredir",
        arity: 2,
        since: "6.0.0",
        summary: "Tells which client hears about the connection's tracked keys",
        ..CLIENT_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        Ok(Reply::Integer(redirection(context.session())))
    }
}

/// `CLIENT CACHING <YES | NO>`
pub(in crate::commands) struct Caching {
    mode: Rest,
}

impl Command for Caching {
    const SPEC: Spec = Spec {
        name: "caching",
        arity: 3,
        since: "6.0.0",
        summary: "Says whether the keys of the next command are tracked",
        syntax: "<mode: YES | NO>",
        ..CLIENT_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let mode = args.rest();
        args.done(Self { mode })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let mode = self.mode.of(context.argv).next().unwrap_or_default();
        let tracked = context.session().tracked.as_deref_mut().filter(|tracked| tracked.on);
        let tracked = tracked.ok_or(faults::NOT_TRACKING)?;
        if mode.eq_ignore_ascii_case(b"yes") {
            if !tracked.options.opt_in {
                return Err(faults::CACHING_YES_WITHOUT_OPTIN);
            }
        } else if mode.eq_ignore_ascii_case(b"no") {
            if !tracked.options.opt_out {
                return Err(faults::CACHING_NO_WITHOUT_OPTOUT);
            }
        } else {
            return Err(faults::SYNTAX);
        }
        tracked.caching = true;
        Ok(Reply::OK)
    }
}
