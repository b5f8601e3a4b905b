//! The ends that are asked for: whatever the policy, everything acknowledged is there afterwards.

use crate::files::WITH_LOG;
use crate::held::Keys;
use crate::node::Node;
use crate::traffic::{Moment, WRITERS, work, writers};
use crate::verdict::{Promise, judge};
use crate::wire::Value;
use std::time::{Duration, Instant};

const EVERYSEC: &[&str] = &["--appendonly", "yes", "--appendfsync", "everysec"];
const NO: &[&str] = &["--appendonly", "yes", "--appendfsync", "no"];
const SNAPSHOT: &[&str] = &["--appendonly", "no", "--save", "3600 1"];

/// When the end comes: soon, as it is the end that is looked at.
const MOMENT: Moment = Moment { acknowledged: 1500, least: Duration::ZERO };

/// How a server is asked to end.
#[derive(Clone, Copy, Debug)]
enum Ask {
    Command(&'static [&'static str]),
    #[cfg(unix)]
    Signal(&'static str),
}

impl Ask {
    fn ask(self, node: &Node) {
        match self {
            Self::Command(words) => assert_eq!(node.client().ask_text(words), Value::Closed, "{words:?}"),
            #[cfg(unix)]
            Self::Signal(name) => node.signal(name),
        }
    }
}

/// Has a server ended in the middle of traffic, and looks at what is there afterwards.
fn end_in_traffic(options: &[&str], extras: &[&str], asks: &[Ask]) {
    let dir = tempfile::tempdir().unwrap();
    let mut before = vec![Keys::new(); WRITERS];
    for (round, ask) in asks.iter().enumerate() {
        let node = Node::start(dir.path(), options);
        let mut writers = writers(round, before, extras, 7);
        work(&node, &mut writers, MOMENT, |_| ask.ask(&node));
        let (code, log) = node.exit_code();
        assert_eq!(code, Some(0), "{ask:?}: {log}");
        let node = Node::start(dir.path(), options);
        before = judge(&mut node.client(), &writers, Promise::Acknowledged);
        node.kill();
    }
}

#[test]
fn commands_end_it_with_everything_written() {
    let asks = [&["SHUTDOWN"][..], &["SHUTDOWN", "NOSAVE"], &["SHUTDOWN", "SAVE"], &["SHUTDOWN", "NOW"]];
    for options in [WITH_LOG, EVERYSEC, NO] {
        end_in_traffic(options, &[], &asks.map(Ask::Command));
    }
}

#[cfg(unix)]
#[test]
fn signals_end_it_with_everything_written() {
    for options in [WITH_LOG, EVERYSEC, NO, SNAPSHOT] {
        end_in_traffic(options, &[], &[Ask::Signal("TERM"), Ask::Signal("INT")]);
    }
}

#[test]
fn an_end_during_a_rewrite_or_snapshot_loses_nothing() {
    let asks = [Ask::Command(&["SHUTDOWN"]); 3];
    for options in [WITH_LOG, EVERYSEC] {
        end_in_traffic(options, &["BGREWRITEAOF"], &asks);
    }
    end_in_traffic(SNAPSHOT, &["BGSAVE"], &asks);
}

/// How often a server is ended where `SHUTDOWNS` does not say it.
const SHUTDOWNS: usize = 6;

/// The time that a server has for its clients; the rest of it is the disk's.
const DEADLINE: Duration = Duration::from_secs(10);

#[test]
fn ends_in_full_traffic_keep_the_deadline_and_everything_acknowledged() {
    let shutdowns = std::env::var("SHUTDOWNS").map_or(SHUTDOWNS, |text| text.parse().unwrap());
    for (number, options) in [WITH_LOG, EVERYSEC].into_iter().cycle().take(shutdowns).enumerate() {
        let dir = tempfile::tempdir().unwrap();
        let node = Node::start(dir.path(), options);
        let mut writers = writers(number, vec![Keys::new(); WRITERS], &[], number as u64);
        let mut asked = Instant::now();
        work(&node, &mut writers, MOMENT, |_| {
            asked = Instant::now();
            Ask::Command(&["SHUTDOWN"]).ask(&node);
        });
        let (code, log) = node.exit_code();
        let took = asked.elapsed();
        assert_eq!(code, Some(0), "{log}");
        assert!(took < DEADLINE, "{took:?}: {log}");
        let node = Node::start(dir.path(), options);
        judge(&mut node.client(), &writers, Promise::Acknowledged);
        let acknowledged: usize = writers.iter().map(|writer| writer.acknowledged.len()).sum();
        println!("shutdown {number}: {took:?}, {acknowledged} requests acknowledged");
    }
}

/// Whether a snapshot is there after a server with these options, which wrote something, was asked to end.
fn leaves_snapshot(options: &[&str], ask: &[&str]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path(), options);
    node.client().ask_text(&["SET", "a", "1"]);
    node.shut_down(ask);
    let there = dir.path().join("dump.rdb").exists();
    let is_kept = there || options.contains(&"--appendonly");
    let node = Node::start(dir.path(), options);
    assert_eq!(
        node.client().ask_text(&["EXISTS", "a"]).integer(),
        Some(is_kept.into()),
        "{options:?} {ask:?}"
    );
    there
}

#[test]
fn a_last_snapshot_is_written_where_the_options_or_the_command_say_so() {
    let rules = &["--save", "3600 1"];
    let with_log = &["--appendonly", "yes", "--save", "3600 100000"];
    let cases: [(&[&str], &[&str], bool); 8] = [
        (&[], &["SHUTDOWN"], false),
        (&[], &["SHUTDOWN", "NOSAVE"], false),
        (&[], &["SHUTDOWN", "SAVE"], true),
        (rules, &["SHUTDOWN"], true),
        (rules, &["SHUTDOWN", "NOSAVE"], false),
        (with_log, &["SHUTDOWN"], true),
        (with_log, &["SHUTDOWN", "NOSAVE"], false),
        (WITH_LOG, &["SHUTDOWN", "SAVE"], true),
    ];
    for (options, ask, expected) in cases {
        assert_eq!(leaves_snapshot(options, ask), expected, "{options:?} {ask:?}");
    }
}
