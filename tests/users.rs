//! Users beside a real Redis: random rules have to make the same users, and the same requests have to be allowed.
//!
//! A seed decides a sequence of ACL SETUSER. After each, both servers describe the user alike, but for the rules on
//! commands: Memora lists them as they were given, Redis 7.0 makes new ones of the commands that are allowed. So what
//! Memora lists is given to Redis for a second user, and Redis has to describe both users alike. Then ACL DRYRUN is asked
//! about random requests, those of the oracle. `ORACLE_SECONDS` and `ORACLE_SEED` are those of `tests/oracle.rs`.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "oracle/generate.rs"]
#[allow(dead_code, reason = "made for the oracle, of which only the requests are wanted")]
mod generate;
#[path = "oracle/grammar.rs"]
#[allow(dead_code, reason = "made for the oracle")]
mod grammar;
#[path = "oracle/kinds.rs"]
#[allow(dead_code, reason = "made for the oracle")]
mod kinds;
#[path = "oracle/random.rs"]
#[allow(dead_code, reason = "made for the oracle")]
mod random;
#[allow(dead_code, reason = "made for other tests as well")]
mod real_redis;
#[path = "oracle/rules.rs"]
#[allow(dead_code, reason = "made for the oracle, of which only the requests are wanted")]
mod rules;
#[allow(dead_code, reason = "made for other tests as well")]
mod wire;

use generate::Generator;
use memora::commands::categories::Category;
use memora::commands::table::table;
use memora::config::Config;
use memora::server::Server;
use random::Random;
use real_redis::RealRedis;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wire::{Client, Value, Words};

/// How long the comparison takes unless `ORACLE_SECONDS` says otherwise.
const SECONDS: u64 = 6;

/// How many requests are asked about for each user.
const REQUESTS: usize = 60;

#[test]
fn the_same_rules_make_the_same_users() {
    if !real_redis::is_installed("the comparison of users") {
        return;
    }
    let memora = Server::start(Config { port: 0, save: Vec::new(), ..Config::default() }).unwrap();
    let redis = RealRedis::start(&[]);
    let addresses = [memora.local_addr().unwrap(), redis.address];
    let mut both = Both {
        clients: addresses.map(|address| Client::connect(address).unwrap()),
        rules: Rules::of_both(&mut Client::connect(redis.address).unwrap()),
        requests: Generator::new(),
    };
    let seconds = number_of("ORACLE_SECONDS").unwrap_or(SECONDS);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let starts = match number_of("ORACLE_SEED") {
        Some(seed) => vec![seed],
        None => vec![1, u64::from(now.subsec_nanos()) << 32 ^ now.as_secs()],
    };
    for first in &starts {
        let deadline = Instant::now() + Duration::from_secs(seconds) / u32::try_from(starts.len()).unwrap();
        let seeds = (*first..).take_while(|_| Instant::now() < deadline);
        println!("{} users from seed {first} on", seeds.inspect(|seed| both.compare(*seed)).count());
    }
}

fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// What rules are made of.
struct Rules {
    commands: Vec<String>,
}

impl Rules {
    /// Commands that both servers have.
    fn of_both(redis: &mut Client) -> Self {
        let known = |name: &str| {
            let info = redis.ask_text(&["COMMAND", "INFO", name]);
            info.items().first().is_some_and(|info| !info.items().is_empty())
        };
        let names: Vec<_> = table().entries().iter().map(|entry| entry.name.clone()).collect();
        let mut known = known;
        Self { commands: names.into_iter().filter(|name| known(name)).collect() }
    }

    /// The rules of a request: words of a user, of its selectors, and some that are none.
    fn make(&self, random: &mut Random) -> Words {
        const OF_USERS: &[&str] = &[
            "on",
            "off",
            "ON",
            "nopass",
            "resetpass",
            "reset",
            "clearselectors",
            "sanitize-payload",
            "skip-sanitize-payload",
            ">pw",
            ">other",
            "<pw",
            "",
            "bogus",
            "#2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
            "!2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
            "#1",
        ];
        let mut words = Words::new();
        for _ in 0..random.between(1, 5) {
            match random.below(10) {
                0..=1 => words.push(random.one(OF_USERS).as_bytes().to_vec()),
                2 => {
                    let count = random.between(0, 4);
                    let inside: Vec<_> = (0..count).map(|_| self.rule(random)).collect();
                    let selector = format!("({})", inside.join(" "));
                    if random.chance(50) {
                        words.push(selector.into_bytes());
                    } else {
                        words.extend(selector.split(' ').map(|word| word.as_bytes().to_vec()));
                    }
                }
                _ => words.push(self.rule(random).into_bytes()),
            }
        }
        words
    }

    /// A rule of a selector.
    fn rule(&self, random: &mut Random) -> String {
        const OTHERS: &[&str] = &[
            "allkeys",
            "resetkeys",
            "allchannels",
            "resetchannels",
            "allcommands",
            "nocommands",
            "~*",
            "&*",
            "+@all",
            "-@all",
            "+@nosuch",
            "-nosuch",
            "+config|",
            "+config|get|x",
            "%~x",
            "%",
            "%R",
        ];
        const PATTERNS: &[&str] =
            &["s*", "?1", "[sl]*", "h1", "l[1-2]", "*", "new", "", "*1*", "\\*", "[^s]*", "z*", "a", "hello"];
        let sign = random.one(&["+", "-"]);
        let pattern = random.one(PATTERNS);
        match random.below(12) {
            0..=3 => format!("{sign}{}", self.commands[random.below(self.commands.len())]),
            4..=6 => format!("{sign}@{}", Category::ALL[random.below(Category::ALL.len())].1),
            7 => {
                let argument = random.one(&["0", "1", "s1", "S1", "hello"]);
                format!("+{}|{argument}", self.commands[random.below(self.commands.len())])
            }
            8 => random.one(OTHERS).to_owned(),
            9 => format!("&{pattern}"),
            _ => format!("{}{pattern}", random.one(&["~", "%R~", "%W~", "%rw~"])),
        }
    }
}

/// Both servers, Memora first.
struct Both {
    clients: [Client; 2],
    rules: Rules,
    requests: Generator,
}

impl Both {
    fn compare(&mut self, seed: u64) {
        let mut random = Random::new(seed);
        let mut history = Vec::new();
        self.ask(&words(&["ACL", "DELUSER", "u"]));
        for _ in 0..random.between(1, 4) {
            let request = [words(&["ACL", "SETUSER", "u"]), self.rules.make(&mut random)].concat();
            history.push(shown(&request));
            let replies = self.ask(&request);
            self.expect_same(seed, &history, &replies);
            self.compare_descriptions(seed, &history);
        }
        let requests = self.requests.case(seed).requests;
        for request in requests.into_iter().take(REQUESTS).filter(counts_plainly) {
            let request = [words(&["ACL", "DRYRUN", "u"]), request].concat();
            let replies = self.ask(&request);
            let is_known = |reply: &Value| !reply.bytes().ends_with(b"' not found");
            if replies.iter().all(is_known) {
                history.push(shown(&request));
                self.expect_same(seed, &history, &replies);
                history.pop();
            }
        }
    }

    fn ask(&mut self, request: &Words) -> [Value; 2] {
        self.clients.each_mut().map(|client| client.ask(request))
    }

    fn compare_descriptions(&mut self, seed: u64, history: &[String]) {
        let [memora, redis] = self.ask(&words(&["ACL", "GETUSER", "u"]));
        let (one, other) = (memora.items(), redis.items());
        assert_eq!(one.len(), other.len(), "ORACLE_SEED={seed}\n{}", history.join("\n"));
        for (index, (one, other)) in one.iter().zip(other).enumerate() {
            match index {
                COMMANDS => self.compare_commands(seed, history, one, other),
                SELECTORS => {
                    assert_eq!(
                        one.items().len(),
                        other.items().len(),
                        "ORACLE_SEED={seed}\n{}",
                        history.join("\n")
                    );
                    for (one, other) in one.items().iter().zip(other.items()) {
                        let (one, other) = (one.items(), other.items());
                        self.compare_commands(seed, history, one[1], other[1]);
                        self.expect_same(seed, history, &[text_of(&one[2..]), text_of(&other[2..])]);
                    }
                }
                _ => self.expect_same(seed, history, &[text_of(&[one]), text_of(&[other])]),
            }
        }
    }

    /// Gives Redis what Memora lists, and has it describe that in its own way.
    fn compare_commands(&mut self, seed: u64, history: &[String], memora: &Value, redis: &Value) {
        let rules = String::from_utf8(memora.bytes().to_vec()).unwrap();
        let request: Vec<_> = ["ACL", "SETUSER", "v", "reset"].into_iter().chain(rules.split(' ')).collect();
        let made = self.clients[1].ask_text(&request);
        assert!(!made.is_error(), "ORACLE_SEED={seed}\n{}\nRedis does not take {rules}", history.join("\n"));
        let described = self.clients[1].ask_text(&["ACL", "GETUSER", "v"]);
        let again = Value::clone(described.items()[COMMANDS]);
        self.expect_same(seed, history, &[again, redis.clone()]);
    }

    fn expect_same(&self, seed: u64, history: &[String], [memora, redis]: &[Value; 2]) {
        assert!(
            memora == redis,
            "ORACLE_SEED={seed}\n{}\nmemora: {}\nredis:  {}",
            history.join("\n"),
            memora.encoded().escape_ascii(),
            redis.encoded().escape_ascii()
        );
    }
}

/// Whether every word that begins like a number is one of 32 bits. How many keys there are where their number is none
/// Redis 7.0 answers otherwise for LMPOP than for SINTERCARD, and it forgets the upper bits of greater ones; the commands
/// themselves refuse such numbers.
fn counts_plainly(request: &Words) -> bool {
    request.iter().all(|word| {
        let is_like_number = word.trim_ascii_start().iter().any(u8::is_ascii_digit)
            && !word.first().is_some_and(u8::is_ascii_alphabetic);
        let number = std::str::from_utf8(word).ok().and_then(|text| text.parse::<i32>().ok());
        !is_like_number || number.is_some_and(|number| number.to_string().as_bytes() == word.as_slice())
    })
}

/// Where the rules on commands stand in what GETUSER answers.
const COMMANDS: usize = 5;

/// Where the selectors stand there.
const SELECTORS: usize = 11;

/// Values as one; `%RW~*` is listed by Redis as `~*`, which it would not take back beside other patterns.
fn text_of(values: &[&Value]) -> Value {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.encoded()).collect();
    let text = String::from_utf8(bytes).unwrap().replace("%RW~*", "~*");
    // Without the lengths, which tell of that difference.
    let lines = text.lines().filter(|line| !line.starts_with('$'));
    Value::Bulk(b'$', lines.collect::<Vec<_>>().join("\n").into_bytes())
}

fn words(text: &[&str]) -> Words {
    text.iter().map(|word| word.as_bytes().to_vec()).collect()
}

fn shown(request: &Words) -> String {
    let words = request.iter().map(|word| wire::render::quote(word));
    words.collect::<Vec<_>>().join(" ")
}
