//! Pauses: what makes everybody else wait, and for how long.
//!
//! Each event has a server of its own, with what the event needs in it; the probe's own noise is the first row.

use crate::load::{Link, fill};
use crate::memory::{big_hash, big_set, big_sorted_set, string};
use crate::plan::{Bench, Plan, counted};
use crate::probe::longest_ms;
use crate::requests::{key, put, value};
use crate::servers::{Program, Server, until};
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The table that this part fills.
pub(crate) const PAUSES: &str = "longest wait of a PING, ms";

/// How long nothing happens, and how long a reply is not read.
const WATCHED: Duration = Duration::from_secs(1);

/// All keys that expire do so within this time.
const EXPIRY_SPREAD_MS: u64 = 1000;

/// The first guess how long keys take to be there before they expire, and how often it is doubled if it was wrong.
const EXPIRY_LEAD: Duration = Duration::from_secs(4);
const EXPIRY_ATTEMPTS: u32 = 5;

const ITEM_BYTES: usize = 16 * 1024;

/// Something that happens to a server: its description with `#` for a number, that number, and how it is done.
type Event = (&'static str, u64, fn(&Server, u64) -> io::Result<f64>);

const EVENTS: [Event; 19] = [
    ("nothing else happens", 0, |server, _| {
        longest_ms(server, || {
            sleep(WATCHED);
            Ok(())
        })
    }),
    ("growth to # keys", 5_000_000, |server, keys| longest_ms(server, || strings(server, keys))),
    ("`FLUSHALL` of # keys", 2_000_000, |server, keys| {
        strings(server, keys)?;
        during(server, b"FLUSHALL")
    }),
    ("`DEL` of a hash of # fields", 1_000_000, |server, fields| {
        fill(server, fields, big_hash)?;
        during(server, b"DEL big")
    }),
    ("# keys expire within a second", 1_000_000, expiry),
    ("`BGREWRITEAOF` of # keys", 2_000_000, |server, keys| {
        job(server, keys, "BGREWRITEAOF", &["aof_rewrite_in_progress", "aof_rewrite_scheduled"])
    }),
    ("`BGSAVE` of # keys", 2_000_000, |server, keys| {
        job(server, keys, "BGSAVE", &["rdb_bgsave_in_progress"])
    }),
    ("`KEYS *` of # keys", 1_000_000, |server, keys| {
        strings(server, keys)?;
        during(server, b"KEYS *")
    }),
    ("`HGETALL` of # fields", 1_000_000, |server, fields| {
        fill(server, fields, big_hash)?;
        during(server, b"HGETALL big")
    }),
    ("`DEL` of a set of # members", 1_000_000, |server, members| with_set(server, members, b"DEL big")),
    ("`DEL` of a sorted set of # members", 1_000_000, |server, members| {
        with_sorted_set(server, members, b"DEL big")
    }),
    ("`SMEMBERS` of # members", 1_000_000, |server, members| with_set(server, members, b"SMEMBERS big")),
    ("`ZRANGE` of # members", 1_000_000, |server, members| {
        with_sorted_set(server, members, b"ZRANGE big 0 -1 WITHSCORES")
    }),
    ("`SUNIONSTORE` of 2 sets of # members", 1_000_000, |server, members| {
        fill(server, members, |number, bytes| big_set("other", members / 2 + number, bytes))?;
        with_set(server, members, b"SUNIONSTORE all big other")
    }),
    ("`ZUNIONSTORE` of 2 sorted sets of # members", 1_000_000, |server, members| {
        fill(server, members, |number, bytes| big_sorted_set("other", members / 2 + number, bytes))?;
        with_sorted_set(server, members, b"ZUNIONSTORE all 2 big other")
    }),
    ("`SPOP` of half a set of # members", 1_000_000, |server, members| {
        with_set(server, members, format!("SPOP big {}", members / 2).as_bytes())
    }),
    ("`ZREMRANGEBYRANK` of half a sorted set of # members", 1_000_000, |server, members| {
        with_sorted_set(server, members, format!("ZREMRANGEBYRANK big 0 {}", members / 2).as_bytes())
    }),
    ("`LRANGE` of # MB that nobody reads", 100, unread),
    ("# clients arrive", 10_000, arrivals),
];

/// How many steps of the progress this part takes.
pub(crate) fn steps(bench: &Bench) -> u64 {
    (EVENTS.len() * bench.plan.rounds * bench.programs.len()) as u64
}

/// Measures all events in all rounds.
pub(crate) fn measure(bench: &mut Bench) -> io::Result<()> {
    for round in 0..bench.plan.rounds {
        for event in &EVENTS {
            let (what, size) = scaled(event, &bench.plan);
            for place in bench.order(round) {
                let program = bench.programs[place].clone();
                bench.step(round, program.kind, &what);
                let result = happen(event, size, &program, bench.plan.unix);
                let result = result.and_then(|ms| bench.results.add(PAUSES, &what, program.kind, Some(ms)));
                bench.or_skip(PAUSES, &what, program.kind, result)?;
            }
        }
    }
    Ok(())
}

fn scaled((what, size, _): &Event, plan: &Plan) -> (String, u64) {
    let size = (size / plan.divisor).min(if what.contains("clients") { plan.most_clients } else { u64::MAX });
    (what.replace('#', &counted(size)), size)
}

fn happen((_, _, event): &Event, size: u64, program: &Program, unix: bool) -> io::Result<f64> {
    event(&Server::start(program, unix)?, size)
}

fn strings(server: &Server, keys: u64) -> io::Result<()> {
    let value = value(10);
    fill(server, keys, |number, bytes| put(bytes, &[b"SET", key(number).as_bytes(), &value]))
}

/// The longest wait for a request to a set `big` of so many members.
fn with_set(server: &Server, members: u64, request: &[u8]) -> io::Result<f64> {
    fill(server, members, |number, bytes| big_set("big", number, bytes))?;
    during(server, request)
}

/// The longest wait for a request to a sorted set `big` of so many members.
fn with_sorted_set(server: &Server, members: u64, request: &[u8]) -> io::Result<f64> {
    fill(server, members, |number, bytes| big_sorted_set("big", number, bytes))?;
    during(server, request)
}

/// The longest wait until one request is answered to the end.
fn during(server: &Server, request: &[u8]) -> io::Result<f64> {
    server.rest();
    let mut link = Link::connect(&server.address)?;
    longest_ms(server, || {
        link.send(&[request, b"\r\n"].concat())?;
        link.await_replies(1)
    })
}

/// The longest wait while a job runs in the background, until none of these fields of `INFO` says so.
fn job(server: &Server, keys: u64, request: &str, fields: &[&str]) -> io::Result<f64> {
    fill(server, keys, |number, bytes| string(number, 10, bytes))?;
    server.rest();
    let mut client = server.client()?;
    longest_ms(server, || {
        client.ask(request)?;
        until(|| {
            let running = fields.iter().map(|field| client.info("persistence", field));
            Ok(running.sum::<io::Result<u64>>()? == 0)
        })
    })
}

/// The longest wait from just before the first key expires until all are gone.
fn expiry(server: &Server, keys: u64) -> io::Result<f64> {
    for attempt in 0..EXPIRY_ATTEMPTS {
        let started = Instant::now();
        let lead = EXPIRY_LEAD * 2_u32.pow(attempt);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
        let first_ms = u64::try_from((now + lead).as_millis()).map_err(io::Error::other)?;
        fill(server, keys, |number, bytes| {
            let deadline_ms = first_ms + number * EXPIRY_SPREAD_MS / keys;
            put(
                bytes,
                &[b"SET", key(number).as_bytes(), &value(10), b"PXAT", deadline_ms.to_string().as_bytes()],
            );
        })?;
        server.rest();
        if started.elapsed() < lead {
            sleep(lead - started.elapsed());
            let mut client = server.client()?;
            return longest_ms(server, || until(|| Ok(client.ask("DBSIZE")? == "0")));
        }
        server.client()?.ask("FLUSHALL")?;
    }
    Err(io::Error::other("the keys take so long to be there that they expire before"))
}

fn unread(server: &Server, megabytes: u64) -> io::Result<f64> {
    let item = value(ITEM_BYTES);
    let items = megabytes * 1_000_000 / ITEM_BYTES as u64;
    fill(server, items, |_, bytes| put(bytes, &[b"RPUSH", b"big", &item]))?;
    server.rest();
    let mut link = Link::connect(&server.address)?;
    longest_ms(server, || {
        link.send(b"LRANGE big 0 -1\r\n")?;
        sleep(WATCHED);
        Ok(())
    })
}

fn arrivals(server: &Server, clients: u64) -> io::Result<f64> {
    let mut links = Vec::new();
    longest_ms(server, || {
        for _ in 0..clients {
            links.push(Link::connect(&server.address)?);
        }
        server.has_clients(clients)
    })
}
