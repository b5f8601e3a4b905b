//! `Set`: members, each once.
//!
//! Three forms, with the rules of Redis 7.2 for when one becomes another: few integers are a sorted array
//! ("intset"), few short members one packed buffer ("listpack"), others a [`Dict`] ("hashtable"). A set never goes
//! back to a smaller form by itself.

mod intset;

#[cfg(test)]
mod tests;

use super::dict::{Dict, HashKey, Held, Keyed, Seek};
use super::packed::{Packed, PackedIter};
use super::string::{IntText, StringRef, int_text_len, parse_int};
use bytes::Bytes;

pub use intset::Intset;

/// When a set takes which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetLimits {
    /// `set-max-intset-entries`: more integers than this make it a table.
    pub max_intset_entries: usize,
    /// `set-max-listpack-entries`: more members than this make it a table.
    pub max_listpack_entries: usize,
    /// `set-max-listpack-value`: a longer member, in bytes, makes it a table.
    pub max_listpack_value: usize,
}

impl Default for SetLimits {
    fn default() -> Self {
        Self { max_intset_entries: 512, max_listpack_entries: 128, max_listpack_value: 64 }
    }
}

/// A set.
#[derive(Debug, Clone)]
pub struct Set(Repr);

#[derive(Debug, Clone)]
enum Repr {
    Ints(Intset),
    Packed(Packed),
    Table(Box<Dict<Entry>>),
}

/// A member of a table.
#[derive(Debug, Clone)]
struct Entry(Box<[u8]>);

/// A member of a set as it is read, with its hash where that is known: looking for it in another set is faster then.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    text: StringRef<'a>,
    hash: Option<(HashKey, u32)>,
}

/// The members of a set: integers in ascending order, packed ones in that of their arrival, others in no promised
/// order.
pub struct SetIter<'a>(IterRepr<'a>);

enum IterRepr<'a> {
    /// And the index of the next one.
    Ints(&'a Intset, usize),
    Packed(PackedIter<'a>),
    Table(super::dict::Iter<'a, Entry>, HashKey),
}

impl Set {
    /// An empty set. The store keeps none: it is on its way in.
    pub(super) fn new() -> Self {
        Self(Repr::Ints(Intset::new()))
    }

    /// An empty packed set.
    pub(super) fn new_packed() -> Self {
        Self(Repr::Packed(Packed::default()))
    }

    /// An empty table.
    pub(super) fn new_table(hash_key: HashKey) -> Self {
        Self(Repr::Table(Box::new(Dict::new(hash_key))))
    }

    /// A set from a buffer of members; none where one is there twice.
    pub(super) fn from_packed(packed: Packed, limits: &SetLimits, hash_key: HashKey) -> Option<Self> {
        let (len, mut set) = (packed.len(), Self(Repr::Packed(packed)));
        if len > limits.max_listpack_entries {
            set.make_table(hash_key);
        }
        let whole = match &set.0 {
            Repr::Packed(packed) => members_differ(packed),
            _ => set.len() == len,
        };
        whole.then_some(set)
    }

    /// A set from integers.
    pub(super) fn from_intset(ints: Intset, limits: &SetLimits, hash_key: HashKey) -> Self {
        let (len, mut set) = (ints.len(), Self(Repr::Ints(ints)));
        if len > limits.max_intset_entries {
            set.make_table(hash_key);
        }
        set
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Ints(ints) => ints.len(),
            Repr::Packed(packed) => packed.len(),
            Repr::Table(dict) => dict.len(),
        }
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name `OBJECT ENCODING` has for the present form.
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Repr::Ints(_) => "intset",
            Repr::Packed(_) => "listpack",
            Repr::Table(_) => "hashtable",
        }
    }

    /// The integers of an intset.
    pub fn ints(&self) -> Option<&Intset> {
        match &self.0 {
            Repr::Ints(ints) => Some(ints),
            _ => None,
        }
    }

    /// Whether this is a table: then a member is found without looking at the others.
    pub fn is_table(&self) -> bool {
        matches!(self.0, Repr::Table(_))
    }

    /// Whether this is one packed buffer: then only walking through it finds a member.
    pub fn is_packed(&self) -> bool {
        matches!(self.0, Repr::Packed(_))
    }

    /// Whether the text is a member.
    pub fn contains(&self, text: &[u8]) -> bool {
        match &self.0 {
            Repr::Ints(ints) => parse_int(text).is_some_and(|int| ints.contains(int)),
            Repr::Packed(packed) => packed.find(packed.first(), 1, text).is_some(),
            Repr::Table(dict) => dict.get(text).is_some(),
        }
    }

    /// Whether a member of another set is one of this set, too.
    pub fn has(&self, member: &Member<'_>) -> bool {
        match (&self.0, member.text) {
            (Repr::Ints(ints), StringRef::Int(int)) => ints.contains(int),
            (Repr::Table(dict), text) => matches!(seek(dict, member, text), Seek::Found(_)),
            (_, text) => self.contains(text.text(&mut IntText::default())),
        }
    }

    /// The memory its parts take, looking at `samples` members at most; 0: all.
    pub(super) fn heap_bytes(&self, samples: usize) -> usize {
        match &self.0 {
            Repr::Ints(ints) => ints.heap_bytes(),
            Repr::Packed(packed) => packed.heap_bytes(),
            Repr::Table(dict) => {
                let table = dict.memory_bytes(samples, |entry| super::usage::allocated(entry.0.len()));
                super::usage::allocated(size_of::<Dict<Entry>>()) + table
            }
        }
    }

    /// All members.
    pub fn iter(&self) -> SetIter<'_> {
        SetIter(match &self.0 {
            Repr::Ints(ints) => IterRepr::Ints(ints, 0),
            Repr::Packed(packed) => IterRepr::Packed(packed.iter()),
            Repr::Table(dict) => IterRepr::Table(dict.iter(), dict.hash_key()),
        })
    }

    /// Visits members as [`Dict::scan`] does; an intset or a packed set is visited whole, as in Redis.
    pub fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(Member<'_>)) -> u64 {
        match &self.0 {
            Repr::Table(dict) => {
                let hash_key = dict.hash_key();
                dict.scan_hashed(cursor, count, |hash, entry, _| visit(entry.member(hash_key, hash)))
            }
            _ => {
                self.iter().for_each(visit);
                0
            }
        }
    }

    /// A member picked with random bits, each with the same probability.
    pub fn random(&self, mut random: impl FnMut() -> u64) -> Option<StringRef<'_>> {
        let index = |random: u64| ((u128::from(random) * self.len() as u128) >> u64::BITS) as usize;
        match &self.0 {
            Repr::Ints(ints) if ints.is_empty() => None,
            Repr::Ints(ints) => Some(StringRef::Int(ints.get(index(random())))),
            Repr::Packed(packed) => packed.iter_from(index(random())).next(),
            Repr::Table(dict) => dict.random(random).map(|entry| StringRef::Slice(&entry.0)),
        }
    }

    /// Gets ready for a command that brings `count` members at once, of which `first` is the first, as Redis 7.2
    /// does: it decides what a new set begins as, and turns a small one into a table.
    pub(super) fn expect(&mut self, first: &[u8], count: usize, limits: &SetLimits, hash_key: HashKey) {
        let (fits_ints, fits_packed) =
            (count <= limits.max_intset_entries, count <= limits.max_listpack_entries);
        if self.is_empty() {
            *self = match parse_int(first) {
                Some(_) if fits_ints => Self::new(),
                _ if fits_packed => Self::new_packed(),
                _ => Self::new_table(hash_key),
            };
        }
        match &self.0 {
            Repr::Ints(_) if !fits_ints => self.make_table(hash_key),
            Repr::Packed(_) if !fits_packed => self.make_table(hash_key),
            _ => {}
        }
    }

    /// Puts a member in. Answers whether it is a new one.
    pub(super) fn add(&mut self, member: &Member<'_>, limits: &SetLimits, hash_key: HashKey) -> bool {
        let mut room = IntText::default();
        let new = match (&mut self.0, member.text) {
            (Repr::Ints(ints), text) => match text.as_int() {
                Some(int) => ints.insert(int),
                None => {
                    self.leave_ints(text.len(), limits, hash_key);
                    return self.add(member, limits, hash_key);
                }
            },
            (Repr::Packed(packed), text) => {
                let text = text.text(&mut room);
                if packed.find(packed.first(), 1, text).is_some() {
                    return false;
                }
                if packed.len() < limits.max_listpack_entries && text.len() <= limits.max_listpack_value {
                    packed.push_back(text);
                    return true;
                }
                self.make_table(hash_key);
                return self.add(member, limits, hash_key);
            }
            (Repr::Table(dict), text) => match seek(dict, member, text) {
                Seek::Found(_) => return false,
                Seek::Vacant(spot) => {
                    dict.insert(spot, Entry(text.text(&mut room).into()));
                    return true;
                }
            },
        };
        if new && self.len() > limits.max_intset_entries.min(INTSET_MAX_ENTRIES) {
            self.make_table(hash_key);
        }
        new
    }

    /// Takes a member out. Answers whether it was there.
    pub(super) fn remove(&mut self, text: &[u8]) -> bool {
        match &mut self.0 {
            Repr::Ints(ints) => parse_int(text).is_some_and(|int| ints.remove(int)),
            Repr::Packed(packed) => match packed.find(packed.first(), 1, text) {
                Some(at) => {
                    packed.remove(at, 1);
                    true
                }
                None => false,
            },
            Repr::Table(dict) => dict.remove(text).is_some(),
        }
    }

    /// Takes a member of another set out. Answers whether it was there.
    pub(super) fn remove_member(&mut self, member: &Member<'_>) -> bool {
        let text = member.text;
        match &mut self.0 {
            Repr::Table(dict) => match seek(dict, member, text) {
                Seek::Found(spot) => {
                    dict.remove_at(spot);
                    true
                }
                Seek::Vacant(_) => false,
            },
            _ => self.remove(text.text(&mut IntText::default())),
        }
    }

    /// Takes a member out that is picked with random bits, each with the same probability.
    pub(super) fn pop(&mut self, mut random: impl FnMut() -> u64) -> Option<Bytes> {
        let len = self.len();
        let mut index = || ((u128::from(random()) * len as u128) >> u64::BITS) as usize;
        match &mut self.0 {
            _ if len == 0 => None,
            Repr::Ints(ints) => Some(StringRef::Int(ints.remove_at(index())).to_bytes()),
            Repr::Packed(packed) => {
                let at = packed.offset(index());
                let popped = packed.at(at).to_bytes();
                packed.remove(at, 1);
                Some(popped)
            }
            Repr::Table(dict) => {
                let spot = dict.random_spot(random)?;
                Some(Bytes::from(dict.remove_at(spot).0.0))
            }
        }
    }

    /// Turns into an intset if all members are integers and not too many, as the result of an intersection does.
    pub(super) fn prefer_ints(&mut self, limits: &SetLimits) {
        if self.len() > limits.max_intset_entries || self.ints().is_some() {
            return;
        }
        let mut ints = Intset::new();
        for member in self.iter() {
            let Some(int) = member.text.as_int() else { return };
            ints.insert(int);
        }
        self.0 = Repr::Ints(ints);
    }

    /// Says what is wrong with this set.
    pub(super) fn verify(&self) -> Result<(), &'static str> {
        match &self.0 {
            Repr::Ints(ints) => ints.verify(),
            Repr::Packed(packed) => {
                packed.verify()?;
                if members_differ(packed) { Ok(()) } else { Err("a set has a member twice") }
            }
            Repr::Table(dict) => dict.verify(),
        }
    }

    /// Makes room for a text beside the integers: a packed set if all of them fit one, else a table.
    fn leave_ints(&mut self, text_len: usize, limits: &SetLimits, hash_key: HashKey) {
        let Repr::Ints(ints) = &self.0 else { return };
        let ends = [ints.iter().next(), ints.iter().next_back()];
        let longest = ends.into_iter().flatten().map(int_text_len).max().unwrap_or(0);
        if ints.len() < limits.max_listpack_entries && text_len.max(longest) <= limits.max_listpack_value {
            let mut packed = Packed::default();
            let mut room = IntText::default();
            ints.iter().for_each(|int| packed.push_back(StringRef::Int(int).text(&mut room)));
            self.0 = Repr::Packed(packed);
        } else {
            self.make_table(hash_key);
        }
    }

    fn make_table(&mut self, hash_key: HashKey) {
        if !self.is_table() {
            let mut dict = Box::new(Dict::new(hash_key));
            for member in self.iter() {
                dict.replace(Entry(member.text.text(&mut IntText::default()).into()));
            }
            self.0 = Repr::Table(dict);
        }
    }
}

/// An intset is never greater than this, whatever the limits say, as in Redis.
const INTSET_MAX_ENTRIES: usize = 1 << 30;

impl<'a> Iterator for SetIter<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            IterRepr::Ints(ints, index) => {
                let int = (*index < ints.len()).then(|| ints.get(*index))?;
                *index += 1;
                Some(StringRef::Int(int).into())
            }
            IterRepr::Packed(texts) => texts.next().map(Member::from),
            IterRepr::Table(entries, hash_key) => {
                entries.next_hashed().map(|(hash, entry)| entry.member(*hash_key, hash))
            }
        }
    }
}

impl<'a> Member<'a> {
    /// Its text.
    pub fn text(&self) -> StringRef<'a> {
        self.text
    }
}

impl<'a> From<StringRef<'a>> for Member<'a> {
    fn from(text: StringRef<'a>) -> Self {
        Self { text, hash: None }
    }
}

impl Entry {
    fn member(&self, hash_key: HashKey, hash: u32) -> Member<'_> {
        Member { text: StringRef::Slice(&self.0), hash: Some((hash_key, hash)) }
    }
}

impl Held for Entry {}

impl Keyed for Entry {
    fn key(&self) -> &[u8] {
        &self.0
    }

    fn touch(&self) {
        std::hint::black_box(self.0.len());
    }
}

/// Looks for a member in a table, without hashing it where its hash is known.
fn seek(dict: &Dict<Entry>, member: &Member<'_>, text: StringRef<'_>) -> Seek {
    let mut room = IntText::default();
    let text = text.text(&mut room);
    match member.hash {
        Some((hash_key, hash)) if hash_key == dict.hash_key() => dict.seek_hashed(hash, text),
        _ => dict.seek(text),
    }
}

/// Whether no member is there twice. Equal texts have equal encodings, so bytes are compared.
fn members_differ(packed: &Packed) -> bool {
    let mut members = Vec::with_capacity(packed.len());
    let mut at = packed.first();
    while at < packed.end() {
        let next = packed.next(at);
        members.push(packed.between(at, next));
        at = next;
    }
    members.sort_unstable();
    members.windows(2).all(|pair| pair[0] != pair[1])
}
