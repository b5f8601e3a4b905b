//! Random histories: what a log is replayed to is what there was, in Memora and in a real Redis.

use crate::engine::{Content, Engine, names};
use crate::generate::Generator;
use crate::random::Random;
use crate::real_redis::{self, RealRedis};
use crate::wire::{Client, Value, Words};
use bytes::BytesMut;
use memora::persistence::aof::scan::{Rest, scan};
use memora::resp::{Limits, RequestCodec};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio_util::codec::Decoder;

/// How many histories are tried, each of some dozens of requests.
const HISTORIES: u64 = 1500;

/// How many of them a real Redis reads, one after the other in one log.
const HISTORIES_FOR_REDIS: u64 = 30;

/// Keys that make it worth a look.
const ENOUGH_KEYS: usize = 20;

/// Deadlines less than a minute ahead are not compared with Redis's, which go by another clock.
const CLOSE_MS: u64 = 60_000;

/// The longest jump of the clock: three days.
const LONGEST_JUMP_MS: i64 = 3 * 24 * 3600 * 1000;

/// Requests that the generator makes too seldom for deadlines and databases to meet.
const MEETINGS: &[&str] = &[
    "SELECT 0",
    "SELECT 0",
    "SELECT 1",
    "COPY s1 s1 DB 0 REPLACE",
    "COPY s1 s2 DB 1",
    "COPY l1 s1 DB 1",
    "MOVE s1 1",
    "MOVE s2 0",
    "MOVE l1 1",
    "SWAPDB 0 1",
    "PEXPIRE s1 500",
    "PEXPIRE s2 3000",
    "PEXPIRE l1 200",
    "EXPIRE h1 1 GT",
    "SET s1 v PX 300",
    "GETEX s2 PX 700",
    "RANDOMKEY",
    // And those of which the generator asks for all or nothing, as two servers pick at random.
    "SADD e1 a b c d e f g h i",
    "SADD e2 1 2 3 4 5 6 70000",
    "SPOP e1",
    "SPOP e1 3",
    "SPOP e1 8",
    "SPOP e2 2",
    "SPOP e2",
];

/// What has to have been in the logs for them to be of use: what each kind of member can come and go by. GEOADD leaves
/// a ZADD.
const LOGGED: &[&str] = &[
    "SADD",
    "SREM",
    "SMOVE",
    "SINTERSTORE",
    "SUNIONSTORE",
    "SDIFFSTORE",
    "ZADD",
    "ZINCRBY",
    "ZREM",
    "ZPOPMIN",
    "ZPOPMAX",
    "ZRANGESTORE",
    "ZUNIONSTORE",
    "ZINTERSTORE",
    "ZDIFFSTORE",
    "ZREMRANGEBYRANK",
    "ZREMRANGEBYSCORE",
    "ZREMRANGEBYLEX",
    "GEOSEARCHSTORE",
    "PFADD",
    "PFMERGE",
];

#[test]
fn a_replayed_log_makes_the_same_data() {
    let (generator, mut logged) = (Generator::new(), BTreeSet::new());
    for seed in 0..HISTORIES {
        let mut engine = Engine::new(now_ms());
        live(&mut engine, &generator, seed);
        logged.extend(names(&engine.log));
        assert_eq!(scan(&engine.log).rest, Rest::Nothing, "seed {seed}");
        // What is picked at random while it replays would be something else.
        let mut reader = Engine::new(engine.now_ms());
        reader.pick_by(!seed);
        reader.replay(&engine.log);
        assert!(reader.contents() == engine.contents(), "seed {seed}:\n{}", engine.log.escape_ascii());
        assert!(reader.log.is_empty());
    }
    let missing: Vec<_> = LOGGED.iter().filter(|name| !logged.contains(**name)).collect();
    assert!(missing.is_empty(), "no history leaves {missing:?}");
    assert!(!logged.contains("SPOP"), "what was picked is taken out by name");
}

#[test]
fn redis_reads_the_log() {
    if !real_redis::is_installed("the reading of Memora's log") {
        return;
    }
    let (generator, mut engine) = (Generator::new(), Engine::new(now_ms()));
    // A history may end with FLUSHALL, so they go on until there is something to look at.
    for seed in 0.. {
        live(&mut engine, &generator, seed);
        if seed >= HISTORIES_FOR_REDIS && engine.contents().len() > ENOUGH_KEYS {
            break;
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("appendonlydir");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("appendonly.aof.1.incr.aof"), &engine.log).unwrap();
    let manifest = "file appendonly.aof.1.incr.aof seq 1 type i\n";
    fs::write(folder.join("appendonly.aof.manifest"), manifest).unwrap();
    let redis = RealRedis::start(&["--appendonly", "yes", "--dir", directory.path().to_str().unwrap()]);
    let mut client = Client::connect(redis.address).unwrap();
    // Redis removes what is past its deadline by its own clock; what is close to it may be gone or not.
    let horizon_ms = now_ms() + CLOSE_MS;
    let lasting = |mut contents: BTreeMap<_, Content>| {
        contents.retain(|_, (.., deadline_ms)| deadline_ms.is_none_or(|at| at > horizon_ms));
        contents
    };
    let expected = lasting(engine.contents());
    assert!(expected.len() > ENOUGH_KEYS / 4, "the histories leave hardly anything: {}", expected.len());
    assert_eq!(lasting(redis_contents(&mut client)), expected);
}

#[test]
fn the_log_is_canonical_whatever_form_a_request_comes_in() {
    let mut stream = BytesMut::from(
        &b"set inline 'a b'\r\n  SET k v\nset x \"\\x00\\r\" EX 100\r\n*0\r\n*3\r\n$3\r\nSET\r\n$1\r\nlXX$1\r\nv\n\n*-1\r\n"[..],
    );
    let mut codec = RequestCodec::new(Limits::default());
    let mut engine = Engine::new(now_ms());
    while let Some(batch) = codec.decode(&mut stream).unwrap() {
        assert!(batch.error().is_none());
        batch.iter().for_each(|argv| drop(engine.run_argv(argv)));
    }
    assert_eq!(scan(&engine.log).whole_bytes, engine.log.len());
    let mut reader = Engine::new(now_ms());
    reader.replay(&engine.log);
    assert_eq!(reader.contents(), engine.contents());
    assert_eq!(reader.contents().len(), 4);
}

#[test]
fn nothing_expires_while_a_log_is_replayed() {
    let mut engine = Engine::new(5000);
    let mut log = Engine::new(5000);
    for request in ["SET n 5 PXAT 100", "SET l x PXAT 100"] {
        log.run(&request.split(' ').collect::<Vec<_>>());
    }
    engine.replay(&log.log);
    engine.replay(b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n*3\r\n$6\r\nAPPEND\r\n$1\r\nl\r\n$1\r\ny\r\n");
    let string = |text: &str| ("string", vec![text.as_bytes().to_vec()], Some(100));
    let expected = [("l", string("xy")), ("n", string("6"))].map(|(key, content)| ((0, key.into()), content));
    assert_eq!(engine.contents(), BTreeMap::from(expected));
    // Afterwards everything goes its way: found keys and ticks leave DELs.
    engine.run(&["GET", "n"]);
    engine.purge(10);
    let del = |key| format!("*2\r\n$3\r\nDEL\r\n$1\r\n{key}\r\n");
    let select = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n";
    assert_eq!(String::from_utf8_lossy(&engine.log), format!("{select}{}{}", del("n"), del("l")));
}

#[test]
fn times_to_live_in_old_logs_count_from_the_replay() {
    let mut engine = Engine::new(5000);
    let mut log = Vec::new();
    let requests = [
        "SET a v EX 10",
        "SET b v",
        "EXPIRE b 20",
        "SETEX c 30 v",
        "PSETEX d 400 v",
        "SET e v",
        "GETEX e PX 7",
        "EXPIREAT e 1",
        "MULTI",
        "SET f v",
        "exec",
    ];
    for request in requests {
        let words: Vec<_> = request.split(' ').map(str::as_bytes).collect();
        memora::persistence::aof::units::encode(&words, &mut log);
    }
    engine.replay(&log);
    let deadlines: Vec<_> = engine.contents().into_values().map(|(.., deadline_ms)| deadline_ms).collect();
    assert_eq!(deadlines, [Some(15_000), Some(25_000), Some(35_000), Some(5400), Some(1000), None]);
}

/// Runs the requests of a seed while the clock jumps and ticks remove keys.
fn live(engine: &mut Engine, generator: &Generator, seed: u64) {
    let mut random = Random::new(!seed);
    // Whether a sketch becomes dense depends on an option, which is in no log, in Redis either.
    let lasts =
        |request: &Words| !request.iter().any(|word| word.eq_ignore_ascii_case(b"hll-sparse-max-bytes"));
    for request in generator.case(seed).requests.into_iter().filter(lasts) {
        engine.run(&request);
        if random.chance(40) {
            engine.run(&random.one(MEETINGS).split(' ').collect::<Vec<_>>());
        }
        let now_ms = engine.now_ms();
        let jump = |jump_ms: i64| now_ms.saturating_add_signed(jump_ms);
        match random.below(20) {
            0 => engine.set_time(jump(random.between(0, LONGEST_JUMP_MS))),
            1 => engine.set_time(jump(-random.between(0, 10_000))),
            2 => engine.purge(random.below(4)),
            _ => engine.set_time(jump(random.between(0, 1000))),
        }
    }
}

/// What a real Redis holds, in the form of [`Engine::contents`].
fn redis_contents(client: &mut Client) -> BTreeMap<(usize, Vec<u8>), Content> {
    let mut contents = BTreeMap::new();
    for database in 0..16_usize {
        client.ask_text(&["SELECT", &database.to_string()]);
        for key in client.ask_text(&["KEYS", "*"]).items() {
            let key = key.bytes().to_vec();
            let content = redis_content(client, &key);
            contents.insert((database, key), content);
        }
    }
    contents
}

fn redis_content(client: &mut Client, key: &[u8]) -> Content {
    let mut ask = |name: &str, more: &[&str]| {
        let words = [name.as_bytes(), key].into_iter().chain(more.iter().map(|word| word.as_bytes()));
        client.ask(&words.map(<[u8]>::to_vec).collect::<Vec<_>>())
    };
    let bytes = |value: &Value| value.bytes().to_vec();
    let (kind, parts) = match ask("TYPE", &[]).bytes() {
        b"string" => ("string", vec![bytes(&ask("GET", &[]))]),
        b"list" => ("list", ask("LRANGE", &["0", "-1"]).items().into_iter().map(bytes).collect()),
        b"hash" => {
            let words: Vec<_> = ask("HGETALL", &[]).items().into_iter().map(bytes).collect();
            let fields: BTreeMap<_, _> =
                words.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
            ("hash", fields.into_iter().flat_map(|(field, value)| [field, value]).collect())
        }
        b"set" => {
            let mut members: Vec<_> = ask("SMEMBERS", &[]).items().into_iter().map(bytes).collect();
            members.sort();
            ("set", members)
        }
        b"zset" => {
            let words: Vec<_> =
                ask("ZRANGE", &["0", "-1", "WITHSCORES"]).items().into_iter().map(bytes).collect();
            let score = |text: &[u8]| String::from_utf8_lossy(text).parse::<f64>().unwrap();
            let bits = |text: &[u8]| score(text).to_bits().to_string().into_bytes();
            ("zset", words.chunks(2).flat_map(|pair| [pair[0].clone(), bits(&pair[1])]).collect())
        }
        other => panic!("a {} came out of Memora's log", other.escape_ascii()),
    };
    let deadline_ms = u64::try_from(ask("PEXPIRETIME", &[]).integer().unwrap()).ok();
    (kind, parts, deadline_ms)
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}
