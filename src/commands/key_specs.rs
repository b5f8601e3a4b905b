//! Where a command's keys lie among its arguments, as Redis 7's key specifications say it.
//!
//! A [`KeySpec`] is two steps: where a run of keys begins (at a position, or after a keyword) and how far it
//! goes (a range, or a number that stands before it). Commands whose keys follow from their options besides
//! declare a function ([`FindKeys`]) that is asked where the specifications fail or are too coarse.
//! From both come [`keys_of`], the range of the first Redis versions ([`LegacyRange`]) and the flag
//! `movablekeys`. Deliberately absent: what the keys hold.
//!
//! Source: <https://redis.io/docs/latest/develop/reference/key-specs/>.

use super::spec::Row;
use crate::resp::Argv;
use crate::store::parse_int;

/// Where a run of keys lies among the arguments and what happens to them.
pub struct KeySpec {
    /// Where the run begins.
    pub begin: BeginSearch,
    /// How far it goes.
    pub find: FindRange,
    /// What the command does to the keys, in Redis's words.
    pub flags: &'static [KeyFlag],
    /// A remark that `COMMAND INFO` repeats; empty if none.
    pub notes: &'static str,
}

/// Where a run of keys begins; the command's name is argument 0, also for a subcommand's container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeginSearch {
    /// At this argument.
    Index(i32),
    /// Behind this word, looked for from an argument on; a negative one counts from the end, backwards.
    Keyword(&'static str, i32),
    /// Only the command itself can tell.
    Unknown,
}

/// How far a run of keys goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindRange {
    /// Every `step`th argument up to the last.
    Range {
        /// The last key relative to the first; negative: from the end of the arguments.
        last: i32,
        /// Distance between two keys.
        step: i32,
        /// With `last` -1, the keys are only the first 1/`limit` of what is left; 0 and 1: no limit.
        limit: i32,
    },
    /// As many as a number among the arguments says; positions are relative to where the search begins.
    KeyNum {
        /// Where the number is.
        count: i32,
        /// Where the first key is.
        first: i32,
        /// Distance between two keys.
        step: i32,
    },
    /// Only the command itself can tell.
    Unknown,
}

impl KeySpec {
    /// A single key, the first argument.
    #[must_use]
    pub const fn one(flags: &'static [KeyFlag]) -> Self {
        let find = FindRange::Range { last: 0, step: 1, limit: 0 };
        Self { begin: BeginSearch::Index(1), find, flags, notes: "" }
    }

    /// Every argument from the first on.
    #[must_use]
    pub const fn all(flags: &'static [KeyFlag]) -> Self {
        Self::one(flags).to(-1)
    }

    /// Keys whose number is the first argument and stands before them, as in `numkeys key [key ...]`.
    #[must_use]
    pub const fn counted(flags: &'static [KeyFlag]) -> Self {
        let find = FindRange::KeyNum { count: 0, first: 1, step: 1 };
        Self { find, ..Self::one(flags) }
    }

    /// Keys that only the command itself can find.
    #[must_use]
    pub const fn unknown(flags: &'static [KeyFlag]) -> Self {
        Self { begin: BeginSearch::Unknown, find: FindRange::Unknown, flags, notes: "" }
    }

    /// The same, beginning at another argument.
    #[must_use]
    pub const fn at(self, index: i32) -> Self {
        Self { begin: BeginSearch::Index(index), ..self }
    }

    /// The same, beginning behind `keyword`, which is looked for from argument `start` on.
    #[must_use]
    pub const fn after(self, keyword: &'static str, start: i32) -> Self {
        Self { begin: BeginSearch::Keyword(keyword, start), ..self }
    }

    /// A range up to another last key, relative to the first, or from the end of the arguments if negative.
    #[must_use]
    pub const fn to(self, last: i32) -> Self {
        self.range(last, 1, 0)
    }

    /// A range of the same beginning; see [`FindRange::Range`].
    #[must_use]
    pub const fn range(self, last: i32, step: i32, limit: i32) -> Self {
        Self { find: FindRange::Range { last, step, limit }, ..self }
    }

    /// The same with a remark.
    #[must_use]
    pub const fn with_notes(self, notes: &'static str) -> Self {
        Self { notes, ..self }
    }

    const fn has(&self, flag: KeyFlag) -> bool {
        KeyFlags::of(self.flags).has(flag)
    }
}

/// What a command does to a key, in the order in which Redis prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum KeyFlag {
    /// Only reads it.
    Ro = 1 << 0,
    /// Reads and writes it.
    Rw = 1 << 1,
    /// Overwrites it.
    Ow = 1 << 2,
    /// Removes it.
    Rm = 1 << 3,
    /// The reply depends on the value.
    Access = 1 << 4,
    /// The value changes.
    Update = 1 << 5,
    /// Data is added.
    Insert = 1 << 6,
    /// Data is taken away.
    Delete = 1 << 7,
    /// Stands where a key would but is none, such as a shard channel.
    NotKey = 1 << 8,
    /// The specification finds only some of the keys.
    Incomplete = 1 << 9,
    /// What the command does to it depends on options.
    VariableFlags = 1 << 10,
}

impl KeyFlag {
    /// All of them with the names in `COMMAND INFO`, in its order.
    pub const PRINTED: &'static [(Self, &'static str)] = &[
        (Self::Ro, "RO"),
        (Self::Rw, "RW"),
        (Self::Ow, "OW"),
        (Self::Rm, "RM"),
        (Self::Access, "access"),
        (Self::Update, "update"),
        (Self::Insert, "insert"),
        (Self::Delete, "delete"),
        (Self::NotKey, "not_key"),
        (Self::Incomplete, "incomplete"),
        (Self::VariableFlags, "variable_flags"),
    ];
}

/// A set of [`KeyFlag`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyFlags(u16);

impl KeyFlags {
    /// The set of the flags in `list`.
    #[must_use]
    pub const fn of(list: &[KeyFlag]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < list.len() {
            bits |= list[i] as u16;
            i += 1;
        }
        Self(bits)
    }

    /// Whether `flag` is in the set.
    #[must_use]
    pub const fn has(self, flag: KeyFlag) -> bool {
        self.0 & flag as u16 != 0
    }

    /// The names of the flags in the set, in Redis's order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        KeyFlag::PRINTED.iter().filter(move |(flag, _)| self.has(*flag)).map(|(_, name)| *name)
    }
}

/// A key found among the words of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyAt {
    /// Which word it is; the command's name is number 0.
    pub index: usize,
    /// What the command does to it.
    pub flags: KeyFlags,
}

/// Finds keys that depend on options; what it finds replaces what the specifications say.
pub type FindKeys = fn(Words<'_>, &mut Vec<KeyAt>);

/// A request, or the part of one that is itself a request (`COMMAND GETKEYS get k`).
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    argv: Argv<'a>,
    from: usize,
}

impl<'a> Words<'a> {
    /// The words from `from` on.
    #[must_use]
    pub const fn new(argv: Argv<'a>, from: usize) -> Self {
        Self { argv, from }
    }

    /// How many there are, the command's name included.
    #[must_use]
    pub fn len(self) -> usize {
        self.argv.len().saturating_sub(self.from)
    }

    /// Whether there is not even a name.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Word `index`.
    #[must_use]
    pub fn get(self, index: usize) -> Option<&'a [u8]> {
        self.argv.get(self.from + index)
    }

    /// Whether word `index` is `option`, in any case.
    #[must_use]
    pub fn is(self, index: usize, option: &str) -> bool {
        self.get(index).is_some_and(|word| word.eq_ignore_ascii_case(option.as_bytes()))
    }
}

/// The keys among `words`, a request of the command in `row`; none where the arguments make no sense.
///
/// As in Redis, the specifications are asked first, and the command's own function where they do not reach or
/// where what the command does to a key depends on its options.
#[must_use]
pub fn keys_of(row: &Row, words: Words<'_>) -> Vec<KeyAt> {
    let specs = row.spec.keys;
    let mut keys = Vec::new();
    let is_exact = !specs.iter().any(|spec| spec.has(KeyFlag::VariableFlags)) || row.spec.find_keys.is_none();
    if is_exact && specs.iter().all(|spec| add_keys(spec, words, &mut keys).is_some()) {
        return keys;
    }
    keys.clear();
    if let Some(find_keys) = row.spec.find_keys {
        find_keys(words, &mut keys);
    }
    keys
}

/// Adds the keys of one specification; none when it does not fit the arguments.
fn add_keys(spec: &KeySpec, words: Words<'_>, keys: &mut Vec<KeyAt>) -> Option<()> {
    if spec.has(KeyFlag::NotKey) {
        return Some(());
    }
    let first = match spec.begin {
        BeginSearch::Index(index) => i64::from(index),
        BeginSearch::Keyword(keyword, start) => match behind_keyword(words, keyword, start) {
            Some(first) => first,
            None => return Some(()),
        },
        BeginSearch::Unknown => return None,
    };
    let (first, last, step) = match spec.find {
        FindRange::Range { last, step, limit } => (first, last_of_range(words, first, last, limit), step),
        FindRange::KeyNum { count, first: offset, step } => {
            let count = parse_int(words.get(usize::try_from(first + i64::from(count)).ok()?)?)?;
            let first = first + i64::from(offset);
            (first, count.checked_sub(1)?.checked_mul(i64::from(step))?.checked_add(first)?, step)
        }
        FindRange::Unknown => return None,
    };
    let (first, last) = (usize::try_from(first).ok()?, usize::try_from(last).ok()?);
    if last >= words.len() || last < first {
        return None;
    }
    let flags = KeyFlags::of(spec.flags);
    let step = usize::try_from(step).ok().filter(|step| *step > 0)?;
    keys.extend((first..=last).step_by(step).map(|index| KeyAt { index, flags }));
    (!spec.has(KeyFlag::Incomplete)).then_some(())
}

/// The word behind `keyword`. Redis looks from `start` up to the last word but one; counted from the end, it
/// looks at that one word only.
fn behind_keyword(words: Words<'_>, keyword: &str, start: i32) -> Option<i64> {
    let start_index = usize::try_from(start).ok();
    let indices = match start_index {
        Some(start) => start..words.len().saturating_sub(1),
        None => {
            let start = words.len().checked_sub(start.unsigned_abs() as usize)?;
            start..start + 1
        }
    };
    let found = indices.into_iter().find(|index| words.is(*index, keyword))?;
    i64::try_from(found + 1).ok()
}

fn last_of_range(words: Words<'_>, first: i64, last: i32, limit: i32) -> i64 {
    let count = i64::try_from(words.len()).unwrap_or(i64::MAX);
    match (last, limit) {
        (0.., _) => first + i64::from(last),
        (_, 0) => count + i64::from(last),
        _ => first + (count - first) / i64::from(limit) + i64::from(last),
    }
}

/// First key, last key and step as `COMMAND INFO` has shown them since its first version: what can be said of
/// the specifications in three numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegacyRange {
    /// Position of the first key; 0 if there is none at a fixed place.
    pub first: i32,
    /// Position of the last; negative: from the end.
    pub last: i32,
    /// Distance between two keys.
    pub step: i32,
    /// Whether keys are left that the three numbers do not tell: the flag `movablekeys`.
    pub movable: bool,
}

impl LegacyRange {
    /// The range that covers `specs` as far as one can: of several, only those that follow each other.
    #[must_use]
    pub const fn of(specs: &[KeySpec]) -> Self {
        let mut range = Self { first: 0, last: 0, step: 0, movable: false };
        let mut i = 0;
        while i < specs.len() {
            range = range.with(&specs[i], specs.len() == 1);
            i += 1;
        }
        range
    }

    const fn with(self, spec: &KeySpec, alone: bool) -> Self {
        let incomplete = Self { movable: true, ..self };
        let BeginSearch::Index(first) = spec.begin else { return incomplete };
        let FindRange::Range { last, step, .. } = spec.find else { return incomplete };
        if !alone && (step != 1 || (self.last != 0 && self.last != first - 1)) {
            return incomplete;
        }
        let movable = self.movable || spec.has(KeyFlag::Incomplete);
        let last = if last < 0 { last } else { first + last };
        let first = if self.first == 0 { first } else { self.first };
        Self { first, last, step, movable }
    }
}

#[cfg(test)]
mod tests;
