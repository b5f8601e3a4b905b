//! SIGKILL at random moments, again and again on the same directory.

use crate::files::{appendonly_files, assert_checked, folder};
use crate::held::Keys;
use crate::node::{Kind, Node, Starting, tried};
use crate::random::Random;
use crate::traffic::{Moment, WRITERS, work, writers};
use crate::verdict::{Promise, judge};
use crate::wire::{Client, encode};
use crate::writer::DATABASES;
use std::fs::DirEntry;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// How often a kind of kill is tried where `DURABILITY_ROUNDS` does not say it.
const ROUNDS: usize = 16;

/// The latest a kill comes, in acknowledged requests.
const MOST_ACKNOWLEDGED: usize = 4000;

/// The database of the keys that nobody touches, which make loading and rewriting take their time.
const BALLAST_DATABASE: &str = "15";

/// One kind of kill.
struct Kills {
    name: &'static str,
    options: &'static [&'static str],
    /// What a writer mixes into its requests.
    extras: &'static [&'static str],
    kept: Kept,
    /// Keys beside those of the writers.
    ballast: usize,
    /// Whether it is killed while it loads as well.
    also_loading: bool,
}

/// What has to be kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// Every acknowledged request.
    All,
    /// All but the last second's.
    AllButASecond,
    /// What there was at some moment: a snapshot.
    Moment,
}

impl Kills {
    fn run(&self) {
        let rounds = std::env::var("DURABILITY_ROUNDS").map_or(ROUNDS, |text| text.parse().unwrap());
        let seed = std::env::var("DURABILITY_SEED").map_or(1, |text| text.parse().unwrap());
        let dir = tempfile::tempdir().unwrap();
        let mut random = Random::new(seed);
        let (mut kills, mut amid, mut acknowledged) = (0, 0, 0);
        self.lay_ballast(dir.path());
        let mut before = vec![Keys::new(); WRITERS];
        let mut node = Node::start(dir.path(), self.options);
        for round in 0..rounds {
            remove_shared(&mut node.client(), round);
            let mut writers = writers(round, before, self.extras, seed);
            let (began, mut killed_at) = (SystemTime::now(), Instant::now());
            work(&node, &mut writers, self.moment(&mut random, round), |_| {
                killed_at = Instant::now();
                node.kill();
            });
            kills += 1;
            amid += usize::from(has_unfinished_files(dir.path(), began));
            if self.also_loading {
                kills += kill_while_loading(dir.path(), self.options, &mut random);
            }
            acknowledged += writers.iter().map(|writer| writer.acknowledged.len()).sum::<usize>();
            node = Node::start(dir.path(), self.options);
            let promise = match self.kept {
                Kept::All => Promise::Acknowledged,
                Kept::AllButASecond => Promise::AcknowledgedBefore(killed_at),
                Kept::Moment => Promise::Nothing,
            };
            before = judge(&mut node.client(), &writers, promise);
            self.check_ballast(&mut node.client());
        }
        node.shut_down(&["SHUTDOWN"]);
        check_folder(dir.path());
        println!(
            "{}: {kills} kills, {amid} of them amid a rewrite or snapshot, {acknowledged} requests acknowledged",
            self.name
        );
    }

    /// Where nothing older than a second may be missing, some rounds have to be longer than that.
    fn moment(&self, random: &mut Random, round: usize) -> Moment {
        let long = self.kept == Kept::AllButASecond && round % 6 == 1;
        let least = if long { Duration::from_millis(2200) } else { Duration::ZERO };
        Moment { acknowledged: 1 + random.below(MOST_ACKNOWLEDGED), least }
    }

    fn lay_ballast(&self, dir: &Path) {
        let node = Node::start(dir, self.options);
        let mut client = node.client();
        client.ask_text(&["SELECT", BALLAST_DATABASE]);
        let value = b"ballast ".repeat(16);
        for first in (0..self.ballast).step_by(1000) {
            let numbers = first..self.ballast.min(first + 1000);
            let request = |number: usize| {
                encode(&[b"SET".to_vec(), format!("ballast:{number}").into_bytes(), value.clone()])
            };
            client.send(&numbers.clone().flat_map(request).collect::<Vec<_>>());
            numbers.for_each(|_| assert!(!client.read().is_error()));
        }
        assert!(self.kept != Kept::Moment || !client.ask_text(&["SAVE"]).is_error());
        node.shut_down(&["SHUTDOWN"]);
    }

    fn check_ballast(&self, client: &mut Client) {
        client.ask_text(&["SELECT", BALLAST_DATABASE]);
        let found = client.ask_text(&["DBSIZE"]).integer();
        assert_eq!(found, i64::try_from(self.ballast).ok(), "keys that nobody touched");
    }
}

/// Removes what the writers of the round before shared.
fn remove_shared(client: &mut Client, round: usize) {
    let Some(last) = round.checked_sub(1) else { return };
    for database in 0..DATABASES {
        client.ask_text(&["SELECT", &database.to_string()]);
        for name in ["count", "list", "hash", "tally", "lot", "x", "y", "z"] {
            assert!(!client.ask_text(&["DEL", &format!("shared:{last}:{name}")]).is_error());
        }
    }
}

/// Starts it and kills it before it serves, or just then, some times; answers how often.
fn kill_while_loading(dir: &Path, options: &[&str], random: &mut Random) -> usize {
    let times = 1 + random.below(3);
    for _ in 0..times {
        let time = Duration::from_micros(random.between(1000, 150_000).unsigned_abs());
        Starting::spawn(tried(), dir, options).kill_after(time);
    }
    times
}

/// Whether a file was being written, since this moment, that does not count yet. What earlier kills left stays until it
/// is overwritten.
fn has_unfinished_files(dir: &Path, since: SystemTime) -> bool {
    let is_unfinished = |entry: DirEntry| {
        let written = entry.metadata().unwrap().modified().unwrap();
        entry.file_name().to_string_lossy().starts_with("temp") && written >= since
    };
    let rooms = [dir.to_owned(), folder(dir)];
    let mut entries = rooms.iter().flat_map(|room| room.read_dir().into_iter().flatten());
    entries.any(|entry| is_unfinished(entry.unwrap()))
}

/// Nothing piles up over many crashes, and the tools find nothing wrong.
fn check_folder(dir: &Path) {
    if folder(dir).exists() {
        let (named, others) = appendonly_files(dir);
        let left: Vec<_> = others.iter().filter(|name| !name.starts_with("temp")).collect();
        assert!(left.len() <= 1, "files of no use are left: {left:?}; in use: {named:?}");
        assert_checked(Kind::Memora, "--check-aof", dir);
    }
    let snapshot = dir.join("dump.rdb");
    if snapshot.exists() {
        assert_checked(Kind::Memora, "--check-rdb", &snapshot);
    }
}

const ALWAYS: Kills = Kills {
    name: "always",
    options: &["--appendonly", "yes", "--appendfsync", "always"],
    extras: &[],
    kept: Kept::All,
    ballast: 0,
    also_loading: false,
};

#[test]
fn always_keeps_every_acknowledged_write() {
    ALWAYS.run();
}

#[test]
fn everysec_keeps_all_but_the_last_second() {
    let kills = Kills {
        name: "everysec",
        options: &[
            "--appendonly",
            "yes",
            "--appendfsync",
            "everysec",
            "--aof-timestamp-enabled",
            "yes",
            "--auto-aof-rewrite-min-size",
            "4mb",
        ],
        extras: &["WAITAOF 1 0 2000"],
        kept: Kept::AllButASecond,
        ..ALWAYS
    };
    kills.run();
}

#[test]
fn no_keeps_what_the_system_was_given() {
    let options = &["--appendonly", "yes", "--appendfsync", "no", "--auto-aof-rewrite-min-size", "4mb"];
    Kills { name: "no", options, kept: Kept::AllButASecond, ..ALWAYS }.run();
}

#[test]
fn rewrites_can_be_killed_at_any_moment() {
    Kills { name: "always, rewriting", extras: &["BGREWRITEAOF"], ballast: 8000, ..ALWAYS }.run();
}

#[test]
fn rewrites_to_commands_can_be_killed_at_any_moment() {
    let kills = Kills {
        name: "everysec, rewriting to commands",
        options: &["--appendonly", "yes", "--appendfsync", "everysec", "--aof-use-rdb-preamble", "no"],
        extras: &["BGREWRITEAOF"],
        kept: Kept::AllButASecond,
        ballast: 3000,
        also_loading: false,
    };
    kills.run();
}

#[test]
fn growing_logs_are_rewritten_and_killed() {
    let options = &[
        "--appendonly",
        "yes",
        "--appendfsync",
        "always",
        "--auto-aof-rewrite-min-size",
        "1",
        "--auto-aof-rewrite-percentage",
        "1",
    ];
    Kills { name: "always, rewriting by itself", options, ballast: 8000, ..ALWAYS }.run();
}

#[test]
fn snapshots_beside_the_log_can_be_killed_at_any_moment() {
    let extras = &["BGSAVE", "BGSAVE", "BGREWRITEAOF", "SAVE"];
    Kills { name: "always, saving", extras, ballast: 8000, ..ALWAYS }.run();
}

#[test]
fn a_snapshot_alone_is_of_one_moment() {
    let kills = Kills {
        name: "snapshots alone",
        options: &["--appendonly", "no"],
        extras: &["BGSAVE"],
        kept: Kept::Moment,
        ballast: 3000,
        also_loading: true,
    };
    kills.run();
}

#[test]
fn loading_can_be_killed_at_any_moment() {
    let extras = &["BGREWRITEAOF"];
    Kills { name: "always, loading", extras, ballast: 20_000, also_loading: true, ..ALWAYS }.run();
}
