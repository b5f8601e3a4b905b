//! Clients that wait and clients that listen, in Memora and in redis-server, as Markdown.
//!
//! ```sh
//! cargo bench --bench conversations                  # five rounds, about two minutes
//! cargo bench --bench conversations -- --rounds 9 --redis /usr/local/bin/redis-server --memora target/release/memora-server
//! ```
//!
//! One publisher and a thousand subscribers: messages per second until the last of them has everything, and the
//! processor time of the server for each message that it delivers. Ten thousand clients that wait for ten thousand lists:
//! what the server does meanwhile (nothing), and what a push costs that wakes one of them, beside a push where
//! that one waits alone. Both servers are measured in every round and take turns at being first; ratios are worked out
//! per round, and the tables have medians over the rounds. Who may not open ten thousand sockets takes as many as he may,
//! and the table says so.

#[cfg(target_os = "linux")]
mod conversations {
    #[path = "../common/process.rs"]
    pub(super) mod process;
    pub(super) mod blocked;
    pub(super) mod publish;
    pub(super) mod server;
    pub(super) mod table;
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("skipped: the processor time of a server is read from /proc, which only Linux has");
}

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    linux::main()
}

#[cfg(target_os = "linux")]
mod linux {
    use super::conversations::process::{Kind, Programs};
    use super::conversations::server::Server;
    use super::conversations::{blocked, publish, table};
    use std::io;

    pub(super) fn main() -> io::Result<()> {
        let (programs, rounds) = options();
        let clients = blocked::clients();
        let mut results = table::Results::default();
        for round in 0..rounds {
            let order =
                if round % 2 == 0 { [Kind::Memora, Kind::Redis] } else { [Kind::Redis, Kind::Memora] };
            for kind in order {
                eprintln!("round {} of {rounds}: {}", round + 1, kind.name());
                let mut server = Server::start(kind, &programs)?;
                publish::measure(&server, &mut |what, value| results.add(kind, what, value))?;
                blocked::measure(&mut server, clients, &mut |what, value| results.add(kind, what, value))?;
            }
        }
        println!(
            "{rounds} rounds, {} subscribers, {clients} clients that wait.\n\n{results}",
            publish::SUBSCRIBERS
        );
        Ok(())
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
