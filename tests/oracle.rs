//! Memora beside a real Redis: random sequences of requests, and both have to answer alike.
//!
//! A seed decides a sequence: right requests, nearly right ones, wrong types, huge and negative numbers, bytes that
//! are no text, times to live. It runs on both servers under RESP2 or RESP3, some of it pipelined, and replies are
//! compared byte for byte but for what `tests/oracle/rules.rs` says (order that is not promised, times, differences
//! that are meant). In the end every key's type, content, encoding and time to live are compared. A sequence that
//! fails is made as small as possible and printed as a script, ready to be put into `tests/scripts`.
//!
//! `ORACLE_SECONDS` says how long (10 unless told otherwise); half of it goes to sequences that are the same every
//! time, half to new ones. `ORACLE_SEED` is the seed of the first sequence where a failure is to be seen again.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "oracle/compare.rs"]
mod compare;
#[path = "oracle/generate.rs"]
mod generate;
#[path = "oracle/grammar.rs"]
mod grammar;
#[path = "oracle/kinds.rs"]
mod kinds;
#[path = "oracle/lockstep.rs"]
mod lockstep;
#[path = "oracle/random.rs"]
mod random;
mod real_redis;
#[path = "oracle/rules.rs"]
mod rules;
#[path = "oracle/shrink.rs"]
mod shrink;
mod wire;

use generate::Generator;
use lockstep::Pair;
use memora::commands::table::table;
use memora::config::Config;
use memora::server::Server;
use real_redis::RealRedis;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long the comparison takes unless `ORACLE_SECONDS` says otherwise.
const SECONDS: u64 = 10;

/// The seed of the sequences that are the same every time.
const FIXED_SEED: u64 = 1;

#[test]
fn memora_answers_as_redis_does() {
    if !real_redis::is_installed("the oracle") {
        return;
    }
    let duration = Duration::from_secs(number_of("ORACLE_SECONDS").unwrap_or(SECONDS));
    match number_of("ORACLE_SEED") {
        Some(seed) => compare(seed, duration),
        None => {
            compare(FIXED_SEED, duration / 2);
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            compare(u64::from(now.subsec_nanos()) << 32 ^ now.as_secs(), duration / 2);
        }
    }
}

#[test]
fn every_command_has_a_rule() {
    /// What a random sequence cannot have: it would end the server, stop it or leave one side without replies.
    const LEFT_TO_SCRIPTS: &[&str] = &[
        "shutdown",
        "debug",
        "client|setinfo",
        "client|no-touch",
        "client|help",
        "config|help",
        "object|help",
    ];
    let has_rule = |name: &str| {
        let words = name.to_ascii_uppercase().replace('|', " ");
        rules::RULES.iter().any(|rule| rule.syntax == words || rule.syntax.starts_with(&format!("{words} ")))
    };
    let names = table().entries().iter().map(|entry| entry.name.as_str());
    let missing: Vec<_> = names.filter(|name| !has_rule(name) && !LEFT_TO_SCRIPTS.contains(name)).collect();
    assert!(missing.is_empty(), "tests/oracle/rules.rs has no rule for {missing:?}");
}

fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// Runs the sequences of `first_seed` and those after it until the time is over.
fn compare(first_seed: u64, duration: Duration) {
    let server = Server::start(Config { port: 0, ..Config::default() }).unwrap();
    let redis = RealRedis::start(&[]);
    let mut pair = Pair::new([server.local_addr().unwrap(), redis.address]);
    let generator = Generator::new();
    let deadline = Instant::now() + duration;
    let (mut seed, mut requests) = (first_seed, 0);
    while Instant::now() < deadline {
        let case = generator.case(seed);
        requests += case.requests.len();
        if let Some(difference) = pair.run(&case) {
            let (case, difference) = shrink::shrink(&mut pair, &case).unwrap_or((case, difference));
            panic!("ORACLE_SEED={seed} shows a difference:\n\n{}\n", shrink::script(&case, &difference));
        }
        seed = seed.wrapping_add(1);
    }
    println!("{requests} requests in {} sequences from seed {first_seed} on", seed.wrapping_sub(first_seed));
}
