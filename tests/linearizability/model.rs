//! What strings and lists do, in so few lines that they can be seen to be right.

use super::checker::Model;
use std::collections::VecDeque;

/// How many strings, and how many lists, belong together.
pub(crate) const KEYS: usize = 2;

/// A command; keys are numbers of strings or of lists.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    Get(usize),
    Set(usize, i64),
    Incr(usize),
    Lpush(usize, i64),
    Rpush(usize, i64),
    Lpop(usize),
    /// Of the first list that is there, from the given one on.
    Blpop(usize),
    /// All of them in a transaction.
    Exec(Vec<Call>),
}

/// What it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Ok,
    Nothing,
    Number(i64),
    Element(i64),
    /// Which list it is from.
    From(usize, i64),
    All(Vec<Told>),
}

/// The data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Data {
    strings: [Option<i64>; KEYS],
    lists: [VecDeque<i64>; KEYS],
}

impl Data {
    fn push(&mut self, list: usize, push: impl Fn(&mut VecDeque<i64>)) -> Told {
        push(&mut self.lists[list]);
        Told::Number(i64::try_from(self.lists[list].len()).unwrap())
    }
}

impl Model for Data {
    type Call = Call;
    type Reply = Told;

    fn apply(&mut self, call: &Call) -> Told {
        match *call {
            Call::Get(key) => self.strings[key].map_or(Told::Nothing, Told::Element),
            Call::Set(key, value) => {
                self.strings[key] = Some(value);
                Told::Ok
            }
            Call::Incr(key) => {
                let value = self.strings[key].unwrap_or(0) + 1;
                self.strings[key] = Some(value);
                Told::Number(value)
            }
            Call::Lpush(key, value) => self.push(key, |list| list.push_front(value)),
            Call::Rpush(key, value) => self.push(key, |list| list.push_back(value)),
            Call::Lpop(key) => self.lists[key].pop_front().map_or(Told::Nothing, Told::Element),
            Call::Blpop(first) => {
                let keys = (first..KEYS).chain(0..first);
                let found = keys.into_iter().find(|key| !self.lists[*key].is_empty());
                let taken = found.and_then(|key| Some((key, self.lists[key].pop_front()?)));
                taken.map_or(Told::Nothing, |(key, value)| Told::From(key, value))
            }
            Call::Exec(ref calls) => Told::All(calls.iter().map(|call| self.apply(call)).collect()),
        }
    }
}
