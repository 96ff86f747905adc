//! Panics in every kind of user code, on death by count and in a collection: reported, nothing lost, nothing twice, no unwinding.

use tailbite::{AnyGc, Gc, Generation, Heap, UnraisableContext, WeakRef, callback};
use tailbite_tests::{Armed, Log, Node, Reports, manual_heap, quiet, ring};

/// How the objects of a test die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Death {
    Count,
    Collection,
    HeapDrop,
}

const DEATHS: [Death; 3] = [Death::Count, Death::Collection, Death::HeapDrop];

/// Kills a ring, or a chain if it is to die by count, after which `left` objects live, and gives the reports and the log.
fn kill(death: Death, left: usize, prepare: impl FnOnce(&[Gc<Node>])) -> (Reports, Log) {
    let heap = manual_heap();
    let reports = quiet(&heap);
    let log = Log::new();
    let nodes = ring(&heap, &log, "n", 5);
    if death == Death::Count {
        nodes[4].unlink();
    }
    prepare(&nodes);
    drop(nodes);
    if death == Death::Collection {
        assert_eq!(heap.collect(Generation::Old), 5);
        assert_eq!(heap.collect(Generation::Old), 0);
    }
    if death != Death::HeapDrop {
        assert_eq!(heap.object_count(), left, "{death:?}");
        heap.check();
    }
    drop(heap);
    (reports, log)
}

fn assert_all_dropped(log: &Log) {
    for index in 0..5 {
        assert_eq!(log.count(&format!("drop n{index}")), 1, "{log:?}");
    }
}

#[test]
fn in_a_finalizer() {
    for death in DEATHS {
        let (reports, log) = kill(death, 0, |nodes| {
            for node in nodes {
                Node::on_finalize(node, |node| panic!("finalizer of {}", node.name()));
            }
        });
        let reports = reports.take();
        assert_eq!(reports.len(), 5, "{death:?}: {reports:?}");
        assert!(reports.iter().all(|(context, message)| {
            *context == UnraisableContext::Finalizer && message.starts_with("finalizer of n")
        }));
        assert_all_dropped(&log);
    }
}

#[test]
fn in_a_weak_callback() {
    for death in DEATHS {
        let mut watches = Vec::new();
        let (reports, log) = kill(death, 5, |nodes| {
            for (index, node) in nodes.iter().enumerate() {
                let log = node.log().clone();
                watches.push(WeakRef::with_callback(
                    node,
                    callback(move |_: &AnyGc| {
                        log.push(format!("called {index}"));
                        panic!("callback {index}");
                    }),
                ));
            }
        });
        let reports = reports.take();
        assert_eq!(reports.len(), 5, "{death:?}: {reports:?}");
        assert!(reports.iter().all(|(context, _)| *context == UnraisableContext::WeakCallback));
        assert!((0..5).all(|index| log.count(&format!("called {index}")) == 1));
        assert_all_dropped(&log);
        assert!(watches.iter().all(|watch| !watch.is_alive()));
    }
}

#[test]
fn in_the_drop_of_a_leaf() {
    for death in DEATHS {
        let (reports, log) = kill(death, 0, |nodes| {
            for node in nodes {
                node.on_drop(|| panic!("drop"));
            }
        });
        let reports = reports.take();
        assert_eq!(reports.len(), 5, "{death:?}: {reports:?}");
        assert!(reports.iter().all(|(context, message)| *context == UnraisableContext::Drop && message == "drop"));
        assert_all_dropped(&log);
    }
}

#[test]
fn everywhere_at_once() {
    for death in DEATHS {
        let mut watches = Vec::new();
        let (reports, log) = kill(death, 5, |nodes| {
            for node in nodes {
                Node::on_finalize(node, |_| panic!("finalizer"));
                node.on_drop(|| panic!("drop"));
                watches.push(WeakRef::with_callback(node, callback(|_: &AnyGc| panic!("callback"))));
            }
        });
        let mut messages = reports.messages();
        messages.sort();
        let expected: Vec<&str> = ["callback", "drop", "finalizer"].into_iter().flat_map(|name| [name; 5]).collect();
        assert_eq!(messages, expected, "{death:?}");
        assert_all_dropped(&log);
    }
}

#[test]
fn a_panicking_leaf_object_and_its_neighbours() {
    let heap = manual_heap();
    let reports = quiet(&heap);
    let log = Log::new();
    let armed = Armed::new();
    let node = Node::alloc(&heap, &log, "n");
    node.hold(heap.alloc(armed.bomb("first")));
    node.hold(heap.alloc(log.probe("between")));
    node.hold(heap.alloc(armed.bomb("second")));
    node.link(&node);
    drop(node);
    assert_eq!(heap.collect(Generation::Old), 1);
    let mut messages = reports.messages();
    messages.sort();
    assert_eq!(messages, ["first", "second"]);
    assert_eq!(log.take_sorted(), ["drop between", "drop n"]);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn a_panic_of_any_payload_has_a_message() {
    let heap = manual_heap();
    let reports = quiet(&heap);
    let log = Log::new();
    for kind in 0..3 {
        let node = Node::alloc(&heap, &log, "n");
        node.on_drop(move || match kind {
            0 => panic!("text"),
            1 => panic!("formatted {kind}"),
            _ => std::panic::panic_any(5_u8),
        });
    }
    let messages = reports.messages();
    assert_eq!(messages[..2], ["text", "formatted 1"]);
    assert_eq!(messages.len(), 3);
}

#[test]
fn a_hook_that_panics_is_swallowed() {
    let heap = manual_heap();
    let log = Log::new();
    heap.set_unraisable_hook(|_| panic!("the hook"));
    for _ in 0..3 {
        let node = Node::alloc(&heap, &log, "n");
        node.on_drop(|| panic!("drop"));
        node.link(&node);
        Node::on_finalize(&node, |_| panic!("finalizer"));
    }
    assert_eq!(heap.collect(Generation::Old), 3);
    assert_eq!(log.count("drop n"), 3);
    heap.reset_unraisable_hook();
    let node = Node::alloc(&heap, &log, "n");
    node.on_drop(|| panic!("to stderr by default"));
    drop(node);
    heap.check();
}

#[test]
fn a_hook_may_use_the_heap() {
    let heap = std::rc::Rc::new(manual_heap());
    let log = Log::new();
    let (inner, events) = (std::rc::Rc::downgrade(&heap), log.clone());
    heap.set_unraisable_hook(move |unraisable| {
        events.push(unraisable.message());
        if let Some(heap) = inner.upgrade() {
            heap.collect(Generation::Old);
            drop(Node::alloc(&heap, &events, "born in the hook"));
            heap.set_unraisable_hook(|_| {});
        }
    });
    let nodes = ring(&heap, &log, "n", 2);
    nodes[0].on_drop(|| panic!("first"));
    nodes[1].on_drop(|| panic!("second"));
    drop(nodes);
    assert_eq!(heap.collect(Generation::Old), 2);
    assert_eq!(log.count("first") + log.count("second"), 1, "the hook replaced itself");
    assert_eq!(log.count("drop born in the hook"), 1);
    heap.check();
}

#[test]
fn while_the_thread_unwinds() {
    // Handles dropped by an unwinding thread run finalizers and drops that panic too: that must not abort.
    let log = Log::new();
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let heap = manual_heap();
        let _reports = quiet(&heap);
        let node = Node::alloc(&heap, &log, "n");
        node.on_drop(|| panic!("drop"));
        Node::on_finalize(&node, |_| panic!("finalizer"));
        let cyclic = Node::alloc(&heap, &log, "cyclic");
        cyclic.link(&cyclic);
        cyclic.on_drop(|| panic!("drop"));
        drop(cyclic);
        panic!("the outer one");
    }));
    assert!(result.is_err());
    assert_eq!((log.count("drop n"), log.count("drop cyclic")), (1, 1));
}

#[test]
fn a_panic_in_a_drop_by_hand_is_the_callers() {
    // Moving a payload out makes its drop the caller's business.
    let heap = Heap::new();
    let reports = quiet(&heap);
    let armed = Armed::new();
    let payload = Gc::try_unwrap(heap.alloc(armed.bomb("mine"))).expect("the only handle");
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(payload))).is_err());
    assert!(reports.is_empty());
}
