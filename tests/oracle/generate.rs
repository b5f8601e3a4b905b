//! Cases: sequences of requests that a seed decides, right ones and nearly right ones.

use super::grammar::Part;
use super::kinds;
use super::random::Random;
use super::rules::{NEVER_WRONG, RULES, TEXT_ONLY};
use crate::wire::Words;
use memora::commands::table::table;

/// A sequence of requests and how it is sent.
#[derive(Clone)]
pub(crate) struct Case {
    /// The version of the protocol.
    pub(crate) protocol: u8,
    /// How many requests are sent before their replies are read.
    pub(crate) batch: usize,
    pub(crate) requests: Vec<Words>,
}

/// How many requests a case has at most.
const LONGEST_CASE: usize = 120;

/// How many of a hundred requests are made wrong in some way.
const WRONG_PERCENT: usize = 12;

/// Makes cases of all rules.
pub(crate) struct Generator {
    /// The rules' grammars, those that come more often several times.
    drawn: Vec<usize>,
    grammars: Vec<Part>,
}

impl Generator {
    pub(crate) fn new() -> Self {
        let drawn = RULES.iter().enumerate().flat_map(|(index, rule)| vec![index; rule.weight]).collect();
        Self { drawn, grammars: RULES.iter().map(|rule| Part::read(rule.syntax)).collect() }
    }

    /// The case of a seed.
    pub(crate) fn case(&self, seed: u64) -> Case {
        let mut random = Random::new(seed);
        let protocol = if random.chance(50) { 2 } else { 3 };
        let batch = [1, 1, 5, 50][random.below(4)];
        let len = 1 + random.below(LONGEST_CASE);
        let requests = (0..len).map(|_| self.request(&mut random)).collect();
        Case { protocol, batch, requests }
    }

    fn request(&self, random: &mut Random) -> Words {
        let mut words = Words::new();
        self.grammars[self.drawn[random.below(self.drawn.len())]].make(random, &mut words);
        if random.chance(WRONG_PERCENT) && !NEVER_WRONG.iter().any(|name| is_named(&words, name)) {
            make_wrong(&mut words, random);
        }
        if TEXT_ONLY.iter().any(|name| is_named(&words, name)) {
            words.iter_mut().skip(FIRST_VALUE).for_each(make_text);
        }
        spread_times(&mut words, random);
        words
    }
}

/// Changes a request so that it is probably wrong; its name stays, and that of a subcommand.
fn make_wrong(words: &mut Words, random: &mut Random) {
    let first = name_words(words);
    let Some(changeable) = words.len().checked_sub(first).filter(|changeable| *changeable > 0) else {
        words.push(kinds::any(random));
        return;
    };
    let at = first + random.below(changeable);
    match random.below(6) {
        0 => drop(words.remove(at)),
        1 => words.insert(at, words[at].clone()),
        2 => words.push(kinds::any(random)),
        3 => words[at] = kinds::any(random),
        4 => {
            let other = first + random.below(changeable);
            words.swap(at, other);
        }
        _ => words.truncate(at),
    }
}

/// How many words name the command: two where the first is a container of subcommands.
pub(crate) fn name_words(request: &[Vec<u8>]) -> usize {
    let is_container = table().find(&request[0]).is_some_and(|entry| !entry.subcommands.is_empty());
    if is_container { 2 } else { 1 }
}

/// Where commands have a time to live that no option announces.
const TIMES: &[(&str, usize)] = &[("expire", 2), ("pexpire", 2), ("setex", 2), ("psetex", 2), ("restore", 2)];

/// Makes times to live long, so that none passes while the test runs, and all different, so that it does not matter
/// which of two came first: the servers' clocks are read at different moments.
fn spread_times(words: &mut Words, random: &mut Random) {
    let announced = |word: &Vec<u8>| word.eq_ignore_ascii_case(b"EX") || word.eq_ignore_ascii_case(b"PX");
    let by_option = words.iter().enumerate().filter(|(_, word)| announced(word)).map(|(at, _)| at + 1);
    let by_place = TIMES.iter().filter(|(name, _)| is_named(words, name)).map(|(_, at)| *at);
    for at in by_option.chain(by_place).collect::<Vec<_>>() {
        let time = words.get(at).and_then(|word| std::str::from_utf8(word).ok()?.parse::<i64>().ok());
        if let Some(time) = time.filter(|time| (1..i64::MAX / 2).contains(time)) {
            words[at] = (time + random.between(200_000, 1_000_000_000)).to_string().into_bytes();
        }
    }
}

/// Where the first value of a command of [`TEXT_ONLY`] may be: behind its name and that of an option.
const FIRST_VALUE: usize = 2;

/// Leaves what can be read of a word.
fn make_text(word: &mut Vec<u8>) {
    word.retain(u8::is_ascii_graphic);
}

/// Whether a request begins with these words.
fn is_named(request: &[Vec<u8>], name: &str) -> bool {
    let mut words = request.iter();
    name.split(' ').all(|name| words.next().is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes())))
}
