//! `HELP` of a container: the list of its subcommands, in the form Redis gives it.

use crate::resp::Reply;

/// The reply: a head line, the subcommands' lines, and HELP itself.
pub(super) fn help_reply(container: &str, lines: &[&'static str]) -> Reply {
    let head = format!("{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    let tail = ["HELP", "    Print this help."].map(Reply::simple);
    let lines = lines.iter().map(|line| Reply::simple(line));
    Reply::array(std::iter::once(Reply::Simple(head.into())).chain(lines).chain(tail))
}

/// Declares the HELP subcommand of a container as a type.
macro_rules! help {
    ($name:ident, $since:literal, $group:ident, [$($flag:expr),*], $container:literal, [$($line:literal),* $(,)?]) => {
        #[doc = concat!("`", $container, " HELP`")]
        pub(super) struct $name;

        impl $crate::commands::spec::Command for $name {
            const SPEC: $crate::commands::spec::Spec = $crate::commands::spec::Spec {
                name: "help",
                arity: 2,
                flags: &[$($flag),*],
                group: $crate::commands::spec::Group::$group,
                since: $since,
                summary: concat!("Lists the subcommands of ", $container),
                ..$crate::commands::spec::Spec::EMPTY
            };

            fn parse(
                args: &mut $crate::commands::args::Args<'_>,
            ) -> Result<Self, $crate::commands::faults::Fault> {
                args.done(Self)
            }

            fn run(
                &self,
                _: &mut $crate::commands::context::Context<'_>,
            ) -> $crate::commands::context::Outcome {
                Ok($crate::commands::help::help_reply($container, &[$($line),*]))
            }
        }
    };
}

pub(super) use help;
