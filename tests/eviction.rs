//! Memory limits: what is refused, which keys and clients have to go, and who hears of it.
//!
//! Most servers here are told by the test how much memory is in use, so that what happens is certain: while the figure
//! stays above the limit, every key goes that may.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod common;

use common::program::Program;
use common::{Client, eventually, options, request, server_with_clock};
use memora::config::Config;
use memora::config::values::{AppendFsync, ClientsMemory, EvictionPolicy};
use memora::exit::Exit;
use memora::resp::Reply;
use memora::server::{Embedding, Server};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const OOM: &str = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

/// What is in use by the figures below when memory is full, and the limit.
const FULL: usize = 2_000_000;
const LIMIT: usize = 1_000_000;

/// A figure for each server of this program; each is used by one test.
static USED: [AtomicUsize; 16] = [const { AtomicUsize::new(0) }; 16];

fn used<const FIGURE: usize>() -> usize {
    USED[FIGURE].load(Ordering::Relaxed)
}

/// A server with a memory limit and this policy, in a process of which the test says how much memory it has.
struct Limited {
    server: Server,
    used: &'static AtomicUsize,
}

impl Limited {
    fn start<const FIGURE: usize>(policy: EvictionPolicy) -> Self {
        Self::start_with::<FIGURE>(Config { maxmemory_policy: policy, ..options() })
    }

    fn start_with<const FIGURE: usize>(config: Config) -> Self {
        let embedding = Embedding { allocated_bytes: Some(used::<FIGURE>), ..Embedding::default() };
        let server = Server::start_with(Config { maxmemory: LIMIT, ..config }, embedding).unwrap();
        Self { server, used: &USED[FIGURE] }
    }

    fn client(&self) -> Client {
        Client::of(&self.server)
    }

    fn fill(&self) {
        self.used.store(FULL, Ordering::Relaxed);
    }

    fn relieve(&self) {
        self.used.store(0, Ordering::Relaxed);
    }
}

#[test]
fn without_eviction_what_takes_memory_is_refused() {
    let limited = Limited::start::<0>(EvictionPolicy::Noeviction);
    let mut client = limited.client();
    client.exchange("SET k v\r\n", "+OK\r\n");
    limited.fill();
    for refused in ["SET k w", "APPEND k w", "RPUSH l a", "HSET h f v", "COPY k l", "GETSET k v"] {
        client.exchange(format!("{refused}\r\n"), OOM);
    }
    client.exchange("GET k\r\n", "$1\r\nv\r\n");
    client.exchange("EXPIRE k 1000\r\n", ":1\r\n");
    client.exchange("DEL k\r\n", ":1\r\n");
    assert_eq!(client.count("stats", "evicted_keys"), 0);
    assert_eq!(client.count("errorstats", "errorstat_OOM.count"), 6);
    assert!(client.info("stats", "current_eviction_exceeded_time").parse::<u64>().is_ok());

    // There is room again, or no limit.
    limited.relieve();
    client.exchange("SET k v\r\n", "+OK\r\n");
    limited.fill();
    client.exchange("SET k w\r\n", OOM);
    client.exchange("CONFIG SET maxmemory 3mb\r\n", "+OK\r\n");
    client.exchange("SET k w\r\n", "+OK\r\n");
    client.exchange("CONFIG SET maxmemory 1mb\r\n", "+OK\r\n");
    client.exchange("SET k x\r\n", OOM);
    client.exchange("CONFIG SET maxmemory 0\r\n", "+OK\r\n");
    client.exchange("SET k x\r\n", "+OK\r\n");
}

#[test]
fn transactions_are_refused_as_a_whole_or_run_as_a_whole() {
    let limited = Limited::start::<1>(EvictionPolicy::Noeviction);
    let mut client = limited.client();
    // Filled before EXEC: refused there if a command takes memory.
    client.exchange("MULTI\r\nSET k v\r\nGET k\r\n", "+OK\r\n+QUEUED\r\n+QUEUED\r\n");
    limited.fill();
    let aborted = "-EXECABORT Transaction discarded because of: OOM command not allowed when used memory > \
         'maxmemory'.\r\n";
    client.exchange("EXEC\r\n", aborted);
    limited.relieve();
    client.exchange("MULTI\r\nGET k\r\n", "+OK\r\n+QUEUED\r\n");
    limited.fill();
    client.exchange("EXEC\r\n", "*1\r\n$-1\r\n");
    // Filled before a command is queued: a queue takes memory, whatever is in it.
    client.exchange("MULTI\r\nGET k\r\n", format!("+OK\r\n{OOM}"));
    let aborted = "-EXECABORT Transaction discarded because of previous errors.\r\n";
    client.exchange("EXEC\r\n", aborted);
    client.exchange("MULTI\r\nDISCARD\r\n", "+OK\r\n+OK\r\n");
}

/// Which of the keys `plain:…` and `brief:…`, a hundred each, are left under a policy when memory is full.
fn left_under<const FIGURE: usize>(policy: EvictionPolicy) -> (usize, usize) {
    let limited = Limited::start::<FIGURE>(policy);
    let mut client = limited.client();
    for number in 0..100 {
        client.exchange(format!("SET plain:{number} v\r\n"), "+OK\r\n");
        client.exchange(format!("SELECT {}\r\n", number % 3), "+OK\r\n");
        client.exchange(format!("SET brief:{number} v EX {}\r\n", 1000 + number), "+OK\r\n");
        client.exchange("SELECT 0\r\n", "+OK\r\n");
    }
    limited.fill();
    client.exchange("CONFIG SET maxmemory-eviction-tenacity 100\r\n", "+OK\r\n");
    client.exchange("SET new v\r\n", OOM);
    limited.relieve();
    let (mut plain, mut brief) = (0, 0);
    for database in 0..3 {
        client.exchange(format!("SELECT {database}\r\n"), "+OK\r\n");
        let Reply::Array(keys) = client.call(&["KEYS", "plain:*"]) else { panic!() };
        plain += keys.len();
        let Reply::Array(keys) = client.call(&["KEYS", "brief:*"]) else { panic!() };
        brief += keys.len();
    }
    assert_eq!(client.count("stats", "evicted_keys"), 200 - (plain + brief) as u64);
    (plain, brief)
}

#[test]
fn a_policy_evicts_what_it_may_and_nothing_else() {
    assert_eq!(left_under::<2>(EvictionPolicy::Noeviction), (100, 100));
    assert_eq!(left_under::<3>(EvictionPolicy::AllkeysLru), (0, 0));
    assert_eq!(left_under::<4>(EvictionPolicy::AllkeysLfu), (0, 0));
    assert_eq!(left_under::<5>(EvictionPolicy::AllkeysRandom), (0, 0));
    assert_eq!(left_under::<6>(EvictionPolicy::VolatileLru), (100, 0));
    assert_eq!(left_under::<7>(EvictionPolicy::VolatileLfu), (100, 0));
    assert_eq!(left_under::<8>(EvictionPolicy::VolatileRandom), (100, 0));
    assert_eq!(left_under::<9>(EvictionPolicy::VolatileTtl), (100, 0));
}

#[test]
fn what_only_a_snapshot_keeps_does_not_count() {
    // So many that KEYS lists a snapshot of them.
    const KEYS: usize = 5000;
    let limited = Limited::start::<15>(EvictionPolicy::AllkeysRandom);
    let [mut client, mut reader] = [limited.client(), limited.client()];
    let evicted = |client: &mut Client| client.count("stats", "evicted_keys");
    for number in 0..KEYS {
        client.exchange(request(&["SET", &format!("{number:04000}"), "v"]), "+OK\r\n");
    }
    // More than sockets hold: the list, and with it the snapshot, waits for its reader.
    reader.send("KEYS *\r\n");
    reader.expect(format!("*{KEYS}\r\n"));
    // A few keys too many: what is evicted is taken from what was used, although no memory comes back.
    limited.used.store(LIMIT + LIMIT / 100, Ordering::Relaxed);
    for number in 0..10 {
        client.exchange(format!("SET new:{number} v\r\n"), "+OK\r\n");
    }
    let few = evicted(&mut client);
    assert!((KEYS as u64 / 100..KEYS as u64 / 50).contains(&few), "{few}");
    // Changes copy what the snapshot keeps. That does not count either.
    limited.used.store(2 * LIMIT, Ordering::Relaxed);
    client.exchange("SET new:0 w\r\n", "+OK\r\n");
    assert_eq!(evicted(&mut client), few);
    drop(reader);
    eventually("the memory is used, as no snapshot keeps it", || {
        client.call(&["PING"]);
        evicted(&mut client) > KEYS as u64
    });
}

#[test]
fn an_eviction_is_told_to_all_whom_it_concerns() {
    let limited = Limited::start::<10>(EvictionPolicy::AllkeysLru);
    let [mut client, mut listener, mut reader] = [limited.client(), limited.client(), limited.client()];
    client.exchange("CONFIG SET notify-keyspace-events Ee\r\n", "+OK\r\n");
    listener.exchange(
        "SUBSCRIBE __keyevent@0__:evicted\r\n",
        "*3\r\n$9\r\nsubscribe\r\n$22\r\n__keyevent@0__:evicted\r\n:1\r\n",
    );
    client.exchange("SET k v\r\n", "+OK\r\n");
    reader.call(&["HELLO", "3"]);
    reader.exchange("CLIENT TRACKING ON\r\nGET k\r\n", "+OK\r\n$1\r\nv\r\n");
    reader.exchange("WATCH k\r\nMULTI\r\nPING\r\n", "+OK\r\n+OK\r\n+QUEUED\r\n");
    limited.fill();
    client.exchange("EXISTS k\r\n", ":0\r\n");
    listener.expect("*3\r\n$7\r\nmessage\r\n$22\r\n__keyevent@0__:evicted\r\n$1\r\nk\r\n");
    reader.expect(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n");
    limited.relieve();
    reader.exchange("EXEC\r\n", "_\r\n");
    assert_eq!(client.count("stats", "evicted_keys"), 1);
}

#[test]
fn what_there_is_no_time_for_is_evicted_later() {
    let limited = Limited::start_with::<11>(Config {
        maxmemory_policy: EvictionPolicy::AllkeysRandom,
        maxmemory_eviction_tenacity: 0,
        ..options()
    });
    let [mut client, mut listener] = [limited.client(), limited.client()];
    client.exchange("CONFIG SET notify-keyspace-events Ee\r\n", "+OK\r\n");
    for number in 0..100 {
        client.exchange(format!("SET {number} v\r\n"), "+OK\r\n");
    }
    listener.call(&["SUBSCRIBE", "__keyevent@0__:evicted"]);
    limited.fill();
    // A command waits for few of them, and no other comes: the rest go by themselves.
    let Reply::Integer(left) = client.call(&["DBSIZE"]) else { panic!() };
    assert!((1..100).contains(&left), "{left}");
    for _ in 0..100 {
        assert!(matches!(listener.reply(), Reply::Array(_)));
    }
    limited.relieve();
    client.exchange("DBSIZE\r\n", ":0\r\n");
    assert_eq!(client.count("stats", "evicted_keys"), 100);
}

#[test]
fn a_paused_server_evicts_nothing() {
    let limited = Limited::start::<12>(EvictionPolicy::AllkeysLru);
    let mut client = limited.client();
    client.exchange("SET k v\r\n", "+OK\r\n");
    client.exchange("CLIENT PAUSE 100000 WRITE\r\n", "+OK\r\n");
    limited.fill();
    client.exchange("GET k\r\n", "$1\r\nv\r\n");
    client.exchange("CLIENT UNPAUSE\r\n", "+OK\r\n");
    client.exchange("GET k\r\n", "$-1\r\n");
}

#[test]
fn clients_whose_use_does_not_count_leave_keys_idle() {
    let (server, time) = server_with_clock(options());
    let mut client = Client::of(&server);
    client.exchange("SET k v\r\n", "+OK\r\n");
    time.advance(Duration::from_secs(1000));
    client.exchange("CLIENT NO-TOUCH ON\r\nGET k\r\nAPPEND k w\r\n", "+OK\r\n$1\r\nv\r\n:2\r\n");
    client.exchange("MULTI\r\nGET k\r\nEXEC\r\n", "+OK\r\n+QUEUED\r\n*1\r\n$2\r\nvw\r\n");
    client.exchange("OBJECT IDLETIME k\r\n", ":1000\r\n");
    Client::of(&server).exchange("STRLEN k\r\nOBJECT IDLETIME k\r\n", ":2\r\n:0\r\n");
    time.advance(Duration::from_secs(1000));
    client.exchange("TOUCH k\r\nOBJECT IDLETIME k\r\n", ":1\r\n:0\r\n");
    time.advance(Duration::from_secs(1000));
    client.exchange("CLIENT NO-TOUCH OFF\r\nEXISTS k\r\nOBJECT IDLETIME k\r\n", "+OK\r\n:1\r\n:1000\r\n");
    client.exchange("GET k\r\nOBJECT IDLETIME k\r\n", "$2\r\nvw\r\n:0\r\n");
}

#[test]
fn evicted_keys_stay_gone() {
    let dir = tempfile::tempdir().unwrap();
    let config = || Config {
        dir: dir.path().to_owned(),
        appendonly: true,
        appendfsync: AppendFsync::Always,
        maxmemory_policy: EvictionPolicy::VolatileTtl,
        ..options()
    };
    let limited = Limited::start_with::<13>(config());
    let mut client = limited.client();
    client.exchange("SET stays v\r\nSET goes v EX 1000\r\n", "+OK\r\n+OK\r\n");
    limited.fill();
    client.exchange("EXISTS goes stays\r\n", ":1\r\n");
    limited.relieve();
    client.exchange("SET last v\r\n", "+OK\r\n");
    drop(client);
    assert_eq!(limited.server.shut_down(), Exit::Graceful);
    let log = fs::read_to_string(dir.path().join("appendonlydir/appendonly.aof.1.incr.aof")).unwrap();
    assert!(log.contains("*2\r\n$3\r\nDEL\r\n$4\r\ngoes\r\n"), "{log}");
    let limited = Limited::start_with::<13>(config());
    limited.client().exchange("EXISTS goes stays last\r\n", ":2\r\n");
}

#[test]
fn the_clients_with_the_most_memory_go() {
    let limited =
        Limited::start_with::<14>(Config { maxmemory_clients: ClientsMemory::Bytes(4_000_000), ..options() });
    let [mut watcher, mut small, mut big, mut exempt] = [(); 4].map(|()| limited.client());
    exempt.exchange("CLIENT NO-EVICT ON\r\n", "+OK\r\n");
    for client in [&mut exempt, &mut small, &mut big] {
        client.exchange("MULTI\r\n", "+OK\r\n");
    }
    let queue = |client: &mut Client, count: usize| {
        client.send(request(&["ECHO", &"x".repeat(count)]));
        assert_eq!(client.reply(), Reply::Simple("QUEUED".into()));
    };
    queue(&mut small, 100_000);
    queue(&mut exempt, 6_000_000);
    // It may be closed before it has sent all.
    let _ = big.try_send(request(&["ECHO", &"x".repeat(6_000_000)]));
    eventually("a client is evicted", || watcher.count("stats", "evicted_clients") == 1);
    // Whether it was told that its command is queued is a matter of luck.
    let rest = big.rest().unwrap_or_default();
    assert!(rest.is_empty() || rest == b"+QUEUED\r\n", "{}", rest.escape_ascii());
    small.exchange("DISCARD\r\n", "+OK\r\n");
    exempt.exchange("DISCARD\r\n", "+OK\r\n");
}

#[test]
fn a_real_server_keeps_its_limit() {
    let program =
        Program::start(&["--save", "", "--maxmemory-policy", "allkeys-lru", "--maxmemory-samples", "10"]);
    let mut client = program.client();
    let limit = client.count("memory", "used_memory") + 3_000_000;
    client.exchange(format!("CONFIG SET maxmemory {limit}\r\n"), "+OK\r\n");
    let value = "x".repeat(1000);
    for number in 0..10_000 {
        client.exchange(request(&["SET", &number.to_string(), &value]), "+OK\r\n");
    }
    let used = client.count("memory", "used_memory");
    assert!(used <= limit + 100_000, "{used} of {limit}");
    let Reply::Integer(left) = client.call(&["DBSIZE"]) else { panic!() };
    assert!((1500..3000).contains(&left), "{left}");
    assert!(client.count("stats", "evicted_keys") + left as u64 >= 10_000);
    // What came last is still there, nearly without exception.
    let there =
        (9_500..10_000).filter(|number| client.call(&["EXISTS", &number.to_string()]) == Reply::Integer(1));
    assert!(there.count() > 480);
    // A smaller limit is kept soon, also by big values that another thread frees.
    for number in 0..20 {
        client.call(&["RPUSH", "list", &"y".repeat(number * 1000)]);
    }
    client.exchange("CONFIG SET maxmemory-eviction-tenacity 100\r\n", "+OK\r\n");
    client.exchange(format!("CONFIG SET maxmemory {}\r\n", limit - 2_000_000), "+OK\r\n");
    eventually("there is room", || client.count("memory", "used_memory") <= limit - 1_900_000);
    assert!(client.call(&["DBSIZE"]) != Reply::Integer(0), "not more than it takes");
}

#[test]
fn snapshots_keep_how_keys_are_used() {
    for (policy, question) in [("allkeys-lru", "IDLETIME"), ("volatile-lfu", "FREQ")] {
        let arguments = ["--save", "", "--enable-debug-command", "yes", "--maxmemory-policy", policy];
        let program = Program::start(&arguments);
        let mut client = program.client();
        client.exchange("SET k v\r\n", "+OK\r\n");
        let Reply::Bulk(dump) = client.call(&["DUMP", "k"]) else { panic!() };
        let mut restore = b"*6\r\n$7\r\nRESTORE\r\n$1\r\nr\r\n$1\r\n0\r\n".to_vec();
        restore.extend_from_slice(format!("${}\r\n", dump.as_bytes().len()).as_bytes());
        restore.extend_from_slice(dump.as_bytes());
        restore
            .extend_from_slice(format!("\r\n${}\r\n{question}\r\n$3\r\n200\r\n", question.len()).as_bytes());
        client.exchange(restore, "+OK\r\n");
        let told = |client: &mut Client, key| match client.call(&["OBJECT", question, key]) {
            Reply::Integer(number) => number,
            other => panic!("{other:?}"),
        };
        let known =
            |number| if policy == "allkeys-lru" { (200..260).contains(&number) } else { number == 200 };
        assert!(known(told(&mut client, "r")));
        client.exchange("SAVE\r\n", "+OK\r\n");
        let file = fs::read(program.dir.path().join("dump.rdb")).unwrap();
        let mark = if policy == "allkeys-lru" { &b"\xf8\x40"[..] } else { b"\xf9\xc8" };
        assert!(file.windows(2).any(|bytes| bytes == mark), "{}", file.escape_ascii());
        client.exchange("DEBUG RELOAD NOSAVE\r\n", "+OK\r\n");
        assert!(known(told(&mut client, "r")));
        assert!(told(&mut client, "k") < 60);
    }
}
