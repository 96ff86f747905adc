//! Tapes: the choices of a program, from bytes.

use tailbite_tests::{Tape, random_bytes};

#[test]
fn after_its_end_a_tape_reads_zero() {
    let tape = Tape::new(&[7, 255]);
    assert_eq!((tape.below(4), tape.below(256), tape.done()), (3, 255, true));
    assert_eq!((tape.byte(), tape.below(1000), tape.one_in(2), tape.below(0)), (0, 0, false, 0));
    assert_eq!(tape.choose(&["first", "second"]), Some(&"first"));
}

#[test]
fn an_operation_reads_its_own_bytes_only() {
    let tape = Tape::of_operations(&[1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(tape.byte(), 0, "there is nothing before the first operation");
    let mut read = Vec::new();
    while tape.operation(3) {
        // A clone stands at the same place.
        read.push((tape.clone().byte(), tape.byte()));
    }
    assert_eq!(read, [(1, 2), (4, 5), (7, 0)]);
    assert!(tape.done() && !tape.operation(3));
}

#[test]
fn large_numbers_take_two_bytes() {
    let tape = Tape::new(&[1, 2, 3, 4]);
    assert_eq!((tape.below(1 << 16), tape.rest().to_vec(), tape.done()), (0x0102, vec![3, 4], true));
}

#[test]
fn a_seed_gives_the_same_bytes_again() {
    assert_eq!(random_bytes(7, 100), random_bytes(7, 100));
    assert_ne!(random_bytes(7, 100), random_bytes(8, 100));
}
