//! What a rewrite of the log costs its clients, in Memora and in redis-server: latency and memory, as Markdown.
//!
//! ```sh
//! cargo bench --bench rewrite                   # five rounds, about five minutes
//! cargo bench --bench rewrite -- --rounds 9 --redis /usr/local/bin/redis-server --memora target/release/memora-server
//! ```
//!
//! Each round starts both servers, one after the other, with `appendonly yes` and `appendfsync everysec`, fills them,
//! and then keeps up an open load: every tick sends one SET of a random key on each connection, whatever has been
//! answered so far, and the latency counts from the time at which the request was due. So a server that stands still
//! is charged for everything that had to wait. Latencies are exact (all samples are kept), ratios are worked out per
//! round, and the table has medians over the rounds.
//!
//! Absent on purpose: other numbers of connections, pipelines and commands; `compare.sh` has those.

#[cfg(target_os = "linux")]
mod rewrite {
    #[path = "../common/process.rs"]
    pub(super) mod process;
    pub(super) mod load;
    pub(super) mod server;
    pub(super) mod table;
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("skipped: the memory of a server is read from /proc, which only Linux has");
}

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    linux::main()
}

#[cfg(target_os = "linux")]
mod linux {
    use super::rewrite::load::{CONNECTIONS, Load, RATE_PER_S};
    use super::rewrite::process::{Kind, Programs};
    use super::rewrite::server::Server;
    use super::rewrite::table::{Round, print};
    use std::io;
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    /// How long the load is watched without a rewrite.
    const QUIET: Duration = Duration::from_secs(10);

    /// Rewrites follow each other until they have taken so long together.
    const REWRITING: Duration = Duration::from_secs(5);

    /// What the server gets to settle after the fill and after a rewrite.
    const REST: Duration = Duration::from_secs(2);

    pub(super) fn main() -> io::Result<()> {
        let (programs, rounds) = options();
        let mut results = Vec::new();
        for round in 0..rounds {
            let order =
                if round % 2 == 0 { [Kind::Memora, Kind::Redis] } else { [Kind::Redis, Kind::Memora] };
            for kind in order {
                eprintln!("round {} of {rounds}: {}", round + 1, kind.name());
                results.push((kind, measure(kind, &programs)?));
            }
        }
        println!("{rounds} rounds, {RATE_PER_S} requests per second over {CONNECTIONS} connections.\n");
        print(&results);
        Ok(())
    }

    fn measure(kind: Kind, programs: &Programs) -> io::Result<Round> {
        let mut server = Server::start(kind, programs)?;
        server.fill()?;
        sleep(REST);
        let load = Load::start(server.port())?;
        sleep(REST);
        let memory = server.memory_during(Server::rewrite)?;
        sleep(REST);
        let quiet = (Instant::now(), Instant::now() + QUIET);
        sleep(QUIET);
        let (mut busy, mut took) = (Vec::new(), Duration::ZERO);
        while took < REWRITING {
            let started = Instant::now();
            server.rewrite()?;
            busy.push((started, Instant::now()));
            took += started.elapsed();
        }
        let samples = load.stop();
        let rewrite_s = took.as_secs_f64() / busy.len() as f64;
        Ok(Round { quiet: samples.within(&[quiet]), busy: samples.within(&busy), memory, rewrite_s })
    }

    /// The programs and the number of rounds; cargo adds `--bench`.
    fn options() -> (Programs, usize) {
        let (mut programs, mut rounds) = (Programs::default(), 5);
        let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
        while let Some(option) = words.next() {
            let value = words.next().unwrap_or_else(|| panic!("{option} needs a value"));
            match option.as_str() {
                "--memora" => programs.memora = value,
                "--redis" => programs.redis = value,
                "--rounds" => rounds = value.parse().expect("--rounds needs a number"),
                _ => panic!("the options are --memora, --redis and --rounds"),
            }
        }
        (programs, rounds)
    }
}
