//! All commands by name: the families' tables joined into one, and the look-up.
//!
//! A new family is one file and one line of [`FAMILIES`]. The joined table is made once, on first use; every
//! command and subcommand has a fixed place in it, under which statistics are kept.

mod short_names;

use super::context::{Context, Outcome};
use super::spec::Row;
use hashbrown::HashTable;
use short_names::{ShortName, ShortNames};
use std::sync::LazyLock;

macro_rules! families {
    ($($module:ident::$family:ident),* $(,)?) => {
        /// A typed command of any family.
        pub(super) enum Call {
            $($family(super::$module::$family)),*
        }

        impl Call {
            /// Runs the command.
            pub(super) fn run(&self, context: &mut Context<'_>) -> Outcome {
                match self {
                    $(Self::$family(command) => command.run(context)),*
                }
            }
        }

        /// Every family's table.
        pub const FAMILIES: &[&[Row]] = &[$(super::$module::$family::TABLE),*];
    };
}

families! {
    strings::Strings,
    many_strings::ManyStrings,
    substrings::Substrings,
    counters::Counters,
    lcs::LongestCommon,
    bitmaps::Bitmaps,
    bitfields::Bitfields,
    lists::Lists,
    hashes::Hashes,
    sets::Sets,
    sorted_sets::SortedSets,
    geo::Geo,
    hyperloglogs::Hyperloglogs,
    sort::Sorting,
    keys::Keys,
    transfers::Transfers,
    ttl::Ttl,
    object::Object,
    dump::Dumps,
    transactions::Transactions,
    pubsub::Channeling,
    pubsub::Pubsub,
    connection::Connection,
    client::Client,
    command::Command,
    config::Config,
    acl::AclCommands,
    server::Server,
    slowlog::Slowlog,
    latency::Latency,
    memory::Memory,
    monitor::Monitor,
    debug::Debug,
    module::Module,
    memora::Memora,
    saving::Saving,
    standalone::Standalone,
    cluster::Cluster,
    lolwut::Lolwut,
}

/// One command or subcommand in the joined table.
pub struct Entry {
    /// Its place in the table.
    pub index: usize,
    /// Its name as Redis prints it: `get`, `client|id`.
    pub name: String,
    /// Its declaration and code.
    pub row: &'static Row,
    /// The places of its subcommands.
    pub subcommands: Vec<usize>,
    /// The container it belongs to.
    pub container: Option<usize>,
}

/// The joined table.
pub struct Table {
    entries: Vec<Entry>,
    names: HashTable<usize>,
    short_names: ShortNames,
}

static TABLE: LazyLock<Table> = LazyLock::new(Table::join);

/// The joined table of all commands.
#[must_use]
pub fn table() -> &'static Table {
    &TABLE
}

impl Table {
    fn join() -> Self {
        let mut table =
            Self { entries: Vec::new(), names: HashTable::new(), short_names: ShortNames::default() };
        for row in FAMILIES.iter().copied().flatten() {
            let index = table.add(row, None);
            for subcommand in row.subcommands {
                let sub = table.add(subcommand, Some(index));
                table.entries[index].subcommands.push(sub);
            }
        }
        let entries = &table.entries;
        let rehash = |index: &usize| hash(entries[*index].name.as_bytes());
        for entry in entries.iter().filter(|entry| entry.container.is_none()) {
            let name = entry.name.as_bytes();
            match ShortName::of(name) {
                Some(name) => table.short_names.insert(name, entry.index),
                None => {
                    table.names.insert_unique(hash(name), entry.index, rehash);
                }
            }
        }
        table
    }

    fn add(&mut self, row: &'static Row, container: Option<usize>) -> usize {
        let index = self.entries.len();
        let name = match container {
            Some(container) => format!("{}|{}", self.entries[container].name, row.spec.name),
            None => row.spec.name.to_owned(),
        };
        self.entries.push(Entry { index, name, row, subcommands: Vec::new(), container });
        index
    }

    /// All commands and subcommands, each container before its subcommands.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All commands without the subcommands.
    pub fn commands(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.container.is_none())
    }

    /// The command called `name`, in any case.
    #[must_use]
    pub fn find(&self, name: &[u8]) -> Option<&Entry> {
        let index = match ShortName::of(name) {
            Some(name) => self.short_names.find(name),
            None => {
                let is_it = |index: &usize| self.entries[*index].name.as_bytes().eq_ignore_ascii_case(name);
                self.names.find(hash(name), is_it).copied()
            }
        };
        index.map(|index| &self.entries[index])
    }

    /// The subcommand of `container` called `name`, in any case.
    #[must_use]
    pub fn find_subcommand(&self, container: &Entry, name: &[u8]) -> Option<&Entry> {
        let named =
            |index: &&usize| self.entries[**index].row.spec.name.as_bytes().eq_ignore_ascii_case(name);
        container.subcommands.iter().find(named).map(|index| &self.entries[*index])
    }

    /// The command or subcommand with a name as Redis prints it: `get`, `client|id`, in any case.
    #[must_use]
    pub fn find_full(&self, name: &[u8]) -> Option<&Entry> {
        match memchr::memchr(b'|', name) {
            None => self.find(name),
            Some(bar) => self.find_subcommand(self.find(&name[..bar])?, &name[bar + 1..]),
        }
    }
}

/// The command that a request begins with, or its subcommand.
#[must_use]
pub fn find_command(name: &[u8], next: Option<&[u8]>) -> Option<&'static Entry> {
    let command = table().find(name)?;
    match next {
        Some(word) if !command.subcommands.is_empty() => table().find_subcommand(command, word),
        _ => Some(command),
    }
}

/// A cheap hash of a command's name that ignores case; names are not chosen by attackers, the table is fixed.
fn hash(name: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    name.iter().fold(name.len() as u64, |hash, byte| {
        (hash ^ u64::from(byte | 0x20)).wrapping_mul(FACTOR).rotate_left(29)
    })
}
