//! Memora beside a real Redis: random sequences of requests, and both have to answer alike.
//!
//! A seed decides a sequence: right requests, nearly right ones, wrong types, huge and negative numbers, bytes that
//! are no text, times to live. It runs on both servers under RESP2 or RESP3, some of it pipelined, and replies are
//! compared byte for byte but for what `tests/oracle/rules.rs` says (order that is not promised, times, differences
//! that are meant). In the end every key's type, content, encoding and time to live are compared. A sequence that
//! fails is made as small as possible and printed as a script, ready to be put into `tests/scripts`.
//!
//! The same with several clients at once (`tests/oracle/crowd.rs`), which wait for lists, listen to channels, watch keys and
//! go away; what each of them is told is compared.
//!
//! `ORACLE_SECONDS` says how long (10 unless told otherwise); nine tenths of it go to sequences that are the same every
//! time, so that a change fails for what it did, and the rest to new ones. `ORACLE_SEED` is the seed of the first sequence where a failure is to be seen again.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "oracle/bytes.rs"]
mod bytes;
#[path = "oracle/compare.rs"]
mod compare;
#[path = "oracle/crowd.rs"]
mod crowd;
#[path = "oracle/crowd_shrink.rs"]
mod crowd_shrink;
#[path = "oracle/generate.rs"]
mod generate;
#[path = "oracle/grammar.rs"]
mod grammar;
#[path = "oracle/kinds.rs"]
mod kinds;
#[path = "oracle/lockstep.rs"]
mod lockstep;
#[path = "oracle/meeting.rs"]
mod meeting;
#[path = "oracle/participant.rs"]
mod participant;
#[path = "oracle/random.rs"]
mod random;
mod real_redis;
#[path = "oracle/rules.rs"]
mod rules;
#[path = "oracle/shrink.rs"]
mod shrink;
mod wire;

use bytes::Bytes;
use crowd::Crowds;
use generate::{Case, Generator};
use lockstep::Pair;
use memora::commands::table::table;
use memora::config::Config;
use memora::config::values::DebugCommand;
use memora::server::Server;
use real_redis::RealRedis;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wire::Client;

/// How long the comparison takes unless `ORACLE_SECONDS` says otherwise.
const SECONDS: u64 = 10;

/// The part of that time that goes to bytes which are hardly the protocol: one second in so many.
const BYTES_SHARE: u32 = 5;

/// What part of the time goes to new sequences.
const FRESH_SHARE: u32 = 10;

/// A Redis looks so often for clients that have waited long enough. Most of the oracle's time would go by waiting for it
/// otherwise.
const TICKS_PER_SECOND: u32 = 500;

/// The seed of the sequences that are the same every time.
const FIXED_SEED: u64 = 1;

#[test]
fn memora_answers_as_redis_does() {
    for (seed, duration) in seeds() {
        let Some(servers) = Servers::start() else { return };
        let mut pair = Pair::new(servers.addresses());
        let generator = Generator::new();
        run(seed, duration, |seed| compare(&mut pair, &generator.case(seed)));
    }
}

#[test]
fn memora_reads_bytes_as_redis_does() {
    for (seed, duration) in seeds() {
        let Some(servers) = Servers::start() else { return };
        let bytes = Bytes { addresses: servers.addresses() };
        run(seed, duration / BYTES_SHARE, |seed| bytes.compare(seed));
    }
}

#[test]
fn memora_and_redis_tell_each_of_several_clients_the_same() {
    for (seed, duration) in seeds() {
        let Some(servers) = Servers::start() else { return };
        let mut pair = Pair::new(servers.addresses());
        let crowds = Crowds::new();
        run(seed, duration, |seed| crowd_shrink::compare(&mut pair, &crowds.case(seed)));
    }
}

#[test]
fn a_difference_is_found_and_made_small() {
    let start = |databases| {
        Server::start(Config { port: 0, databases, save: Vec::new(), ..Config::default() }).unwrap()
    };
    let servers = [start(16), start(15)];
    let mut pair = Pair::new(servers.each_ref().map(|server| server.local_addr().unwrap()));
    let generator = Generator::new();
    let complaint = (FIXED_SEED..).find_map(|seed| compare(&mut pair, &generator.case(seed)).err()).unwrap();
    assert!(complaint.contains("# different: request 1: ") && complaint.contains("ndex"), "{complaint}");
    assert_eq!(complaint.lines().filter(|line| line.starts_with('>')).count(), 1, "{complaint}");
}

#[test]
fn every_command_has_a_rule() {
    /// What a random sequence cannot have: it would end the server, stop it, leave one side without replies, or be
    /// answered by how far a job in the background happens to be. WAITAOF is not in Redis 7.0, MEMORA in none. For
    /// ACL SETUSER there is `tests/users.rs`.
    const LEFT_TO_SCRIPTS: &[&str] = &[
        "shutdown",
        "debug",
        "monitor",
        "wait",
        "client|kill",
        "client|pause",
        "client|setinfo",
        "client|no-touch",
        "config|rewrite",
        "latency|doctor",
        "save",
        "bgsave",
        "bgrewriteaof",
        "waitaof",
        "subscribe",
        "unsubscribe",
        "psubscribe",
        "punsubscribe",
        "ssubscribe",
        "sunsubscribe",
        "memora",
        "memora|actors",
        "acl|setuser",
    ];
    let is_left = |name: &str| LEFT_TO_SCRIPTS.contains(&name) || name.ends_with("|help");
    let has_rule = |name: &str| {
        let words = name.to_ascii_uppercase().replace('|', " ");
        rules::RULES.iter().any(|rule| rule.syntax == words || rule.syntax.starts_with(&format!("{words} ")))
    };
    let names = table().entries().iter().map(|entry| entry.name.as_str());
    let missing: Vec<_> = names.filter(|name| !has_rule(name) && !is_left(name)).collect();
    assert!(missing.is_empty(), "tests/oracle/rules.rs has no rule for {missing:?}");
}

#[test]
fn what_is_not_compared_byte_for_byte_has_a_reason() {
    for rule in rules::RULES {
        assert_eq!(rule.reason.is_empty(), rule.compare == rules::Compare::Exact, "{}", rule.syntax);
    }
}

fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// The seeds to begin with and how long each is for.
fn seeds() -> Vec<(u64, Duration)> {
    let duration = Duration::from_secs(number_of("ORACLE_SECONDS").unwrap_or(SECONDS));
    if let Some(seed) = number_of("ORACLE_SEED") {
        return vec![(seed, duration)];
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let fresh = u64::from(now.subsec_nanos()) << 32 ^ now.as_secs();
    vec![(FIXED_SEED, duration - duration / FRESH_SHARE), (fresh, duration / FRESH_SHARE)]
}

/// Memora and a real Redis.
struct Servers {
    memora: Server,
    redis: RealRedis,
}

impl Servers {
    fn start() -> Option<Self> {
        if !real_redis::is_installed("the oracle") {
            return None;
        }
        let enable_debug_command = DebugCommand::Yes;
        let config = Config {
            port: 0,
            save: Vec::new(),
            enable_debug_command,
            hz: TICKS_PER_SECOND,
            ..Config::default()
        };
        let ticks = TICKS_PER_SECOND.to_string();
        let redis = RealRedis::start(&["--enable-debug-command", "yes", "--hz", &ticks]);
        let servers = Self { memora: Server::start(config).unwrap(), redis };
        // A key past its deadline is found when a request looks for it, on both sides; which moment the background
        // would choose nobody can know.
        for address in servers.addresses() {
            let mut client = Client::connect(address).unwrap();
            assert!(!client.ask_text(&["DEBUG", "SET-ACTIVE-EXPIRE", "0"]).is_error());
        }
        Some(servers)
    }

    fn addresses(&self) -> [SocketAddr; 2] {
        [self.memora.local_addr().unwrap(), self.redis.address]
    }
}

/// Compares what the seeds from `first` on stand for, until the time is over.
fn run(first: u64, duration: Duration, mut compare: impl FnMut(u64) -> Result<(), String>) {
    let deadline = Instant::now() + duration;
    let mut seed = first;
    while Instant::now() < deadline {
        if let Err(complaint) = compare(seed) {
            panic!("ORACLE_SEED={seed} shows a difference:\n\n{complaint}\n");
        }
        seed = seed.wrapping_add(1);
    }
    println!("{} sequences from seed {first} on", seed.wrapping_sub(first));
}

/// Runs a case; a difference is told as a script that is as short as can be and still shows one when it runs again.
fn compare(pair: &mut Pair, case: &Case) -> Result<(), String> {
    let Some(difference) = pair.run(case) else { return Ok(()) };
    let smallest = shrink::shrink(pair, case).filter(|(case, _)| pair.run(case).is_some());
    let (case, difference) = smallest.unwrap_or_else(|| (case.clone(), difference));
    Err(shrink::script(&case, &difference))
}
