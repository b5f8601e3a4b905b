//! CONFIG: options at run time, and the counters' reset.

use super::args::{Args, Rest};
use super::context::{Context, Outcome};
use super::effects::{Control, Redacted};
use super::family::family;
use super::faults::{self, Fault};
use super::help::help;
use super::spec::{Command, Flag, Group, Spec};
use crate::config::OptionRow;
use crate::resp::Reply;
use crate::store::glob_matches_nocase;

/// What every subcommand declares alike.
const CONFIG_SUBCOMMAND: Spec = Spec {
    flags: &[Flag::Admin, Flag::Noscript, Flag::Loading, Flag::Stale],
    group: Group::Server,
    since: "2.0.0",
    ..Spec::EMPTY
};

/// `CONFIG GET parameter [parameter ...]`
pub(super) struct Get {
    patterns: Rest,
}

impl Command for Get {
    const SPEC: Spec = Spec {
        name: "get",
        arity: -3,
        complexity: "O(N) where N is the number of options",
        summary: "Lists options and their values",
        syntax: "parameter [parameter ...]",
        history: &[("7.0.0", "More than one pattern")],
        ..CONFIG_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        let patterns = args.rest();
        args.done(Self { patterns })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let patterns: Vec<_> = self.patterns.of(context.argv).collect();
        let found = context.config.matching(&patterns, glob_matches_nocase);
        let pairs = found
            .into_iter()
            .map(|(name, value)| (Reply::bulk(name.as_slice()), Reply::bulk(value.as_bytes())));
        Ok(Reply::Map(pairs.collect()))
    }
}

/// `CONFIG SET parameter value [parameter value ...]`
pub(super) struct Set {
    pairs: Rest,
}

impl Command for Set {
    const SPEC: Spec = Spec {
        name: "set",
        arity: -4,
        complexity: "O(N) where N is the number of options given",
        summary: "Changes options, all of them or none",
        syntax: "parameter value [parameter value ...]",
        history: &[("7.0.0", "More than one option, all or none of them")],
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        ..CONFIG_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        if args.left() % 2 != 0 {
            args.fail(faults::SYNTAX);
        }
        let pairs = args.rest();
        args.done(Self { pairs })
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        let words: Vec<_> = self.pairs.of(context.argv).collect();
        let pairs: Vec<_> = words.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        hide_passwords(&pairs, &mut context.effects.redacted);
        match context.config.set_many(&pairs) {
            Ok(changed) => {
                if changed.iter().any(|row| row.name == "requirepass") {
                    context.clients.require_password(&context.config.requirepass);
                }
                if !changed.is_empty() {
                    context.effects.control(Control::ConfigChanged);
                }
                Ok(Reply::OK)
            }
            Err(error) => Err(Fault::from_bytes(format!("ERR {error}"))),
        }
    }
}

/// Keeps the values of secret options out of the slow log.
fn hide_passwords(pairs: &[(&[u8], &[u8])], redacted: &mut Redacted) {
    for (index, (name, _)) in pairs.iter().enumerate() {
        let row = std::str::from_utf8(name).ok().and_then(OptionRow::find);
        if row.is_some_and(OptionRow::is_sensitive) {
            redacted.hide("CONFIG SET name".split(' ').count() + 2 * index);
        }
    }
}

/// `CONFIG RESETSTAT`
pub(super) struct ResetStat;

impl Command for ResetStat {
    const SPEC: Spec = Spec {
        name: "resetstat",
        arity: 2,
        summary: "Sets the counters of INFO back to zero",
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        ..CONFIG_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        context.effects.control(Control::ResetStatistics);
        Ok(Reply::OK)
    }
}

/// `CONFIG REWRITE`
pub(super) struct Rewrite;

impl Command for Rewrite {
    const SPEC: Spec = Spec {
        name: "rewrite",
        arity: 2,
        since: "2.8.0",
        summary: "Writes the options back to the configuration file",
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        ..CONFIG_SUBCOMMAND
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        args.done(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        if context.facts.fixed().config_file.is_empty() {
            return Err(faults::NO_CONFIG_FILE);
        }
        let users = if context.config.aclfile.is_some() {
            Ok(Vec::new())
        } else {
            context.clients.acl().lines(context.config)
        };
        context.config.users =
            users.map_err(|error| Fault::from_bytes(format!("ERR Rewriting config file: {error}")))?;
        let rewritten = context.facts.rewrite_config(context.config);
        rewritten.map_err(|error| Fault::from_bytes(format!("ERR Rewriting config file: {error}")))?;
        Ok(Reply::OK)
    }
}

help!(
    ConfigHelp,
    "5.0.0",
    Server,
    [Flag::Loading, Flag::Stale],
    "CONFIG",
    [
        "GET <pattern> [<pattern> ...]",
        "    List options whose names match, and their values.",
        "SET <option> <value> [<option> <value> ...]",
        "    Change options.",
        "RESETSTAT",
        "    Set the counters of INFO back to zero.",
        "REWRITE",
        "    Write the options back to the configuration file.",
    ]
);

const CONFIG: Spec = Spec {
    name: "config",
    arity: -2,
    group: Group::Server,
    since: "2.0.0",
    complexity: "Depends on subcommand",
    summary: "Looks at options and changes them",
    ..Spec::EMPTY
};

family!(Config in CONFIG {
    Get(Get),
    Set(Set),
    ResetStat(ResetStat),
    Rewrite(Rewrite),
    Help(ConfigHelp),
});
