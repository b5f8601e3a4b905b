//! Real client libraries with their default settings.
//!
//! Here the one for Rust; those for other languages are tried by hand, for they need their own tools.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod common;

use common::program::Program;
use redis::{Commands, Connection, RedisResult, SetExpiry, SetOptions};

/// Connects as an application does that follows the library's front page.
fn connect(program: &Program, parameters: &str) -> Connection {
    let url = format!("redis://{}/{parameters}", program.address());
    redis::Client::open(url).unwrap().get_connection().unwrap()
}

fn use_it(connection: &mut Connection) -> RedisResult<()> {
    let () = connection.set("text", "grüße")?;
    assert_eq!(connection.get::<_, String>("text")?, "grüße");
    assert_eq!(connection.get::<_, Option<String>>("none")?, None);
    let () = connection.set("bytes", &[0_u8, 255, 13, 10][..])?;
    assert_eq!(connection.get::<_, Vec<u8>>("bytes")?, [0, 255, 13, 10]);
    assert_eq!(connection.incr::<_, _, i64>("count", 5)?, 5);
    let () = connection.rpush("list", &["a", "b", "c"])?;
    assert_eq!(connection.lpop::<_, String>("list", None)?, "a");
    let () = connection.set_options("brief", 1, SetOptions::default().with_expiration(SetExpiry::EX(100)))?;
    assert!((1..=100).contains(&connection.ttl::<_, i64>("brief")?));

    let mut pipe = redis::pipe();
    for number in 0..1_000 {
        pipe.set(format!("pipe:{number}"), number).ignore().get(format!("pipe:{number}"));
    }
    assert_eq!(pipe.query::<Vec<i64>>(connection)?, (0..1_000).collect::<Vec<_>>());

    let error = redis::cmd("NOSUCH").query::<()>(connection).unwrap_err();
    assert!(error.to_string().contains("unknown command"), "{error}");
    assert_eq!(redis::cmd("PING").query::<String>(connection)?, "PONG");
    Ok(())
}

#[test]
fn redis_rs_works_in_both_protocols() {
    for parameters in ["", "?protocol=resp3", "5", "5?protocol=resp3"] {
        let program = Program::start(&[]);
        use_it(&mut connect(&program, parameters)).unwrap();
        program.client().wait_until_alone();
        let log = program.log();
        // The one that was asked for on purpose, and nothing that the library sends by itself.
        assert_eq!(log.matches("unknown command").count(), 1, "{log}");
        assert_eq!(log.matches(" WARN ").count(), 1, "{log}");
        assert!(!log.contains("ERROR"), "{log}");
    }
}

#[test]
fn redis_rs_authenticates() {
    let program = Program::start(&["--requirepass", "secret"]);
    for parameters in ["", "?protocol=resp3"] {
        for user in ["", "default"] {
            let url = format!("redis://{user}:secret@{}/{parameters}", program.address());
            let mut connection = redis::Client::open(url).unwrap().get_connection().unwrap();
            use_it(&mut connection).unwrap();
            let () = redis::cmd("FLUSHALL").query(&mut connection).unwrap();
        }
        let wrong = format!("redis://:wrong@{}/{parameters}", program.address());
        assert!(redis::Client::open(wrong).unwrap().get_connection().is_err());
    }
}

#[cfg(unix)]
#[test]
fn redis_rs_works_over_a_unix_socket() {
    let program = Program::start(&["--unixsocket", "socket"]);
    let url = format!("redis+unix://{}", program.dir.path().join("socket").display());
    let mut connection = redis::Client::open(url).unwrap().get_connection().unwrap();
    use_it(&mut connection).unwrap();
}

/// What a queue of jobs does: jobs are hashes, their numbers go through lists, results are told on a channel.
mod jobs {
    use redis::{Commands, Connection, Direction, RedisResult, pipe, transaction};

    pub(super) const JOBS: u32 = 200;

    pub(super) fn enqueue(connection: &mut Connection, job: u32) -> RedisResult<()> {
        let mut pipe = pipe();
        pipe.atomic().hset(format!("job:{job}"), "number", job).lpush("queue", job);
        pipe.query(connection)
    }

    /// Works until it gets a job with the number 0; answers how many it has done.
    pub(super) fn work(connection: &mut Connection) -> RedisResult<u32> {
        let mut done = 0;
        loop {
            let job: u32 = connection.blmove("queue", "taken", Direction::Right, Direction::Left, 0.0)?;
            if job == 0 {
                return Ok(done);
            }
            let key = format!("job:{job}");
            let total = transaction(connection, &[&key, "total"], |connection, pipe| {
                let number: u32 = connection.hget(&key, "number")?;
                let total: u32 = connection.get::<_, Option<u32>>("total")?.unwrap_or(0) + number;
                pipe.set("total", total).ignore().hset(&key, "state", "done").ignore();
                pipe.lrem("taken", 1, job).ignore().publish("done", job);
                pipe.query::<Option<Vec<u32>>>(connection)
            })?;
            assert_eq!(total, [1], "one listens");
            done += 1;
        }
    }
}

#[test]
fn workers_share_a_queue_of_jobs() {
    const WORKERS: u32 = 4;
    let program = Program::start(&[]);
    let mut client = connect(&program, "");
    let mut listener = connect(&program, "");
    let mut heard = listener.as_pubsub();
    heard.subscribe("done").unwrap();
    let done: u32 = std::thread::scope(|scope| {
        let work = || scope.spawn(|| jobs::work(&mut connect(&program, "?protocol=resp3")).unwrap());
        let workers: Vec<_> = (0..WORKERS).map(|_| work()).collect();
        (1..=jobs::JOBS).for_each(|job| jobs::enqueue(&mut client, job).unwrap());
        let mut told: Vec<u32> =
            (0..jobs::JOBS).map(|_| heard.get_message().unwrap().get_payload().unwrap()).collect();
        told.sort_unstable();
        assert_eq!(told, (1..=jobs::JOBS).collect::<Vec<_>>());
        let ends = vec![0; WORKERS as usize];
        let () = client.lpush("queue", ends).unwrap();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    assert_eq!(done, jobs::JOBS);
    assert_eq!(client.get::<_, u32>("total").unwrap(), (1..=jobs::JOBS).sum::<u32>());
    assert_eq!(client.llen::<_, u32>("taken").unwrap(), WORKERS);
}
