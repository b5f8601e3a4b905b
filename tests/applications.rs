//! What sorted sets are used for most, as applications write it with a published client library, unchanged: a
//! leaderboard, a rate limiter with a sliding window, and queues of delayed jobs.
//!
//! The time of day is an argument of the applications, so nothing waits for it to pass.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod common;
#[path = "oracle/random.rs"]
#[allow(dead_code, reason = "made for the oracle as well")]
mod random;

use common::program::Program;
use random::Random;
use redis::{Commands, Connection};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Both protocols.
const PARAMETERS: [&str; 2] = ["", "?protocol=resp3"];

fn connect(program: &Program, parameters: &str) -> Connection {
    let url = format!("redis://{}/{parameters}", program.address());
    redis::Client::open(url).unwrap().get_connection().unwrap()
}

/// Points of players, the best of whom are shown.
mod leaderboard {
    use redis::{Commands, Connection, RedisResult, cmd};

    const KEY: &str = "leaderboard";

    /// A place, from 0 on, with who is there and how many points that takes.
    pub(super) type Line = (usize, String, i64);

    pub(super) fn score(connection: &mut Connection, player: &str, points: i64) -> RedisResult<i64> {
        connection.zincr(KEY, player, points)
    }

    /// Notes a result where it is better than what the player had.
    pub(super) fn best(connection: &mut Connection, player: &str, points: i64) -> RedisResult<i64> {
        cmd("ZADD").arg(KEY).arg("GT").arg("CH").arg(points).arg(player).query(connection)
    }

    pub(super) fn top(connection: &mut Connection, count: isize) -> RedisResult<Vec<Line>> {
        page(connection, 0, count - 1)
    }

    /// Who is right before and behind a player.
    pub(super) fn around(connection: &mut Connection, player: &str) -> RedisResult<Vec<Line>> {
        let place: Option<isize> = connection.zrevrank(KEY, player)?;
        place.map_or(Ok(Vec::new()), |place| page(connection, (place - 2).max(0), place + 2))
    }

    fn page(connection: &mut Connection, first: isize, last: isize) -> RedisResult<Vec<Line>> {
        let lines: Vec<(String, i64)> =
            cmd("ZRANGE").arg(KEY).arg(first).arg(last).arg("REV").arg("WITHSCORES").query(connection)?;
        let places = usize::try_from(first).unwrap()..;
        Ok(places.zip(lines).map(|(place, (player, points))| (place, player, points)).collect())
    }
}

/// All lines of a board, the best first; equal ones the other way round as their names go.
fn board(points: &BTreeMap<String, i64>) -> Vec<leaderboard::Line> {
    let mut lines: Vec<_> = points.iter().map(|(player, points)| (*points, player.clone())).collect();
    lines.sort();
    lines.reverse();
    lines.into_iter().enumerate().map(|(place, (points, player))| (place, player, points)).collect()
}

#[test]
fn a_leaderboard_is_in_order() {
    for parameters in PARAMETERS {
        let program = Program::start(&[]);
        let mut connection = connect(&program, parameters);
        let (mut random, mut points) = (Random::new(7), BTreeMap::<String, i64>::new());
        for round in 0..1500 {
            let player = format!("player:{}", random.below(300));
            let gain = random.between(-30, 100);
            let had = points.get(&player).copied();
            if random.chance(80) {
                let sum = had.unwrap_or(0) + gain;
                assert_eq!(leaderboard::score(&mut connection, &player, gain).unwrap(), sum);
                points.insert(player.clone(), sum);
            } else {
                let better = had.is_none_or(|had| gain > had);
                assert_eq!(leaderboard::best(&mut connection, &player, gain).unwrap(), i64::from(better));
                points.insert(player.clone(), if better { gain } else { had.unwrap() });
            }
            if round % 10 == 0 {
                let lines = board(&points);
                assert_eq!(leaderboard::top(&mut connection, 10).unwrap(), lines[..lines.len().min(10)]);
                let place = lines.iter().position(|(_, other, _)| *other == player).unwrap();
                let around = &lines[place.saturating_sub(2)..lines.len().min(place + 3)];
                assert_eq!(leaderboard::around(&mut connection, &player).unwrap(), around);
            }
        }
        assert_eq!(leaderboard::around(&mut connection, "nobody").unwrap(), []);
    }
}

/// So many requests in any window of time.
mod limiter {
    use redis::{Connection, RedisResult, pipe};

    pub(super) const LIMIT: usize = 20;
    pub(super) const WINDOW_MS: u64 = 10_000;

    /// Whether a client may do what it asks for; `id` tells this time from others.
    pub(super) fn allows(connection: &mut Connection, key: &str, now_ms: u64, id: &str) -> RedisResult<bool> {
        let mut all = pipe();
        all.atomic();
        all.zrembyscore(key, "-inf", now_ms.saturating_sub(WINDOW_MS)).ignore();
        all.zadd(key, id, now_ms).ignore();
        all.zcard(key);
        all.pexpire(key, WINDOW_MS.try_into().unwrap()).ignore();
        let (count,): (usize,) = all.query(connection)?;
        if count > LIMIT {
            // What was refused does not count.
            let () = redis::cmd("ZREM").arg(key).arg(id).query(connection)?;
        }
        Ok(count <= LIMIT)
    }
}

#[test]
fn a_window_slides() {
    for parameters in PARAMETERS {
        let program = Program::start(&[]);
        let mut connection = connect(&program, parameters);
        let (mut random, mut now_ms) = (Random::new(11), 1_700_000_000_000_u64);
        let mut allowed = vec![VecDeque::<u64>::new(); 3];
        let mut refused = 0;
        for request in 0..3000 {
            now_ms += random.below(250) as u64;
            let client = random.below(3);
            let window = &mut allowed[client];
            while window.front().is_some_and(|at_ms| *at_ms <= now_ms - limiter::WINDOW_MS) {
                window.pop_front();
            }
            let expected = window.len() < limiter::LIMIT;
            if expected {
                window.push_back(now_ms);
            }
            refused += usize::from(!expected);
            let (key, id) = (format!("limit:{client}"), request.to_string());
            assert_eq!(limiter::allows(&mut connection, &key, now_ms, &id).unwrap(), expected, "{request}");
            assert_eq!(connection.zcard::<_, usize>(&key).unwrap(), window.len());
            let left_ms: u64 = connection.pttl(&key).unwrap();
            assert!((1..=limiter::WINDOW_MS).contains(&left_ms), "{left_ms}");
        }
        assert!((300..2700).contains(&refused), "{refused} of 3000 were refused");
    }
}

/// However many ask at the same time.
#[test]
fn a_limit_holds_among_many() {
    const CLIENTS: usize = 6;
    let program = Program::start(&[]);
    let ask = |client: usize| {
        let mut connection = connect(&program, PARAMETERS[client % 2]);
        let times = (0..50).map(|time| (1_700_000_000_000 + time as u64, format!("{client}:{time}")));
        times.filter(|(now_ms, id)| limiter::allows(&mut connection, "shared", *now_ms, id).unwrap()).count()
    };
    let allowed: usize = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|client| scope.spawn(move || ask(client))).collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    // Two that ask at once may each be refused for the other; nobody is allowed beyond the limit.
    assert!((1..=limiter::LIMIT).contains(&allowed), "{allowed}");
    assert_eq!(connect(&program, "").zcard::<_, usize>("shared").unwrap(), allowed);
}

/// Jobs that are due at a time, done once each by whoever gets them.
mod delayed {
    use redis::{Commands, Connection, RedisResult, transaction};

    pub(super) fn add(connection: &mut Connection, job: u64, due_ms: u64) -> RedisResult<usize> {
        connection.zadd("delayed", job, due_ms)
    }

    /// Takes a due job by removing it: whoever removes it has it.
    pub(super) fn claim(connection: &mut Connection, now_ms: u64) -> RedisResult<Option<u64>> {
        let due: Vec<u64> = connection.zrangebyscore_limit("delayed", "-inf", now_ms, 0, 3)?;
        for job in due {
            if connection.zrem::<_, _, usize>("delayed", job)? == 1 {
                return Ok(Some(job));
            }
        }
        Ok(None)
    }

    /// The same with a look that nobody may disturb, and a list of what is being done.
    pub(super) fn claim_watched(connection: &mut Connection, now_ms: u64) -> RedisResult<Option<u64>> {
        transaction(connection, &["delayed"], |connection, pipe| {
            let due: Vec<u64> = connection.zrangebyscore_limit("delayed", "-inf", now_ms, 0, 1)?;
            let Some(job) = due.first() else { return Ok(Some(None)) };
            pipe.zrem("delayed", job).lpush("taken", job).ignore();
            let removed: Option<(usize,)> = pipe.query(connection)?;
            Ok(removed.map(|(removed,)| {
                assert_eq!(removed, 1, "nobody else took what was watched");
                Some(*job)
            }))
        })
    }

    /// Takes the job that comes first, and waits for one.
    pub(super) fn wait(connection: &mut Connection) -> RedisResult<(u64, u64)> {
        let (_, job, due_ms): (String, u64, u64) = connection.bzpopmin("delayed", 0.0)?;
        Ok((job, due_ms))
    }
}

const JOBS: u64 = 400;
const WORKERS: usize = 4;

/// When a job is due: not in the order of their numbers, and several at once.
fn due_ms(job: u64) -> u64 {
    1000 + job * 7919 % JOBS / 3
}

type Claim = fn(&mut Connection, u64) -> redis::RedisResult<Option<u64>>;

/// Every job is done once, and none before its time, while the time goes on and jobs are still added.
fn do_all_jobs(claim: Claim) -> Program {
    let program = Program::start(&[]);
    let (now_ms, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = |worker: usize| {
        let mut connection = connect(&program, PARAMETERS[worker % 2]);
        let mut mine = Vec::new();
        while done.load(Ordering::Relaxed) < JOBS {
            let now_ms = now_ms.load(Ordering::Relaxed);
            match claim(&mut connection, now_ms).unwrap() {
                Some(job) => {
                    assert!(due_ms(job) <= now_ms, "{job} was done before its time");
                    mine.push(job);
                    done.fetch_add(1, Ordering::Relaxed);
                }
                None => thread::yield_now(),
            }
        }
        mine
    };
    let mut all: Vec<u64> = thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = (0..WORKERS).map(|worker| scope.spawn(move || work(worker))).collect();
        let mut connection = connect(&program, "");
        for job in 0..JOBS {
            assert_eq!(delayed::add(&mut connection, job, due_ms(job)).unwrap(), 1);
            now_ms.store(800 + job, Ordering::Relaxed);
        }
        now_ms.store(due_ms(0) + JOBS, Ordering::Relaxed);
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    all.sort_unstable();
    assert_eq!(all, (0..JOBS).collect::<Vec<_>>());
    assert!(!connect(&program, "").exists::<_, bool>("delayed").unwrap());
    program
}

#[test]
fn delayed_jobs_are_claimed_once_each() {
    do_all_jobs(delayed::claim);
}

#[test]
fn delayed_jobs_are_claimed_once_each_under_watch() {
    let program = do_all_jobs(delayed::claim_watched);
    let mut taken: Vec<u64> = connect(&program, "").lrange("taken", 0, -1).unwrap();
    taken.sort_unstable();
    assert_eq!(taken, (0..JOBS).collect::<Vec<_>>());
}

#[test]
fn workers_that_wait_get_each_job_once_and_the_first_first() {
    let program = Program::start(&[]);
    let mut client = connect(&program, "");
    // All that are there go in the order of their times.
    (0..JOBS).for_each(|job| assert_eq!(delayed::add(&mut client, job, due_ms(job)).unwrap(), 1));
    let first: Vec<_> = (0..JOBS / 2).map(|_| delayed::wait(&mut client).unwrap()).collect();
    assert!(first.iter().map(|(_, due_ms)| due_ms).is_sorted());
    assert!(first.iter().all(|(job, at_ms)| due_ms(*job) == *at_ms));
    let work = |worker: usize| {
        let mut connection = connect(&program, PARAMETERS[worker % 2]);
        let jobs = std::iter::repeat_with(|| delayed::wait(&mut connection).unwrap().0);
        jobs.take_while(|job| *job < 2 * JOBS).collect::<Vec<_>>()
    };
    let mut all: Vec<u64> = thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = (0..WORKERS).map(|worker| scope.spawn(move || work(worker))).collect();
        (JOBS..2 * JOBS).for_each(|job| assert_eq!(delayed::add(&mut client, job, due_ms(job)).unwrap(), 1));
        // The last ones tell the workers that there are no more.
        let last = due_ms(0) + JOBS;
        (0..WORKERS as u64)
            .for_each(|end| assert_eq!(delayed::add(&mut client, 2 * JOBS + end, last).unwrap(), 1));
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    all.extend(first.iter().map(|(job, _)| job));
    all.sort_unstable();
    assert_eq!(all, (0..2 * JOBS).collect::<Vec<_>>());
}
