//! How well Memora and redis-server choose what to evict: hit ratios of the same requests, as Markdown.
//!
//! ```sh
//! cargo bench --bench eviction                    # about five minutes
//! cargo bench --bench eviction -- --redis /usr/local/bin/redis-server --memora target/release/memora-server
//! ```
//!
//! A cache is asked a million times for one of 200,000 keys, and what it has not is put there, 100 bytes each. Which key
//! is asked for follows a Zipf distribution, or one that is mixed with a scan: every fifth request is for a key that
//! never comes again. Hits are counted after the first fifth of the requests. Memora runs twice: with the same
//! `maxmemory` as Redis, and with as much as it needs for the number of keys that Redis held, which compares the
//! choices alone.
//!
//! Absent on purpose: speed; `compare.sh` measures that.

#[cfg(not(unix))]
fn main() {
    println!("skipped: the servers are talked to over Unix sockets");
}

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    unix::main()
}

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::io::{self, BufRead, BufReader, Read, Write};
    use std::os::unix::net::UnixStream;
    use std::path::PathBuf;
    use std::process::{Child, Command, Stdio};
    use std::thread::sleep;
    use std::time::Duration;

    const REQUESTS: usize = 1_000_000;

    /// So many come before hits are counted.
    const WARM_UP: usize = REQUESTS / 5;

    /// Keys that are asked for again and again.
    const KEYS: usize = 200_000;

    /// The exponent of the distribution, the usual one of benchmarks of caches.
    const SKEW: f64 = 0.99;

    /// In the mixed trace, one request in so many is part of the scan.
    const SCAN_EVERY: usize = 5;

    const VALUE_BYTES: usize = 100;

    /// Requests sent at once.
    const PIPELINE: usize = 16;

    const MAXMEMORY_BYTES: u64 = 8_000_000;

    /// Where a policy goes by deadlines, each key gets this one when it is put in.
    const TIME_TO_LIVE_S: u32 = 3600;

    const POLICIES: [&str; 5] =
        ["allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-ttl", "volatile-lru"];

    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Trace {
        Zipf,
        ZipfAndScan,
    }

    /// What became of a trace.
    struct Outcome {
        hits_percent: f64,
        keys: u64,
    }

    pub(super) fn main() -> io::Result<()> {
        let (memora, redis) = options();
        println!(
            "| requests | policy | Redis | Memora | Memora, as many keys | keys in Redis | keys in Memora |"
        );
        println!("|---|---|---:|---:|---:|---:|---:|");
        for (name, trace) in [("Zipf", Trace::Zipf), ("Zipf and scan", Trace::ZipfAndScan)] {
            let keys = trace.keys();
            for policy in POLICIES {
                let redis = replay(&redis, policy, MAXMEMORY_BYTES, &keys)?;
                let same_memory = replay(&memora, policy, MAXMEMORY_BYTES, &keys)?;
                let same_keys = replay_with(redis.keys, &memora, policy, &keys)?;
                println!(
                    "| {name} | `{policy}` | {:.2} % | {:.2} % | {:.2} % ({}) | {} | {} |",
                    redis.hits_percent,
                    same_memory.hits_percent,
                    same_keys.hits_percent,
                    same_keys.keys,
                    redis.keys,
                    same_memory.keys
                );
            }
        }
        Ok(())
    }

    /// The programs; cargo adds `--bench`.
    fn options() -> (String, String) {
        let memora = option_env!("CARGO_BIN_EXE_memora-server").unwrap_or("memora-server");
        let (mut memora, mut redis) = (memora.to_owned(), "redis-server".to_owned());
        let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
        while let Some(option) = words.next() {
            let value = words.next().unwrap_or_else(|| panic!("{option} needs a value"));
            match option.as_str() {
                "--memora" => memora = value,
                "--redis" => redis = value,
                _ => panic!("the options are --memora and --redis"),
            }
        }
        (memora, redis)
    }

    impl Trace {
        /// The number of the key of each request.
        fn keys(self) -> Vec<usize> {
            let (mut random, mut below, mut sum) = (1_u64, Vec::with_capacity(KEYS), 0.0);
            for rank in 1..=KEYS {
                sum += (rank as f64).powf(-SKEW);
                below.push(sum);
            }
            let mut scanned = KEYS;
            let mut next = |request: usize| {
                if self == Trace::ZipfAndScan && request % SCAN_EVERY == 0 {
                    scanned += 1;
                    return scanned;
                }
                random =
                    random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let place = (random >> 11) as f64 / (1_u64 << 53) as f64 * sum;
                below.partition_point(|bound| *bound < place)
            };
            (0..REQUESTS).map(&mut next).collect()
        }
    }

    fn replay(program: &str, policy: &str, maxmemory_bytes: u64, keys: &[usize]) -> io::Result<Outcome> {
        let mut server = Server::start(program, policy, maxmemory_bytes)?;
        let (mut hits, mut asked) = (0, 0);
        for (number, chunk) in keys.chunks(PIPELINE).enumerate() {
            let missed = server.ask(chunk)?;
            if number * PIPELINE >= WARM_UP {
                asked += chunk.len();
                hits += chunk.len() - missed.len();
            }
            server.put(&missed, policy)?;
        }
        let keys = server.number("DBSIZE\r\n")?;
        Ok(Outcome { hits_percent: 100.0 * hits as f64 / asked as f64, keys })
    }

    /// Gives a server the memory with which it comes to hold about so many keys.
    fn replay_with(wanted: u64, program: &str, policy: &str, keys: &[usize]) -> io::Result<Outcome> {
        let empty_bytes = Server::start(program, policy, 0)?.used_memory()?;
        let first_bytes = MAXMEMORY_BYTES * 3 / 4;
        let first = replay(program, policy, first_bytes, keys)?;
        let key_bytes = (first_bytes - empty_bytes) as f64 / first.keys as f64;
        replay(program, policy, empty_bytes + (key_bytes * wanted as f64) as u64, keys)
    }

    /// A server that ends with its owner.
    struct Server {
        child: Child,
        folder: PathBuf,
        connection: BufReader<UnixStream>,
        requests: Vec<u8>,
    }

    impl Server {
        fn start(program: &str, policy: &str, maxmemory_bytes: u64) -> io::Result<Self> {
            let folder = std::env::temp_dir().join(format!("memora-bench-{}", std::process::id()));
            fs::create_dir_all(&folder)?;
            let socket = folder.join("socket");
            let mut child = Command::new(program)
                .args(["--port", "0", "--save", "", "--maxmemory-policy", policy])
                .args(["--maxmemory", &maxmemory_bytes.to_string(), "--dir"])
                .arg(&folder)
                .arg("--unixsocket")
                .arg(&socket)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()?;
            let connection = loop {
                if let Some(status) = child.try_wait()? {
                    return Err(io::Error::other(format!("{program} ended: {status}")));
                }
                match UnixStream::connect(&socket) {
                    Ok(connection) => break BufReader::new(connection),
                    Err(_) => sleep(Duration::from_millis(10)),
                }
            };
            Ok(Self { child, folder, connection, requests: Vec::new() })
        }

        /// Asks for all of these; answers which are not there, each once.
        fn ask(&mut self, keys: &[usize]) -> io::Result<Vec<usize>> {
            for key in keys {
                write!(self.requests, "*2\r\n$3\r\nGET\r\n$12\r\nkey:{key:08}\r\n")?;
            }
            self.send()?;
            let mut missed = Vec::new();
            for key in keys {
                match self.line()?.as_str() {
                    "$-1" => missed.push(*key),
                    _ => self.connection.read_exact(&mut [0; VALUE_BYTES + 2])?,
                }
            }
            Ok(missed)
        }

        fn put(&mut self, keys: &[usize], policy: &str) -> io::Result<()> {
            let value = "x".repeat(VALUE_BYTES);
            for key in keys {
                if policy.starts_with("volatile") {
                    write!(
                        self.requests,
                        "*5\r\n$3\r\nSET\r\n$12\r\nkey:{key:08}\r\n${VALUE_BYTES}\r\n{value}\r\n"
                    )?;
                    write!(self.requests, "$2\r\nEX\r\n$4\r\n{TIME_TO_LIVE_S}\r\n")?;
                } else {
                    write!(
                        self.requests,
                        "*3\r\n$3\r\nSET\r\n$12\r\nkey:{key:08}\r\n${VALUE_BYTES}\r\n{value}\r\n"
                    )?;
                }
            }
            self.send()?;
            for _ in keys {
                assert_eq!(self.line()?, "+OK");
            }
            Ok(())
        }

        fn number(&mut self, request: &str) -> io::Result<u64> {
            self.requests.extend_from_slice(request.as_bytes());
            self.send()?;
            Ok(self.line()?.trim_start_matches([':', '$']).parse().expect("a number was asked for"))
        }

        fn used_memory(&mut self) -> io::Result<u64> {
            let length = self.number("INFO memory\r\n")?;
            let mut text = vec![0; length as usize + 2];
            self.connection.read_exact(&mut text)?;
            let text = String::from_utf8_lossy(&text);
            let used = text.lines().find_map(|line| line.strip_prefix("used_memory:"));
            Ok(used.and_then(|used| used.parse().ok()).expect("INFO tells it"))
        }

        fn send(&mut self) -> io::Result<()> {
            self.connection.get_mut().write_all(&self.requests)?;
            self.requests.clear();
            Ok(())
        }

        fn line(&mut self) -> io::Result<String> {
            let mut line = String::new();
            self.connection.read_line(&mut line)?;
            line.truncate(line.trim_end().len());
            Ok(line)
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            // There is nobody to tell whether it worked.
            let _ = self.child.kill();
            let _ = self.child.wait();
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}
