//! Processes that end, or can't write, in the middle of the runtime: run in children.

use std::cell::RefCell;
use std::process::{Stdio, exit};

use tailbite::{AnyGc, DebugFlags, Gc, Generation, Heap, Trace, WeakRef, callback};

use crate::common::{Node, child, is_child};

#[derive(Trace)]
#[trace(finalize = Exiter::finalize)]
struct Exiter(RefCell<Option<AnyGc>>);

impl Exiter {
    fn finalize(_: &Gc<Exiter>) {
        exit(7);
    }
}

thread_local!(static KEPT: RefCell<Vec<AnyGc>> = RefCell::default());

/// Runs `f` in a child of this test, and asserts that it ends with 7.
fn exits(test: &str, f: impl FnOnce()) {
    if is_child(test) {
        // Objects of the default heap that are there while the process ends.
        KEPT.with_borrow_mut(|kept| kept.push(Gc::new(Node::default()).into()));
        Heap::with_default(|heap| heap.add_root(heap.alloc(Node::default())));
        f();
        unreachable!("it exits");
    }
    let output = child(test).output().unwrap();
    assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn exit_in_a_finalizer() {
    exits("child_ends::exit_in_a_finalizer", || drop(Gc::new(Exiter(RefCell::default()))));
}

#[test]
fn exit_in_a_finalizer_of_a_collection() {
    exits("child_ends::exit_in_a_finalizer_of_a_collection", || {
        let ring = Gc::new(Exiter(RefCell::default()));
        *ring.0.borrow_mut() = Some(Gc::as_any(&ring));
        drop(ring);
        Heap::with_default(|heap| heap.collect(Generation::Old));
    });
}

#[test]
fn exit_in_an_exit_finalizer_and_a_weak_callback() {
    exits("child_ends::exit_in_an_exit_finalizer_and_a_weak_callback", || {
        let object = Gc::new(1);
        Heap::with_default(|heap| {
            heap.finalize(&object, (), |()| drop(Gc::new(Exiter(RefCell::default()))));
            let weak = WeakRef::with_callback(
                &object,
                callback(|_| Heap::with_default(|heap| drop(heap.run_exit_finalizers()))),
            );
            heap.add_root(weak);
        });
        drop(object);
    });
}

#[test]
fn exit_in_a_gc_callback_and_in_a_drop() {
    exits("child_ends::exit_in_a_gc_callback_and_in_a_drop", || {
        Heap::with_default(|heap| {
            heap.add_callback(|heap, _, _| drop(heap.alloc(tailbite::Untraced(OnDrop))));
            heap.collect(Generation::Old);
        });
    });
}

struct OnDrop;

impl Drop for OnDrop {
    fn drop(&mut self) {
        exit(7);
    }
}

#[test]
fn exit_while_a_heap_is_closed_by_the_end_of_its_thread() {
    exits("child_ends::exit_while_a_heap_is_closed_by_the_end_of_its_thread", || {
        std::thread::spawn(|| KEPT.with_borrow_mut(|kept| kept.push(Gc::new(Exiter(RefCell::default())).into())))
            .join()
            .unwrap();
    });
}

#[test]
fn nobody_reads_stderr() {
    const NAME: &str = "child_ends::nobody_reads_stderr";
    if is_child(NAME) {
        // The other end of the pipe goes before this does.
        std::thread::sleep(std::time::Duration::from_millis(300));
        let heap = Heap::new();
        heap.set_debug(DebugFlags::STATS | DebugFlags::COLLECTABLE);
        drop(Node::ring(&heap, &Default::default()));
        heap.collect(Generation::Old);
        heap.finalize(&heap.alloc(1), (), |()| std::panic::resume_unwind(Box::new("quietly")));
        heap.check();
        drop(heap);
        exit(7);
    }
    let mut command = child(NAME);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(7));
}
