//! Cases with several clients: who says what when, decided by a seed.
//!
//! A step is what one client sends at once, or its going away. Steps are fixed beforehand; one of a client that waits
//! for a list at that moment is passed over when the case runs (`meeting`), so that any part of a case is a case.
//!
//! Redis 7.2 runs the command of a client that waited once more, 7.0 serves it from the key that became ready. Where
//! one command makes several lists, that is not the same, so a case has either clients that wait for many keys, or
//! transactions and other commands that make many.

use super::generate::name_words;
use super::grammar::Part;
use super::kinds;
use super::random::Random;
use crate::wire::Words;

/// What one client does.
#[derive(Clone)]
pub(crate) enum Step {
    /// It sends requests at once. A word `$2` stands for the number that the server gave to the third client.
    Send { client: usize, requests: Vec<Words> },
    /// It closes its connection and comes back with another.
    Leave { client: usize },
}

/// Several clients and what they do, one after the other.
#[derive(Clone)]
pub(crate) struct Case {
    /// The version of the protocol that each client speaks.
    pub(crate) protocols: Vec<u8>,
    pub(crate) steps: Vec<Step>,
}

/// The fewest and the most clients of a case.
const CLIENTS: (usize, usize) = (2, 5);

/// How many steps a case has at most.
const LONGEST_CASE: usize = 60;

/// How many of a hundred steps send more than one request.
const PIPELINED_PERCENT: usize = 20;

/// How many requests such a step sends at most.
const LONGEST_PIPELINE: usize = 5;

/// How many of a hundred steps are a client's going away.
const LEAVING_PERCENT: usize = 2;

/// How many of a hundred requests have a word that does not belong there.
const WRONG_PERCENT: usize = 3;

/// A time to wait that is over at once. Such a request comes alone, and its reply is waited for.
pub(crate) const SOON: &str = "0.001";

/// What comes in all cases, and how often. Words in capitals stand for themselves, in small letters now and then.
const EVERYWHERE: &[(usize, &str)] = &[
    (12, "<LPUSH | RPUSH> <K1 | K2 | K3> <1 | 2 | 3>..."),
    (2, "<LPUSHX | RPUSHX> <K1 | K2 | K3> <1 | 2 | 3>..."),
    (1, "LINSERT <K1 | K2 | K3> BEFORE 1 9"),
    (3, "<LPOP | RPOP> <K1 | K2 | K3> [<1 | 2 | 5>]"),
    (1, "LTRIM <K1 | K2 | K3> 0 <0 | 1>"),
    (1, "LREM <K1 | K2 | K3> 0 1"),
    (2, "LRANGE <K1 | K2 | K3> 0 -1"),
    (1, "LSET <K1 | K2 | K3> 0 7"),
    (2, "LMOVE <K1 | K2 | K3> <K1 | K2 | K3> <LEFT | RIGHT> <LEFT | RIGHT>"),
    (2, "RPOPLPUSH <K1 | K2 | K3> <K1 | K2 | K3>"),
    (2, "LMPOP 2 <K1 | K2 | K3> <K1 | K2 | K3> <LEFT | RIGHT> [COUNT <1 | 2>]"),
    (3, "<DEL | UNLINK> <K1 | K2 | K3>..."),
    (2, "RENAME <K1 | K2 | K3> <K1 | K2 | K3>"),
    (2, "COPY <K1 | K2 | K3> <K1 | K2 | K3> [REPLACE]"),
    (1, "MOVE <K1 | K2 | K3> <0 | 1>"),
    (1, "<EXPIRE | PERSIST> <K1 | K2 | K3> 1000"),
    (2, "INCR <C1 | C2>"),
    (2, "GET <C1 | C2>"),
    (2, "SET <C1 | C2> <1 | 2> [GET]"),
    (1, "<FLUSHDB | FLUSHALL>"),
    (1, "SELECT <0 | 0 | 1>"),
    (1, "PING [HELLO]"),
    (1, "RESET"),
    (1, "QUIT"),
    (4, "CLIENT UNBLOCK <$0 | $1 | $2 | $3 | $4> [TIMEOUT | ERROR]"),
    (3, "SUBSCRIBE <N1 | N2 | N3>..."),
    (3, "PSUBSCRIBE <N* | ?1 | N2 | *>..."),
    (2, "SSUBSCRIBE <N1 | N2>..."),
    (2, "UNSUBSCRIBE [<N1 | N2 | N3>...]"),
    (2, "PUNSUBSCRIBE [<N* | ?1 | N2 | *>...]"),
    (1, "SUNSUBSCRIBE [<N1 | N2>...]"),
    (8, "PUBLISH <N1 | N2 | N3> <1 | 2 | HELLO>"),
    (3, "SPUBLISH <N1 | N2> <1 | 2 | HELLO>"),
    (1, "PUBSUB NUMSUB N1 N2 N3"),
    (1, "PUBSUB SHARDNUMSUB N1 N2"),
    (1, "PUBSUB NUMPAT"),
    (2, "CLIENT KILL ID <$0 | $1 | $2 | $3 | $4>"),
];

/// Clients that wait for one key, and whatever makes lists.
const ONE_KEY: &[(usize, &str)] = &[
    (8, "<BLPOP | BRPOP> <K1 | K2 | K3> <0 | 1000>"),
    (4, "BLMOVE <K1 | K2 | K3> <K1 | K2 | K3 | T> <LEFT | RIGHT> <LEFT | RIGHT> <0 | 1000>"),
    (4, "BRPOPLPUSH <K1 | K2 | K3> <K1 | K2 | K3 | T> <0 | 1000>"),
    (4, "BLMPOP <0 | 1000> 1 <K1 | K2 | K3> <LEFT | RIGHT> [COUNT <1 | 2 | 5>]"),
    (2, "SET <K1 | K2 | K3> TEXT"),
    // Where it replaces a text, Redis serves nobody; S is never one.
    (2, "SORT <K1 | K2 | K3> STORE S"),
    (2, "BLPOP S <0 | 1000>"),
    (1, "SET T TEXT"),
    (1, "SWAPDB 0 1"),
    (8, "MULTI"),
    (9, "EXEC"),
    (2, "DISCARD"),
    (5, "WATCH <K1 | K2 | K3 | C1 | C2>..."),
    (1, "UNWATCH"),
];

/// Clients that wait for many keys, and commands that make one list at most.
const MANY_KEYS: &[(usize, &str)] = &[
    (2, "SORT <K1 | K2 | K3> STORE <K1 | K2 | K3>"),
    (12, "<BLPOP | BRPOP> <K1 | K2 | K3>... <0 | 1000>"),
    (6, "BLMPOP <0 | 1000> 2 <K1 | K2 | K3> <K1 | K2 | K3> <LEFT | RIGHT> [COUNT <1 | 2 | 5>]"),
];

/// What waits in vain.
const IN_VAIN: &[&str] = &[
    "<BLPOP | BRPOP> <K1 | K2 | K3>... 0.001",
    "BLMOVE <K1 | K2 | K3> <K1 | K2 | K3> <LEFT | RIGHT> <LEFT | RIGHT> 0.001",
    "BLMPOP 0.001 2 <K1 | K2 | K3> <K1 | K2 | K3> <LEFT | RIGHT>",
];

/// How many of a hundred steps are one of those.
const IN_VAIN_PERCENT: usize = 3;

/// Makes cases.
pub(crate) struct Crowds {
    /// For clients that wait for one key, and for many; those that come more often several times.
    drawn: [Vec<usize>; 2],
    grammars: Vec<Part>,
    in_vain: Vec<Part>,
}

impl Crowds {
    pub(crate) fn new() -> Self {
        let all: Vec<_> = [EVERYWHERE, ONE_KEY, MANY_KEYS].concat();
        let of = |wanted: &[(usize, &str)]| {
            let indices = all.iter().enumerate().filter(|(_, rule)| wanted.contains(rule));
            indices.flat_map(|(index, (weight, _))| vec![index; *weight]).collect()
        };
        Self {
            drawn: [of(&[EVERYWHERE, ONE_KEY].concat()), of(&[EVERYWHERE, MANY_KEYS].concat())],
            grammars: all.iter().map(|(_, syntax)| Part::read(syntax)).collect(),
            in_vain: IN_VAIN.iter().map(|syntax| Part::read(syntax)).collect(),
        }
    }

    /// The case of a seed.
    pub(crate) fn case(&self, seed: u64) -> Case {
        let mut random = Random::new(seed);
        let kind = random.below(2);
        let clients = CLIENTS.0 + random.below(CLIENTS.1 - CLIENTS.0 + 1);
        let protocols = (0..clients).map(|_| if random.chance(50) { 2 } else { 3 }).collect();
        let len = 1 + random.below(LONGEST_CASE);
        let steps = (0..len).map(|_| self.step(kind, random.below(clients), &mut random)).collect();
        Case { protocols, steps }
    }

    fn step(&self, kind: usize, client: usize, random: &mut Random) -> Step {
        if random.chance(LEAVING_PERCENT) {
            return Step::Leave { client };
        }
        if random.chance(IN_VAIN_PERCENT) {
            let mut words = Words::new();
            self.in_vain[random.below(self.in_vain.len())].make(random, &mut words);
            return Step::Send { client, requests: vec![words] };
        }
        let len = if random.chance(PIPELINED_PERCENT) { 2 + random.below(LONGEST_PIPELINE - 1) } else { 1 };
        let mut requests: Vec<_> = (0..len).map(|_| self.request(kind, random)).collect();
        // What follows a QUIT would have the connection reset.
        let quits = requests.iter().position(|request| request[0].eq_ignore_ascii_case(b"QUIT"));
        requests.truncate(quits.map_or(len, |at| at + 1));
        Step::Send { client, requests }
    }

    fn request(&self, kind: usize, random: &mut Random) -> Words {
        let drawn = &self.drawn[kind];
        let mut words = Words::new();
        self.grammars[drawn[random.below(drawn.len())]].make(random, &mut words);
        let waits = words[0].to_ascii_uppercase().starts_with(b"B");
        if random.chance(WRONG_PERCENT) && !waits && words.len() > name_words(&words) {
            let at = name_words(&words) + random.below(words.len() - name_words(&words));
            words[at] = kinds::make("text", random);
        }
        words
    }
}
