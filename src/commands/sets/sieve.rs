//! Big sets combined while the socket drains.
//!
//! A [`Sieve`] holds copies of the sets that share their parts, so the Keyspace spends no time on it. As the number
//! of members goes out first, the sets are walked twice: once to find which members stay, a bit for each, and once to
//! write those.

use crate::commands::big_replies::{ENTRIES_PER_PIECE, write_string};
use crate::resp::{Encoder, Pieces, Reply};
use crate::store::Set;

/// Each member of a set may be looked for in that many others; with more of them, one pass that gathers the result
/// is less work.
pub(super) const FEW_SETS: usize = 8;

/// Sets whose members are kept or not for being in other sets.
#[derive(Default)]
pub(super) struct Sieve {
    stages: Vec<Stage>,
    /// A bit for each member in the order of the walk: whether it stays.
    kept: Vec<u64>,
    kept_count: usize,
    /// Whether the walk is the second one.
    writing: bool,
    /// Where the walk is: the stage, its cursor, and how many members lie behind.
    stage: usize,
    cursor: u64,
    walked: usize,
}

/// One set, whose members stay if all of the others have them, or none.
struct Stage {
    set: Set,
    others: Vec<Set>,
    common: bool,
}

impl Sieve {
    /// A sieve for the members of one set.
    pub(super) fn of(set: &Set) -> Self {
        Self::default().and(set, &[], true)
    }

    /// Keeps of all members only those that these sets have as well.
    pub(super) fn keep_common(mut self, others: &[&Set]) -> Self {
        self.stages.iter_mut().for_each(|stage| stage.others.extend(others.iter().map(|set| (*set).clone())));
        self
    }

    /// Adds the members of one more set that all of the others have (`common`), or none.
    pub(super) fn and(mut self, set: &Set, others: &[&Set], common: bool) -> Self {
        let others = others.iter().map(|other| (*other).clone()).collect();
        self.stages.push(Stage { set: set.clone(), others, common });
        self
    }

    /// The members that stay, as a reply.
    pub(super) fn reply(self) -> Reply {
        Reply::Stream(Box::new(self))
    }

    /// Looks at some more members. Answers whether the walk is over.
    fn sift(&mut self) -> bool {
        let Self { stages, kept, kept_count, walked, .. } = self;
        let Some(Stage { set, others, common }) = stages.get(self.stage) else { return true };
        self.cursor = set.scan(self.cursor, ENTRIES_PER_PIECE, |member| {
            if others.iter().all(|other| other.has(&member) == *common) {
                let word = *walked / BITS;
                if word >= kept.len() {
                    kept.resize(word + 1, 0);
                }
                kept[word] |= 1 << (*walked % BITS);
                *kept_count += 1;
            }
            *walked += 1;
        });
        self.step()
    }

    /// Writes those of some more members that stay. Answers whether the walk is over.
    fn write(&mut self, out: &mut Encoder<'_>) -> bool {
        let Self { stages, kept, walked, .. } = self;
        let Some(stage) = stages.get(self.stage) else { return true };
        self.cursor = stage.set.scan(self.cursor, ENTRIES_PER_PIECE, |member| {
            if kept.get(*walked / BITS).is_some_and(|word| word & 1 << (*walked % BITS) != 0) {
                write_string(out, member.text());
            }
            *walked += 1;
        });
        self.step()
    }

    /// Goes on to the next stage at the end of one. Answers whether there is none.
    fn step(&mut self) -> bool {
        self.stage += usize::from(self.cursor == 0);
        self.stage == self.stages.len()
    }
}

/// In a word of the bits.
const BITS: usize = u64::BITS as usize;

impl Pieces for Sieve {
    fn next(&mut self, out: &mut Encoder<'_>) -> bool {
        if self.writing {
            return !self.write(out);
        }
        if self.sift() {
            out.set_len(self.kept_count);
            (self.writing, self.stage, self.cursor, self.walked) = (true, 0, 0, 0);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::{Protocol, ReplyBuffer};
    use crate::store::{Database, HashKey, Limits, StringRef};
    use std::collections::BTreeSet;
    use std::ops::Range;

    fn set(numbers: Range<u32>) -> Set {
        let mut set = Database::new(HashKey(1, 2), Limits::default()).builder().set(0);
        numbers.for_each(|number| assert!(set.add(StringRef::Slice(format!("m{number}").as_bytes()))));
        set.finish()
    }

    /// The numbers of the members that stay, after the head of the reply was checked.
    fn sifted(sieve: Sieve) -> BTreeSet<u32> {
        let mut out = ReplyBuffer::default();
        out.push(sieve.reply(), Protocol::Resp3);
        let mut bytes = Vec::new();
        while !out.is_empty() {
            bytes.extend(out.drain_to_vec());
        }
        let text = String::from_utf8(bytes).unwrap();
        let members: BTreeSet<u32> =
            text.split("\r\n").filter_map(|line| line.strip_prefix('m')?.parse().ok()).collect();
        assert!(text.starts_with(&format!("~{}\r\n", members.len())));
        assert_eq!(text.matches('m').count(), members.len(), "a member comes twice");
        members
    }

    #[test]
    fn members_stay_or_go_as_the_other_sets_say() {
        let (a, b, c) = (set(0..2000), set(1500..5000), set(1900..1950));
        assert!(sifted(Sieve::of(&a).keep_common(&[&b])).into_iter().eq(1500..2000));
        assert!(sifted(Sieve::of(&b).keep_common(&[&a, &c])).into_iter().eq(1900..1950));
        let left = sifted(Sieve::default().and(&a, &[&b, &c], false));
        assert!(left.into_iter().eq(0..1500));
        let all = Sieve::default().and(&a, &[], false).and(&b, &[&a], false).and(&c, &[&a, &b], false);
        assert!(sifted(all).into_iter().eq(0..5000));
        assert!(sifted(Sieve::of(&a).keep_common(&[&set(9000..9010)])).is_empty());
    }
}
