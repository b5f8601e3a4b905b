//! Sketches against a plain array of registers, and estimates against the truth.

use super::sketch::*;
use super::*;
use proptest::prelude::*;

/// The registers of a sketch in any form.
fn registers(bytes: &[u8]) -> Box<Registers> {
    let mut registers = Box::new([0; REGISTERS]);
    sketch::merge(&mut registers, bytes).unwrap();
    registers
}

/// Changes near each other, where runs split and join, and at both ends.
fn change() -> impl Strategy<Value = (usize, u8)> {
    let index =
        prop_oneof![4 => 0..40_usize, 2 => 60..70_usize, 1 => 0..REGISTERS, 2 => REGISTERS - 20..REGISTERS];
    (index, prop_oneof![8 => 1..4_u8, 2 => 1..33_u8, 1 => 33..52_u8])
}

proptest! {
    #[test]
    fn both_forms_are_what_the_registers_are(
        changes in proptest::collection::vec(change(), 1..120),
        max_bytes in prop_oneof![Just(0_usize), 18..120_usize, Just(3000)],
    ) {
        let (mut bytes, mut model) = (sketch::empty(), Box::new([0_u8; REGISTERS]));
        for (index, rank) in changes {
            let was_sparse = sketch::form(&bytes) == Some(Form::Sparse);
            let changed = sketch::set(&mut bytes, index, rank, max_bytes).unwrap();
            prop_assert_eq!(changed, model[index] < rank);
            model[index] = model[index].max(rank);
            prop_assert!(registers(&bytes) == model);
            prop_assert!(was_sparse || sketch::form(&bytes) == Some(Form::Dense));
            if sketch::form(&bytes) == Some(Form::Sparse) {
                prop_assert!(bytes.len() <= max_bytes.max(18));
            }
            let histogram = sketch::histogram(&bytes).unwrap();
            let zeros = model.iter().filter(|rank| **rank == 0).count();
            prop_assert_eq!((histogram[0] as usize, histogram.iter().sum::<u32>() as usize), (zeros, REGISTERS));
            let mut dense = bytes.clone();
            sketch::make_dense(&mut dense).unwrap();
            prop_assert!(registers(&dense) == model && sketch::histogram(&dense).unwrap() == histogram);
        }
    }

    #[test]
    fn no_bytes_break_it(tail in proptest::collection::vec(any::<u8>(), 0..60), index in 0..REGISTERS, rank in 1..52_u8) {
        let mut bytes = [&sketch::empty()[..HEADER_BYTES], &tail].concat();
        let _ = sketch::histogram(&bytes);
        let _ = sketch::merge(&mut [0; REGISTERS], &bytes);
        let _ = sketch::set(&mut bytes, index, rank, 3000);
        let _ = sketch::make_dense(&mut bytes);
    }
}

#[test]
fn estimates_are_near_the_truth() {
    for shown in [0_u64, 1, 10, 100, 1000, 10_000, 100_000, 1_000_000] {
        let mut bytes = sketch::empty();
        for number in 0..shown {
            sketch::add(&mut bytes, &number.to_le_bytes(), 3000).unwrap();
        }
        let estimate = estimate::cardinality(&sketch::histogram(&bytes).unwrap());
        // Three times the expected error.
        let bound = 3.0 * 1.04 / (REGISTERS as f64).sqrt() * shown as f64;
        assert!((estimate as f64 - shown as f64).abs() <= bound.max(0.5), "{estimate} of {shown}");
    }
}

#[test]
fn only_what_has_the_header_is_a_sketch() {
    let empty = sketch::empty();
    assert_eq!((empty.len(), sketch::form(&empty)), (18, Some(Form::Sparse)));
    let mut other = empty.clone();
    other[4] = 2;
    assert_eq!(sketch::form(&other), None);
    other[4] = 0;
    assert_eq!(sketch::form(&other), None, "a dense one has one length only");
    assert_eq!((sketch::form(b"HYLL"), sketch::form(b"hyll0123456789abcd")), (None, None));
    assert_eq!(sketch::cached(&empty), Some(0));
}
