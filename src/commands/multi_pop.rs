//! What LMPOP, ZMPOP and their blocking forms have in common: several keys, an end, and how many elements.

use super::args::Args;
use super::faults;
use crate::resp::Argv;

/// `numkeys key [key ...] end [COUNT count]`
pub(super) struct MultiPop<E> {
    /// Which argument is the first key; the command's name is 0.
    first_key: u32,
    numkeys: u32,
    /// From which end.
    pub(super) end: E,
    /// How many elements at most.
    pub(super) count: u64,
}

impl<E> MultiPop<E> {
    /// Reads all arguments from the number of keys on; `end` reads the one that names the end.
    pub(super) fn read(args: &mut Args<'_>, end: impl FnOnce(&mut Args<'_>) -> E) -> Self {
        let numkeys = args.positive(faults::NUMKEYS_NOT_POSITIVE);
        let first_key = args.position() as u32;
        let numkeys = usize::try_from(numkeys).unwrap_or(usize::MAX).min(args.left());
        for _ in 0..numkeys {
            args.bytes();
        }
        let end = end(args);
        let mut count = None;
        while args.more() {
            if count.is_none() && args.option_with_value("COUNT") {
                count = Some(args.positive(faults::COUNT_NOT_POSITIVE));
            } else {
                args.fail(faults::SYNTAX);
            }
        }
        Self { first_key, numkeys: numkeys as u32, end, count: count.unwrap_or(1) }
    }

    /// The keys.
    pub(super) fn keys<'a>(&self, argv: Argv<'a>) -> impl Iterator<Item = &'a [u8]> + use<'a, E> {
        argv.iter().skip(self.first_key as usize).take(self.numkeys as usize)
    }
}
