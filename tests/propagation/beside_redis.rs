//! The log of a real Redis beside Memora's, for the same requests.

use crate::cases::{CASES, DIFFERENCES};
use crate::engine::Engine;
use crate::real_redis::{self, RealRedis};
use crate::wire::{Client, Words};
use memora::commands::spec::Flag;
use memora::commands::table::table;
use memora::persistence::aof::{scan, units};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How far deadlines may be from each other: each side reads its own clock.
const TOLERANCE_MS: i64 = 10_000;

/// Where moments begin to be told apart from other numbers.
const MOMENTS_FROM_MS: i64 = 1_600_000_000_000;

/// How far ahead the moments of the cases are.
const AHEAD: Duration = Duration::from_secs(600);

#[test]
fn memora_logs_what_redis_logs() {
    if !real_redis::is_installed("the comparison of logs") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let options = ["--appendonly", "yes", "--appendfsync", "always", "--aof-use-rdb-preamble", "no"];
    let more = ["--enable-debug-command", "yes", "--dir", directory.path().to_str().unwrap()];
    let redis = RealRedis::start(&[&options[..], &more].concat());
    let mut client = Client::connect(redis.address).unwrap();
    client.ask_text(&["DEBUG", "SET-ACTIVE-EXPIRE", "0"]);
    let payload = payload(&mut client);
    let mut log = RedisLog { offset: 0, directory: directory.path() };
    let (mut engine, mut reader) = (Engine::new(0), Engine::new(0));
    let mut different = Vec::new();
    for case in CASES {
        // Both have selected database 0 in the log by now, whatever the case before did.
        for request in ["SELECT 0", "FLUSHALL"].map(|request| words(request, &payload)) {
            client.ask(&request);
            engine.run(&request);
        }
        engine.log.clear();
        reader.replay(&log.rest());
        let requests = requests_of(case, &payload);
        for request in &requests {
            let redis = client.ask(request);
            engine.set_time(now().as_millis() as u64);
            let memora = engine.run(request);
            assert_eq!(memora.is_error(), redis.is_error(), "{case}: {}", text(request));
        }
        assert_eq!(scan(&engine.log).whole_bytes, engine.log.len(), "{case}");
        let redis = log.rest();
        reader.replay(&redis);
        let (redis, memora) = (commands(&redis), commands(&engine.log));
        let excuse = DIFFERENCES.iter().find(|(excused, ..)| excused == case);
        let expected = excuse.map_or(redis.clone(), |(_, instead, _)| requests_of(instead, &payload));
        if !is_alike(&memora, &expected) {
            different.push(format!("{case}\n  Redis:  {}\n  Memora: {}", texts(&redis), texts(&memora)));
        }
        if excuse.is_none() {
            assert_eq!(lasting(&reader), lasting(&engine), "{case}: Redis's log, read by Memora");
        }
        let needless = excuse.is_some() && is_alike(&memora, &redis);
        assert!(!needless, "{case}: is no difference any more");
    }
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}

#[test]
fn every_write_command_is_compared_with_every_option() {
    let requests: Vec<Words> = CASES.iter().flat_map(|case| requests_of(case, b"")).collect();
    for entry in table().entries().iter().filter(|entry| entry.row.flags.has(Flag::Write)) {
        let named = |request: &&Words| request[0].eq_ignore_ascii_case(entry.name.as_bytes());
        let own: Vec<_> = requests.iter().filter(named).collect();
        assert!(!own.is_empty(), "{} is in no case", entry.name);
        let words = entry.row.spec.syntax.split(|letter: char| !letter.is_ascii_alphabetic());
        for option in
            words.filter(|word| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase()))
        {
            let has = |request: &&Words| {
                request.iter().skip(1).any(|word| word.eq_ignore_ascii_case(option.as_bytes()))
            };
            assert!(own.iter().any(has), "{} {option} is in no case", entry.name);
        }
    }
}

/// What a key holds, and whether it has a deadline.
type Lasting = BTreeMap<(usize, Vec<u8>), (&'static str, Vec<Vec<u8>>, bool)>;

/// The data without the moments, which differ as clocks do.
fn lasting(engine: &Engine) -> Lasting {
    let contents = engine.contents().into_iter();
    contents.map(|(key, (kind, parts, deadline_ms))| (key, (kind, parts, deadline_ms.is_some()))).collect()
}

/// What Redis appends to its log.
struct RedisLog<'a> {
    directory: &'a Path,
    offset: usize,
}

impl RedisLog<'_> {
    /// What has come since the last call; a reply comes after its entry is in the file.
    fn rest(&mut self) -> Vec<u8> {
        let file = self.directory.join("appendonlydir/appendonly.aof.1.incr.aof");
        let bytes = fs::read(file).unwrap();
        let rest = bytes[self.offset..].to_vec();
        self.offset += rest.len();
        rest
    }
}

/// The payload of the cases, with the checksum that Redis gives it.
fn payload(client: &mut Client) -> Vec<u8> {
    client.ask_text(&["RPUSH", "l", "a", "b"]);
    let payload = client.ask_text(&["DUMP", "l"]).bytes().to_vec();
    client.ask_text(&["FLUSHALL"]);
    payload
}

/// The requests of a case.
fn requests_of(case: &str, payload: &[u8]) -> Vec<Words> {
    let split = |request: &str| match request.strip_prefix("DUE ") {
        Some(keys) => keys.split(' ').map(|key| words(&format!("SET {key} old PXAT 1"), payload)).collect(),
        None => vec![words(request, payload)],
    };
    case.split(" ; ").flat_map(split).collect()
}

fn words(request: &str, payload: &[u8]) -> Words {
    let moment = now() + AHEAD;
    let word = |word: &str| match word {
        "{s}" => moment.as_secs().to_string().into_bytes(),
        "{ms}" => moment.as_millis().to_string().into_bytes(),
        "{dump}" => payload.to_vec(),
        "{empty}" => Vec::new(),
        word => word.as_bytes().to_vec(),
    };
    request.split(' ').map(word).collect()
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

/// The commands of a piece of a log.
fn commands(log: &[u8]) -> Vec<Words> {
    units::commands(log).map(words_of).collect()
}

/// The words of a command in RESP, read without Memora's decoder.
fn words_of(command: &[u8]) -> Words {
    let (count, mut rest) = number(command, b'*');
    let mut words = Words::new();
    for _ in 0..count {
        let (len, text) = number(rest, b'$');
        words.push(text[..len].to_vec());
        rest = text[len..].strip_prefix(b"\r\n").expect("a line end");
    }
    assert!(rest.is_empty());
    words
}

fn number(bytes: &[u8], sign: u8) -> (usize, &[u8]) {
    assert_eq!(bytes[0], sign);
    let end = bytes.iter().position(|byte| *byte == b'\r').unwrap();
    let digits = std::str::from_utf8(&bytes[1..end]).unwrap();
    (digits.parse().unwrap(), &bytes[end + 2..])
}

fn is_alike(memora: &[Words], redis: &[Words]) -> bool {
    let words = |(one, other): (&Words, &Words)| {
        one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_alike_word(one, other))
    };
    memora.len() == redis.len() && memora.iter().zip(redis).all(words)
}

fn is_alike_word(one: &[u8], other: &[u8]) -> bool {
    let moment =
        |word: &[u8]| std::str::from_utf8(word).ok()?.parse().ok().filter(|ms: &i64| *ms > MOMENTS_FROM_MS);
    match (moment(one), moment(other)) {
        (Some(one), Some(other)) => (one - other).abs() < TOLERANCE_MS,
        _ => one == other,
    }
}

fn texts(requests: &[Words]) -> String {
    requests.iter().map(text).collect::<Vec<_>>().join(" ; ")
}

fn text(request: &Words) -> String {
    request.iter().map(|word| word.escape_ascii().to_string()).collect::<Vec<_>>().join(" ")
}
