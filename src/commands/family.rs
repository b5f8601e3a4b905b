//! How a family's commands become one type and one table.
//!
//! A typed command travels from Connection to Keyspace without a heap allocation, so the commands of a family
//! are the variants of an enum, and the families are the variants of [`Call`](super::table::Call). The macro
//! below writes the enum, its dispatch and its table from one list; each command is named there once.

/// Declares a family: `family!(Strings { Get, Set(Set) })`, or `family!(Client in CLIENT { … })` for the
/// subcommands of a container, or `family!(Command: Infos(Infos) { … })` for a container that is a command of
/// its own as well.
macro_rules! family {
    ($family:ident { $($variant:ident($command:ty)),* $(,)? }) => {
        $crate::commands::family::family!(@enum $family { $($variant($command)),* });

        impl $family {
            /// One row for each command.
            pub(super) const TABLE: &'static [$crate::commands::spec::Row] =
                $crate::commands::family::family!(@rows $family { $($variant($command)),* });
        }
    };
    ($family:ident in $container:ident { $($variant:ident($command:ty)),* $(,)? }) => {
        $crate::commands::family::family!(@enum $family { $($variant($command)),* });

        impl $family {
            /// The row of the container, with one row for each subcommand.
            pub(super) const TABLE: &'static [$crate::commands::spec::Row] =
                &[$crate::commands::spec::Row::container(
                    &$container,
                    $crate::commands::family::family!(@rows $family { $($variant($command)),* }),
                )];
        }
    };
    ($family:ident: $own:ident($own_command:ty) { $($variant:ident($command:ty)),* $(,)? }) => {
        $crate::commands::family::family!(@enum $family { $own($own_command), $($variant($command)),* });

        impl $family {
            /// The row of the command, with one row for each subcommand.
            pub(super) const TABLE: &'static [$crate::commands::spec::Row] =
                &[$crate::commands::family::family!(@row $family $own $own_command).with_subcommands(
                    $crate::commands::family::family!(@rows $family { $($variant($command)),* }),
                )];
        }
    };
    (@enum $family:ident { $($variant:ident($command:ty)),* }) => {
        /// The commands of this family, typed and ready to run.
        // Variants are named as their commands are, also where that repeats the family's name.
        #[allow(clippy::enum_variant_names)]
        pub(super) enum $family {
            $($variant($command)),*
        }

        impl $family {
            /// Runs the command.
            pub(super) fn run(
                &self,
                context: &mut $crate::commands::context::Context<'_>,
            ) -> $crate::commands::context::Outcome {
                match self {
                    $(Self::$variant(command) => $crate::commands::spec::Command::run(command, context)),*
                }
            }
        }
    };
    (@rows $family:ident { $($variant:ident($command:ty)),* }) => {
        &[$($crate::commands::family::family!(@row $family $variant $command)),*]
    };
    (@row $family:ident $variant:ident $command:ty) => {
        $crate::commands::spec::Row::new(&<$command as $crate::commands::spec::Command>::SPEC, |args| {
            let command = <$command as $crate::commands::spec::Command>::parse(args)?;
            Ok($crate::commands::table::Call::$family($family::$variant(command)))
        })
    };
}

pub(super) use family;
