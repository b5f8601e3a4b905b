//! SORT and SORT_RO: the elements of a collection in order, or what is stored under names made of them.
//!
//! See <https://redis.io/docs/latest/commands/sort/>. Reading goes on a copy of the collection that shares its
//! parts, so that keys which expire while patterns are looked up, and STORE, cannot get in its way.

mod order;
mod pattern;

use super::acl;
use super::args::Args;
use super::categories::Category;
use super::context::{Context, Outcome, string_reply};
use super::doubles::c_string;
use super::events::Class;
use super::family::family;
use super::faults::{self, Fault};
use super::spec::{Command, Flag, Group, KeyAt, KeyFlag, KeyFlags, KeySpec, Spec, Words};
use crate::resp::{Reply, Span};
use crate::store::{List, ListBuilder, Set, SortedSet, StringRef, Value, ValueRef};
use order::Order;
use pattern::Pattern;
use std::ops::Range;

/// `SORT key [BY pattern/1] [LIMIT offset count] [GET pattern …] [ASC | DESC] [ALPHA] [STORE destination]`
pub(super) struct Sort {
    key: Span,
    by: Option<Span>,
    /// Some BY was a pattern without a star, so the order stays as it is; a later BY does not undo that.
    unsorted: bool,
    gets: Vec<Span>,
    limit: Option<(i64, i64)>,
    descending: bool,
    alpha: bool,
    store: Option<Span>,
    /// What first asks for keys that are made of what is sorted.
    looks_up: Option<LookUp>,
}

/// An option that makes keys of what is sorted.
#[derive(Clone, Copy)]
enum LookUp {
    By,
    Get,
}

/// What both sorting commands declare alike.
const SORT: Spec = Spec {
    arity: -2,
    categories: &[Category::Set, Category::SortedSet, Category::List, Category::Dangerous],
    group: Group::Generic,
    complexity: "O(N+M*log(M)) where N is the number of elements and M the number of those returned",
    ..Spec::EMPTY
};

impl Command for Sort {
    const SPEC: Spec = Spec {
        name: "sort",
        flags: &[Flag::Write, Flag::Denyoom],
        keys: &[
            KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access]),
            KeySpec::unknown(&[KeyFlag::Ro, KeyFlag::Access]).with_notes(BY_AND_GET_NOTES),
            KeySpec::unknown(&[KeyFlag::Ow, KeyFlag::Update]).with_notes(STORE_NOTES),
        ],
        find_keys: Some(find_keys),
        summary: "Sorts the elements of a list, set or sorted set, or values that belong to them",
        syntax: "key [BY pattern/1] [LIMIT offset count] [GET pattern/1 [GET pattern/1 ...]] [ASC | DESC] [ALPHA] [STORE destination]",
        ..SORT
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        Self::parse_options(args, true)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        self.check_look_up(context)?;
        let argv = context.argv;
        let source = Source::at(context, self.key)?;
        let range = self.range(source.len());
        // What is stored does not depend on the accidental order of a set, so that a replay stores the same.
        let accidental = self.unsorted && self.store.is_some() && source.is_unordered();
        let elements = if self.unsorted && !accidental {
            source.unsorted(range, self.descending)
        } else {
            let order = Order {
                by: self.by.filter(|_| !accidental).map(|by| Pattern::parse(argv.bytes(by))),
                alpha: self.alpha || accidental,
                descending: self.descending,
                whole_texts: self.store.is_some(),
            };
            order.sorted(context, source.elements(), range)?
        };
        match self.store {
            None => Ok(self.reply(context, elements)),
            Some(destination) => Ok(self.store(context, elements, destination)),
        }
    }
}

impl Sort {
    fn parse_options(args: &mut Args<'_>, with_store: bool) -> Result<Self, Fault> {
        let key = args.bytes();
        let mut sort = Self {
            key,
            by: None,
            unsorted: false,
            gets: Vec::new(),
            looks_up: None,
            limit: None,
            descending: false,
            alpha: false,
            store: None,
        };
        while args.more() {
            if args.option("ASC") {
                sort.descending = false;
            } else if args.option("DESC") {
                sort.descending = true;
            } else if args.option("ALPHA") {
                sort.alpha = true;
            } else if args.left() > 2 && args.option("LIMIT") {
                sort.limit = Some((args.integer(), args.integer()));
            } else if with_store && args.option_with_value("STORE") {
                sort.store = Some(args.bytes());
            } else if args.option_with_value("BY") {
                let is_pattern = args.peek().is_some_and(|by| c_string(by).contains(&b'*'));
                sort.unsorted |= !is_pattern;
                if is_pattern {
                    sort.looks_up.get_or_insert(LookUp::By);
                }
                sort.by = Some(args.bytes());
            } else if args.option_with_value("GET") {
                sort.looks_up.get_or_insert(LookUp::Get);
                sort.gets.push(args.bytes());
            } else {
                args.fail(faults::SYNTAX);
            }
        }
        args.done(sort)
    }

    /// Patterns make keys of what is sorted, so who uses them has to be one who may read any key.
    fn check_look_up(&self, context: &Context<'_>) -> Result<(), Fault> {
        match self.looks_up {
            Some(look_up) if !acl::reads_all_keys(context) => Err(match look_up {
                LookUp::By => faults::SORT_BY_DENIED,
                LookUp::Get => faults::SORT_GET_DENIED,
            }),
            _ => Ok(()),
        }
    }

    /// Which places of the order are wanted.
    fn range(&self, len: usize) -> Range<usize> {
        let Some((offset, count)) = self.limit else { return 0..len };
        let start = usize::try_from(offset.max(0)).map_or(len, |start| start.min(len));
        let count = usize::try_from(count).map_or(len, |count| count.min(len));
        start..start.saturating_add(count).min(len)
    }

    fn reply(&self, context: &mut Context<'_>, elements: Vec<StringRef<'_>>) -> Reply {
        if self.gets.is_empty() {
            return Reply::array(elements.into_iter().map(string_reply));
        }
        let patterns = self.patterns(context);
        let mut values = Vec::with_capacity(elements.len() * patterns.len());
        for element in elements {
            for pattern in &patterns {
                values.push(pattern.look_up(context, element, string_reply).unwrap_or(Reply::Null));
            }
        }
        Reply::Array(values)
    }

    fn store(&self, context: &mut Context<'_>, elements: Vec<StringRef<'_>>, destination: Span) -> Reply {
        let mut list = ListBuilder::new(context.store.limits().list);
        let patterns = self.patterns(context);
        for element in elements {
            if patterns.is_empty() {
                list.push(element);
            }
            for pattern in &patterns {
                if pattern.look_up(context, element, |value| list.push(value)).is_none() {
                    list.push(b"");
                }
            }
        }
        let list = list.finish();
        let changes = list.len() as u64;
        context.store_result(destination, Value::List(list), changes, (Class::List, "sortstore"))
    }

    fn patterns<'a>(&self, context: &Context<'a>) -> Vec<Pattern<'a>> {
        self.gets.iter().map(|get| Pattern::parse(context.argv.bytes(*get))).collect()
    }
}

/// `SORT_RO`: SORT without STORE, for readers.
pub(super) struct SortRo(Sort);

impl Command for SortRo {
    const SPEC: Spec = Spec {
        name: "sort_ro",
        flags: &[Flag::Readonly],
        keys: &[
            KeySpec::one(&[KeyFlag::Ro, KeyFlag::Access]),
            KeySpec::unknown(&[KeyFlag::Ro, KeyFlag::Access]).with_notes(BY_AND_GET_NOTES),
        ],
        find_keys: Some(find_readonly_keys),
        since: "7.0.0",
        summary: "Returns the elements of a list, set or sorted set in order, or values that belong to them",
        syntax: "key [BY pattern/1] [LIMIT offset count] [GET pattern/1 [GET pattern/1 ...]] [ASC | DESC] [ALPHA]",
        ..SORT
    };

    fn parse(args: &mut Args<'_>) -> Result<Self, Fault> {
        Sort::parse_options(args, false).map(Self)
    }

    fn run(&self, context: &mut Context<'_>) -> Outcome {
        self.0.run(context)
    }
}

/// A collection to be sorted.
enum Source {
    Nothing,
    List(List),
    Set(Set),
    SortedSet(SortedSet),
}

impl Source {
    /// The collection at a key.
    ///
    /// # Errors
    /// When the key holds something without elements of their own.
    fn at(context: &mut Context<'_>, key: Span) -> Result<Self, Fault> {
        match context.read(key) {
            None => Ok(Self::Nothing),
            Some(ValueRef::List(list)) => Ok(Self::List(list.clone())),
            Some(ValueRef::Set(set)) => Ok(Self::Set(set.clone())),
            Some(ValueRef::SortedSet(set)) => Ok(Self::SortedSet(set.clone())),
            Some(_) => Err(faults::WRONG_TYPE),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::List(list) => list.len(),
            Self::Set(set) => set.len(),
            Self::SortedSet(set) => set.len(),
        }
    }

    /// Whether its elements have no order of their own.
    fn is_unordered(&self) -> bool {
        matches!(self, Self::Set(_))
    }

    fn elements(&self) -> Vec<StringRef<'_>> {
        match self {
            Self::Nothing => Vec::new(),
            Self::List(list) => list.iter().collect(),
            Self::Set(set) => set.iter().map(|member| member.text()).collect(),
            Self::SortedSet(set) => set.iter().map(|(member, _)| member).collect(),
        }
    }

    /// The elements in a range of their own order, of which DESC means the other direction but in a set.
    fn unsorted(&self, range: Range<usize>, descending: bool) -> Vec<StringRef<'_>> {
        match self {
            Self::List(list) if descending && !range.is_empty() => {
                list.iter_back_from(list.len() - 1 - range.start).take(range.len()).collect()
            }
            Self::List(list) => list.iter_from(range.start).take(range.len()).collect(),
            Self::Set(set) => {
                set.iter().map(|member| member.text()).skip(range.start).take(range.len()).collect()
            }
            Self::SortedSet(set) => {
                let (start, end) = match descending {
                    true => (set.len().saturating_sub(range.end), set.len() - range.start),
                    false => (range.start, range.end),
                };
                set.range(start..end, descending).map(|(member, _)| member).collect()
            }
            Self::Nothing => Vec::new(),
        }
    }
}

/// The remark of Redis 7 on keys that patterns make, to the byte.
const BY_AND_GET_NOTES: &str = "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort";

/// The remark of Redis 7 on the destination, to the byte.
const STORE_NOTES: &str = "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array";

/// The key and the last destination. As in Redis the word behind STORE is looked at as an option, too, though SORT itself
/// does not take it for one.
fn find_keys(words: Words<'_>, keys: &mut Vec<KeyAt>) {
    keys.push(KeyAt { index: 1, flags: KeyFlags::of(&[KeyFlag::Ro, KeyFlag::Access]) });
    let (mut index, mut destination) = (2, None);
    while index < words.len() {
        if words.is(index, "LIMIT") {
            index += 2;
        } else if words.is(index, "GET") || words.is(index, "BY") {
            index += 1;
        } else if words.is(index, "STORE") && index + 1 < words.len() {
            destination = Some(index + 1);
        }
        index += 1;
    }
    let flags = KeyFlags::of(&[KeyFlag::Ow, KeyFlag::Update]);
    keys.extend(destination.map(|index| KeyAt { index, flags }));
}

fn find_readonly_keys(_: Words<'_>, keys: &mut Vec<KeyAt>) {
    keys.push(KeyAt { index: 1, flags: KeyFlags::of(&[KeyFlag::Ro, KeyFlag::Access]) });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::key_specs::keys_of;
    use crate::commands::table::table;
    use crate::resp::DetachedRequest;

    fn keys(request: &str) -> Vec<(usize, bool)> {
        let request = DetachedRequest::new(&request.split(' ').collect::<Vec<_>>());
        let words = Words::new(request.argv(), 0);
        let row = table().find(words.get(0).unwrap()).unwrap().row;
        keys_of(row, words).iter().map(|key| (key.index, key.flags.has(KeyFlag::Ow))).collect()
    }

    #[test]
    fn the_keys_are_the_collection_and_the_last_destination() {
        assert_eq!(keys("sort l by w_* get # limit 0 1 store d"), [(1, false), (10, true)]);
        assert_eq!(keys("sort l store a STORE b alpha"), [(1, false), (5, true)]);
        assert_eq!(keys("sort l get store by store limit 1 store"), [(1, false)]);
        assert_eq!(keys("sort l store"), [(1, false)]);
        assert_eq!(keys("sort_ro l store d"), [(1, false)]);
    }

    #[test]
    fn places_outside_of_the_order_are_cut_off() {
        let range = |offset, count, len| {
            let request = DetachedRequest::new(&["sort", "l"]);
            let sort = Sort::parse_options(&mut Args::new(request.argv(), 1), true).unwrap();
            Sort { limit: Some((offset, count)), ..sort }.range(len)
        };
        assert_eq!(range(1, 2, 5), 1..3);
        assert_eq!(range(-3, 2, 5), 0..2);
        assert_eq!(range(3, -1, 5), 3..5);
        assert_eq!(range(3, i64::MAX, 5), 3..5);
        assert!(range(7, 1, 5).is_empty() && range(i64::MAX, i64::MAX, 5).is_empty());
        assert!(range(1, 0, 5).is_empty() && range(0, -1, 0).is_empty());
    }
}

family!(Sorting {
    Sort(Sort),
    SortRo(SortRo),
});
