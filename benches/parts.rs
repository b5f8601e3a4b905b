//! The parts of a request's way, each alone: nanoseconds for the decoder, the encoder, the dict, and the commands of each
//! family.
//!
//! ```sh
//! cargo bench --bench parts                  # about three minutes
//! cargo bench --bench parts -- dict          # one group
//! ```
//!
//! Criterion compares with the run before. No sockets, no actors, no threads; what a whole server does per request
//! is counted by `benches/instructions.sh`, and measured beside redis-server by the program in `examples/bench`.

#![allow(clippy::unwrap_used, reason = "in a benchmark, a panic is the report")]
// The engine is made for tests that ask more of it.
#![allow(dead_code)]

#[path = "../tests/propagation/engine.rs"]
mod engine;

use bytes::BytesMut;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use engine::Engine;
use memora::resp::{DetachedRequest, Limits, Protocol, Reply, ReplyBuffer, RequestCodec, encode_request};
use memora::store::{Deadline, HashKey, Random, Store};
use std::hint::black_box;
use std::time::Duration;
use tokio_util::codec::Decoder;

/// Requests or replies at a time.
const PIPELINE: u64 = 100;

/// Keys of the dict, few enough for the processor's caches and many more than that.
const KEYS: [usize; 2] = [10_000, 1_000_000];

/// Elements of each collection.
const ELEMENTS: usize = 1000;

/// How long each is measured, and run before that.
const MEASURED: Duration = Duration::from_secs(3);
const WARM: Duration = Duration::from_secs(1);

/// When everything happens, Unix time in milliseconds.
const NOW_MS: u64 = 1_700_000_000_000;

type MakeReply = fn() -> Reply;

fn main() {
    let short = Criterion::default().measurement_time(MEASURED).warm_up_time(WARM);
    let mut criterion = short.configure_from_args();
    decoder(&mut criterion);
    encoder(&mut criterion);
    dict(&mut criterion);
    families(&mut criterion);
    criterion.final_summary();
}

/// Bytes to batches of requests.
fn decoder(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decoder");
    group.throughput(Throughput::Elements(PIPELINE));
    let big = vec![b'v'; 1000];
    for (name, request) in [
        ("GET", vec![&b"GET"[..], b"key:000000000001"]),
        ("SET", vec![b"SET", b"key:000000000001", b"value"]),
        ("SET of 1000 bytes", vec![b"SET", b"key:000000000001", &big]),
    ] {
        let mut bytes = BytesMut::new();
        (0..PIPELINE).for_each(|_| encode_request(&request, &mut bytes));
        let (mut codec, mut buffer) = (RequestCodec::new(Limits::default()), BytesMut::new());
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                codec.reserve(&mut buffer);
                buffer.extend_from_slice(&bytes);
                while let Some(batch) = codec.decode(&mut buffer).unwrap() {
                    codec.recycle(black_box(batch));
                }
            });
        });
    }
}

/// Replies to bytes.
fn encoder(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encoder");
    group.throughput(Throughput::Elements(PIPELINE));
    let replies: [(&str, MakeReply); 4] = [
        ("status", || Reply::OK),
        ("integer", || Reply::Integer(1_234_567)),
        ("string", || Reply::bulk(&b"a value of some bytes"[..])),
        ("array of 10", || Reply::Array((0..10).map(Reply::Integer).collect())),
    ];
    for (name, reply) in replies {
        let mut buffer = ReplyBuffer::default();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                (0..PIPELINE).for_each(|_| buffer.push(reply(), Protocol::Resp2));
                black_box(&buffer);
                buffer.clear();
            });
        });
    }
}

/// Keys found, set and replaced.
fn dict(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dict");
    for keys in KEYS {
        let mut store = Store::new(1, HashKey(1, 2));
        let names: Vec<_> = (0..keys).map(|number| format!("key:{number:012}").into_bytes()).collect();
        for name in &names {
            store.db(0).set_string(name, b"value", Deadline::Clear, NOW_MS);
        }
        let mut random = Random::new(1);
        group.bench_function(format!("get, {keys} keys"), |bencher| {
            bencher.iter(|| store.db(0).get(&names[random.below(keys)], NOW_MS).is_some());
        });
        group.bench_function(format!("replace, {keys} keys"), |bencher| {
            bencher.iter(|| {
                store.db(0).set_string(&names[random.below(keys)], b"other", Deadline::Clear, NOW_MS)
            });
        });
        group.bench_function(format!("remove and insert, {keys} keys"), |bencher| {
            bencher.iter(|| {
                let name = &names[random.below(keys)];
                drop(store.db(0).remove(name, NOW_MS));
                store.db(0).set_string(name, b"value", Deadline::Clear, NOW_MS)
            });
        });
        group.bench_function(format!("snapshot, {keys} keys"), |bencher| {
            bencher.iter(|| store.db(0).snapshot())
        });
    }
}

/// Commands with what they leave in the log, collections with many elements.
fn families(criterion: &mut Criterion) {
    let mut engine = Engine::new(NOW_MS);
    engine.run(&["SET", "string", "a value of some bytes"]);
    for number in 0..ELEMENTS {
        let (field, score) = (format!("member:{number:07}"), number.to_string());
        engine.run(&["RPUSH", "list", &field]);
        engine.run(&["HSET", "hash", &field, &score]);
        engine.run(&["SADD", "set", &field]);
        engine.run(&["ZADD", "zset", &score, &field]);
        engine.run(&["PFADD", "sketch", &field]);
    }
    engine.run(&["GEOADD", "geo", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669", "Catania"]);
    let mut group = criterion.benchmark_group("families");
    for request in [
        "GET string",
        "SET string value",
        "SET string value PX 100000",
        "INCR counter",
        "APPEND tail x",
        "SETBIT bits 1000 1",
        "LRANGE list 0 99",
        "LINDEX list 500",
        "HGET hash member:0000500",
        "HSET hash member:0000500 other",
        "HGETALL hash",
        "SISMEMBER set member:0000500",
        "SRANDMEMBER set 10",
        "ZSCORE zset member:0000500",
        "ZADD zset 500.5 member:0000500",
        "ZRANK zset member:0000500",
        "ZRANGE zset 0 99",
        "ZRANGEBYSCORE zset 100 199",
        "PFADD sketch member:0000500",
        "PFCOUNT sketch",
        "GEODIST geo Palermo Catania",
        "EXPIRE string 1000",
        "TYPE string",
    ] {
        run(&mut group, &mut engine, request);
    }
    // In pairs, so that as much comes as goes.
    for (there, back) in
        [("LPUSH list x", "LPOP list"), ("SADD set x", "SREM set x"), ("ZADD zset 1 x", "ZREM zset x")]
    {
        let requests = [there, back].map(request);
        group.bench_function(format!("{there}, {back}"), |bencher| {
            bencher.iter(|| {
                engine.log.clear();
                requests.each_ref().map(|request| engine.run_argv(request.argv()))
            });
        });
    }
}

fn run(group: &mut BenchmarkGroup<'_, WallTime>, engine: &mut Engine, text: &str) {
    let request = request(text);
    assert!(!matches!(engine.run_argv(request.argv()), Reply::Error(_)), "{text}");
    let mut replies = ReplyBuffer::default();
    group.bench_function(text, |bencher| {
        bencher.iter(|| {
            replies.push(engine.run_argv(request.argv()), Protocol::Resp2);
            replies.clear();
            engine.log.clear();
        });
    });
}

fn request(text: &str) -> DetachedRequest {
    DetachedRequest::new(&text.split(' ').collect::<Vec<_>>())
}
