//! The log on a bad disk: what was reported durable survives any crash, and nothing is there twice.

use super::*;
use crate::actors::aof_writer::simulated::{Faults, SimulatedFolder};
use crate::persistence::aof::Manifest;
use proptest::prelude::*;

const NAME: &str = "appendonly.aof";

fn open(folder: &SimulatedFolder, end: Mark) -> Log {
    let folder = Arc::new(folder.clone());
    let manifest = read_manifest(folder.as_ref(), NAME).unwrap();
    let resume = |file: &LogFile| Start::Resume(Position { file: file.clone(), listed: true, durable: end });
    let start = manifest.increments.last().map_or(Start::Next, resume);
    Log::open(folder, NAME.into(), start).unwrap()
}

fn piece(seq: u64) -> Piece {
    Piece { bytes: Bytes::from(format!("<{seq}>")), after_seq: seq - 1, seq }
}

/// The numbers of the pieces that the log's files hold, in loading order; a torn one at the end is left out.
fn stored(folder: &SimulatedFolder) -> Vec<u64> {
    let manifest = Manifest::parse(&folder.read(&manifest_name(NAME)).unwrap()).unwrap();
    let mut text = Vec::new();
    for file in manifest.files() {
        text.extend(folder.read(&file.name).unwrap());
    }
    let text = String::from_utf8(text).unwrap();
    let whole = text.rfind('>').map_or("", |end| &text[..=end]);
    whole.split_inclusive('>').map(|piece| piece.trim_matches(['<', '>']).parse().unwrap()).collect()
}

#[test]
fn a_full_disk_leaves_no_torn_piece_and_heals() {
    let folder = SimulatedFolder::default();
    let mut log = open(&folder, Mark::default());
    folder.set_faults(Faults { room_bytes: Some(5), ..Faults::default() });
    (1..=3).for_each(|seq| log.keep(piece(seq)));
    assert!(log.write().is_err());
    assert_eq!(stored(&folder), [1]);
    folder.set_faults(Faults::default());
    log.write().unwrap();
    log.sync().unwrap();
    assert_eq!((stored(&folder), log.durable().seq), (vec![1, 2, 3], 3));
}

#[test]
fn a_failed_sync_writes_again_what_it_did_not_save() {
    let folder = SimulatedFolder::default();
    let mut log = open(&folder, Mark::default());
    log.keep(piece(1));
    log.write().unwrap();
    log.sync().unwrap();
    folder.set_faults(Faults { failing_syncs: 1, ..Faults::default() });
    log.keep(piece(2));
    log.write().unwrap();
    assert!(log.sync().is_err());
    assert_eq!(log.durable().seq, 1);
    log.write().unwrap();
    log.sync().unwrap();
    assert_eq!((stored(&folder), log.durable().seq), (vec![1, 2], 2));
}

#[test]
fn a_new_base_replaces_what_came_before_its_increment() {
    let folder = SimulatedFolder::default();
    let mut log = open(&folder, Mark::default());
    log.keep(piece(1));
    let first = log.rotate().unwrap();
    log.keep(piece(2));
    log.write().unwrap();
    folder.replace("temp-base", b"<1>").unwrap();
    log.switch_base("temp-base", false, first).unwrap();
    assert_eq!(stored(&folder), [1, 2]);
    assert_eq!(folder.names().unwrap().len(), 3, "{:?}", folder.names());
}

#[test]
fn a_cut_is_durable_before_the_next_increment_begins() {
    let folder = SimulatedFolder::default();
    let mut log = open(&folder, Mark::default());
    log.keep(piece(1));
    log.write().unwrap();
    folder.crash(2);
    let mut log = open(&folder, Mark::default());
    log.rotate().unwrap();
    folder.crash(0);
    assert_eq!(stored(&folder), [], "the torn piece came back");
}

/// A step in the life of a log.
#[derive(Clone, Debug)]
enum Step {
    Append,
    Write,
    Sync,
    Rotate,
    Break(Option<usize>, Option<usize>, usize),
    Mend,
    Crash(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Append),
        4 => Just(Step::Write),
        3 => Just(Step::Sync),
        1 => Just(Step::Rotate),
        1 => (proptest::option::of(0..20_usize), proptest::option::of(1..4_usize), 0..3_usize)
            .prop_map(|(room, short, syncs)| Step::Break(room, short, syncs)),
        2 => Just(Step::Mend),
        1 => (0..12_usize).prop_map(Step::Crash),
    ]
}

proptest! {
    #[test]
    fn what_was_durable_survives_and_nothing_is_there_twice(steps in proptest::collection::vec(step(), 1..80)) {
        let folder = SimulatedFolder::default();
        let mut log = open(&folder, Mark::default());
        let mut seq = 0;
        for step in steps {
            match step {
                Step::Append => {
                    seq += 1;
                    log.keep(piece(seq));
                }
                // Trouble is expected here; what counts is what the log says of itself afterwards.
                Step::Write => drop(log.write()),
                Step::Sync => drop(log.sync()),
                Step::Rotate => drop(log.rotate()),
                Step::Break(room_bytes, short_write_bytes, failing_syncs) => {
                    folder.set_faults(Faults { room_bytes, short_write_bytes, failing_syncs, panics_after: None });
                }
                Step::Mend => folder.set_faults(Faults::default()),
                Step::Crash(kept_bytes) => {
                    let durable = log.durable().seq;
                    folder.set_faults(Faults::default());
                    folder.crash(kept_bytes);
                    let found = stored(&folder);
                    let last = found.last().copied().unwrap_or(0);
                    prop_assert!(last >= durable, "{durable} was durable, {last} is there");
                    prop_assert_eq!(&found, &(1..=last).collect::<Vec<_>>());
                    let len_bytes = whole_bytes_of_last_file(&folder);
                    log = open(&folder, Mark { seq: last, len_bytes });
                    seq = last;
                }
            }
        }
    }
}

/// How much of the last increment is whole, as a loader would find.
fn whole_bytes_of_last_file(folder: &SimulatedFolder) -> u64 {
    let manifest = Manifest::parse(&folder.read(&manifest_name(NAME)).unwrap()).unwrap();
    let text = folder.read(&manifest.increments.last().unwrap().name).unwrap();
    text.iter().rposition(|byte| *byte == b'>').map_or(0, |end| end as u64 + 1)
}

/// What an AofWriter does in its life, each step as its own message; `position` is kept after each, as the actor does.
fn live(folder: &SimulatedFolder, log: &mut Log, position: &mut Position) {
    let step = |log: &mut Log, position: &mut Position, act: &dyn Fn(&mut Log)| {
        act(log);
        *position = log.position();
    };
    log.keep(piece(4));
    step(log, position, &|log| log.write().unwrap());
    step(log, position, &|log| log.sync().unwrap());
    step(log, position, &|log| assert!(log.rotate().unwrap() > 1));
    let first = position.file.number;
    let mut base = folder.create_file("temp-rewriteaof.aof").unwrap();
    base.write_all(b"<1><2><3><4>").unwrap();
    base.sync().unwrap();
    step(log, position, &|log| log.switch_base("temp-rewriteaof.aof", false, first).unwrap());
    log.keep(piece(5));
    step(log, position, &|log| log.write().unwrap());
    step(log, position, &|log| log.sync().unwrap());
}

#[test]
fn a_panic_at_any_stage_of_writing_and_rewriting_loses_nothing() {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    for operations in 0.. {
        let folder = SimulatedFolder::default();
        let mut log = open(&folder, Mark::default());
        (1..=3).for_each(|seq| log.keep(piece(seq)));
        log.write().unwrap();
        log.sync().unwrap();
        let mut position = log.position();
        let faults =
            Faults { panics_after: Some(operations), short_write_bytes: Some(2), ..Faults::default() };
        folder.set_faults(faults);
        let lived = catch_unwind(AssertUnwindSafe(|| live(&folder, &mut log, &mut position)));
        if lived.is_ok() {
            assert_eq!(stored(&folder), [1, 2, 3, 4, 5]);
            assert!(operations > 20, "{operations} operations");
            return;
        }
        folder.set_faults(Faults::default());
        let durable_seq = position.durable.seq;
        let mut log = Log::open(Arc::new(folder.clone()), NAME.into(), Start::Resume(position)).unwrap();
        (durable_seq + 1..=5).for_each(|seq| log.keep(piece(seq)));
        log.write().unwrap();
        log.sync().unwrap();
        assert_eq!(stored(&folder), [1, 2, 3, 4, 5], "after {operations} operations");
    }
}
