//! Which commands may be run: one bit for each command and subcommand, and the rules that made it so.
//!
//! The rules are kept as they were given, in their order, those that a later one takes the place of left out, as
//! Redis does since 7.2: whoever lists them sees what he wrote, a rule on a category holds for commands that are added to
//! it later, and giving them again makes the same set.

use super::super::categories::{Categories, Category};
use super::super::table::{Entry, Table, table};
use std::collections::BTreeMap;

/// A set of commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grants {
    /// A bit for each place in the table.
    allowed: Vec<u64>,
    /// Whether it began with all commands rather than with none.
    from_all: bool,
    /// First arguments with which a command may be run that may not be run otherwise, by its place in the table.
    first_args: BTreeMap<usize, Vec<Vec<u8>>>,
    rules: Vec<CommandRule>,
}

/// A rule behind `+@all` or `-@all`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct CommandRule {
    allow: bool,
    /// `get`, `config|set`, `select|0`, `@read`.
    what: Vec<u8>,
}

/// Bits of a word.
const BITS: usize = u64::BITS as usize;

impl Grants {
    /// All commands, or none.
    pub(super) fn new(all: bool) -> Self {
        let entries = table().entries().len();
        let word = |first: usize| match entries - first {
            left if !all || left == 0 => 0,
            left if left >= BITS => u64::MAX,
            left => (1 << left) - 1,
        };
        let allowed = (0..entries).step_by(BITS).map(word).collect();
        Self { allowed, from_all: all, first_args: BTreeMap::new(), rules: Vec::new() }
    }

    /// Allows or forbids a command, with its subcommands.
    pub(super) fn set(&mut self, entry: &Entry, allow: bool) {
        self.set_bits(table(), entry, allow);
        self.add_rule(allow, entry.name.as_bytes().to_vec());
    }

    /// Allows or forbids the commands of a category; a container takes its subcommands along.
    pub(super) fn set_category(&mut self, category: Category, name: &[u8], allow: bool) {
        let table = table();
        for entry in table.entries().iter().filter(|entry| Categories::of(entry.row).has(category)) {
            self.set_bits(table, entry, allow);
        }
        self.add_rule(allow, [b"@", name].concat().to_ascii_lowercase());
    }

    /// Allows a command with this first argument, whatever else is said about it.
    pub(super) fn add_first_arg(&mut self, entry: &Entry, arg: &[u8]) {
        let args = self.first_args.entry(entry.index).or_default();
        if !args.iter().any(|known| known.eq_ignore_ascii_case(arg)) {
            args.push(arg.to_vec());
            self.add_rule(true, [entry.name.as_bytes(), b"|", arg].concat());
        }
    }

    /// Whether a command may be run whose first argument is this.
    pub(super) fn allows(&self, entry: &Entry, first_arg: Option<&[u8]>) -> bool {
        let has = |arg: &[u8]| {
            let args = self.first_args.get(&entry.index).map(Vec::as_slice).unwrap_or_default();
            args.iter().any(|known| known.eq_ignore_ascii_case(arg))
        };
        self.allowed[entry.index / BITS] & 1 << (entry.index % BITS) != 0 || first_arg.is_some_and(has)
    }

    /// Whether every command may be run.
    pub(super) fn allows_all(&self) -> bool {
        self.allowed == Self::new(true).allowed
    }

    /// The rules that make this set, each a word.
    pub(super) fn rules(&self) -> impl Iterator<Item = Vec<u8>> {
        let sign = |allow: bool| if allow { b"+" } else { b"-" };
        let base = [sign(self.from_all).as_slice(), b"@all"].concat();
        let rules = self.rules.iter().map(move |rule| [sign(rule.allow).as_slice(), &rule.what].concat());
        std::iter::once(base).chain(rules)
    }

    fn set_bits(&mut self, table: &Table, entry: &Entry, allow: bool) {
        self.first_args.remove(&entry.index);
        for index in std::iter::once(entry.index).chain(entry.subcommands.iter().copied()) {
            debug_assert!(index < table.entries().len());
            let bit = 1 << (index % BITS);
            let word = &mut self.allowed[index / BITS];
            *word = if allow { *word | bit } else { *word & !bit };
        }
    }

    /// Adds a rule in the place of those that it makes void: the same, and those on parts of the same command.
    fn add_rule(&mut self, allow: bool, what: Vec<u8>) {
        let is_void = |old: &[u8]| {
            let begins = old.len() >= what.len() && old[..what.len()].eq_ignore_ascii_case(&what);
            begins && matches!(old.get(what.len()), None | Some(b'|'))
        };
        self.rules.retain(|rule| !is_void(&rule.what));
        self.rules.push(CommandRule { allow, what });
    }
}
