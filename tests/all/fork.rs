//! Pages that a collection dirties after `fork`: those of the side bytes, not those of the objects.
#![cfg(all(target_os = "linux", not(tailbite_stress)))]

use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::process::Command;

use tailbite::{AnyGc, Gc, Generation, Heap, Trace};
use tailbite_tests::manual_heap;

/// What the child, which has no other threads with work to do, is told by.
const CHILD: &str = "TAILBITE_FORK_CHILD";

/// Bytes of private pages that were written to.
fn dirty_bytes() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Private_Dirty:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok().map(|kilobytes| kilobytes << 10)
}

#[derive(Trace)]
struct Item {
    next: Cell<Option<Gc<Item>>>,
    more: RefCell<Vec<AnyGc>>,
    number: [u64; 4],
}

fn heap_of(count: usize) -> (Heap, Vec<Gc<Item>>) {
    let heap = manual_heap();
    let make = |n| heap.alloc(Item { next: Cell::new(None), more: RefCell::default(), number: [n; 4] });
    let items: Vec<_> = (0..count as u64).map(make).collect();
    for (index, item) in items.iter().enumerate() {
        item.next.set(Some(items[index * 7919 % count].clone()));
        if index % 3 == 0 {
            item.more.borrow_mut().push(Gc::as_any(&items[index * 31 % count]));
        }
    }
    // Whatever the first full collection changes for good is changed before the fork.
    heap.collect(Generation::Old);
    (heap, items)
}

/// What share of the heap's bytes a full collection dirties in a forked child; none if the system doesn't say.
fn dirtied_share() -> Option<f64> {
    let (heap, items) = heap_of(100_000);
    let (mut reader, mut writer) = std::io::pipe().ok()?;
    // SAFETY: the child runs on a copy of this thread, the only one that has anything to do with the heap (the others of this process wait for this one),
    // and leaves with `_exit`.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let measure = || {
            // Once, for the pages of stack, buffers and code that measuring itself dirties.
            dirty_bytes()?;
            let before = dirty_bytes()?;
            let collected = heap.collect(Generation::Old);
            let after = dirty_bytes()?;
            (collected == 0 && items[0].number[0] == 0).then(|| after.saturating_sub(before) as f64)
        };
        let sent = writer.write_all(&measure().unwrap_or(f64::NAN).to_ne_bytes()).is_ok();
        // SAFETY: it ends the process, and runs nothing of the parent's.
        unsafe { libc::_exit(i32::from(!sent)) };
    }
    drop(writer);
    let mut answer = [0; 8];
    let received = reader.read_exact(&mut answer).is_ok();
    let mut status = 0;
    // SAFETY: the child was started here, and is waited for once.
    let ended = child > 0 && unsafe { libc::waitpid(child, &raw mut status, 0) } == child;
    let dirtied = f64::from_ne_bytes(answer);
    assert_eq!(heap.object_count(), items.len());
    (received && ended && status == 0 && !dirtied.is_nan()).then(|| dirtied / heap.used_bytes() as f64)
}

/// In a process of its own, in which no other test runs.
#[test]
fn a_full_collection_in_a_forked_child_leaves_the_pages_of_the_heap_alone() {
    const NAME: &str = "fork::a_full_collection_in_a_forked_child_leaves_the_pages_of_the_heap_alone";
    if std::env::var_os(CHILD).is_some() {
        match dirtied_share() {
            Some(share) => println!("DIRTIED {:.4}", share * 100.0),
            None => println!("SKIPPED"),
        }
        return;
    }
    let this = std::env::current_exe().expect("this program has a path");
    let output = Command::new(this).args(["--exact", NAME, "--nocapture", "--test-threads=1"]).env(CHILD, "1").output();
    let output = output.expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let Some((_, figure)) = text.split_once("DIRTIED ") else {
        assert!(text.contains("SKIPPED"), "{text}");
        eprintln!("SKIPPED: the system doesn't say which pages are dirty");
        return;
    };
    let percent: f64 = figure.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a figure");
    assert!(percent < 5.0, "{percent} % of the heap was dirtied");
}
