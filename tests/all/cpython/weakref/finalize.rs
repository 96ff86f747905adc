//! FinalizeTestCase: `weakref.finalize`.

use std::cell::RefCell;
use std::rc::Rc;

use tailbite::{Gc, WeakRef};
use tailbite_tests::{Log, Node, manual_heap, quiet};

use super::super::collect;

#[test]
fn test_finalize() {
    let (heap, log) = (manual_heap(), Log::new());
    let a = Node::alloc(&heap, &log, "a");
    let result = Rc::<RefCell<Vec<i32>>>::default();
    let register = |a: &Gc<Node>| {
        let result = result.clone();
        heap.finalize(a, (67, 43, 89), move |(x, y, z)| result.borrow_mut().push(x + y + z))
    };
    // By a call, of which there is one.
    let f = register(&a);
    assert!(f.is_alive());
    assert_eq!(f.peek(), Some((Gc::as_any(&a), (67, 43, 89))));
    assert_eq!((f.call(), f.call(), f.call()), (true, false, false));
    assert_eq!((f.peek(), f.detach(), f.is_alive()), (None, None, false));
    assert_eq!(result.take(), [199]);
    // Taken back before.
    let f = register(&a);
    assert_eq!(f.peek(), Some((Gc::as_any(&a), (67, 43, 89))));
    assert_eq!(f.detach(), Some((Gc::as_any(&a), (67, 43, 89))));
    assert_eq!((f.call(), f.call()), (false, false));
    assert_eq!((f.peek(), f.detach(), f.is_alive()), (None, None, false));
    assert!(result.take().is_empty());
    // By the death of the object: by count, and as garbage.
    for in_cycle in [false, true] {
        let b = Node::alloc(&heap, &log, "b");
        let f = register(&b);
        if in_cycle {
            b.link(&b);
        }
        assert_eq!(Gc::strong_count(&b), 1 + usize::from(in_cycle), "it does not keep its object");
        drop(b);
        collect(&heap);
        assert_eq!((f.call(), f.call()), (false, false));
        assert_eq!((f.peek(), f.detach(), f.is_alive()), (None, None, false));
        assert_eq!(result.take(), [199]);
    }
    drop(a);
    assert!(result.take().is_empty());
}

#[test]
fn test_order() {
    let (heap, log) = (manual_heap(), Log::new());
    let a = Node::alloc(&heap, &log, "a");
    let [f1, f2, f3, f4, f5] = ["f1", "f2", "f3", "f4", "f5"].map(|name| {
        let log = log.clone();
        heap.finalize(&a, name, move |name| log.push(name))
    });
    // They keep themselves.
    drop((f1, f4));
    assert!(f2.is_alive() && f3.is_alive() && f5.is_alive());
    assert!(f5.detach().is_some());
    assert!(!f5.is_alive());
    f5.call();
    log.push("A");
    f3.call();
    assert!(!f3.is_alive());
    log.push("B");
    f3.call();
    log.push("C");
    drop(a);
    assert!(!f2.is_alive());
    log.push("D");
    f2.call();
    let events: Vec<String> = log.take().into_iter().filter(|event| event != "drop a").collect();
    assert_eq!(events, ["A", "f3", "B", "C", "f4", "f2", "f1", "D"]);
}

#[test]
fn test_all_freed() {
    let (heap, log) = (manual_heap(), Log::new());
    let a = Node::alloc(&heap, &log, "a");
    let captured = Rc::new(());
    let held = captured.clone();
    let data = Node::alloc(&heap, &log, "data");
    let watch = WeakRef::new(&data);
    // Nobody keeps the handle.
    drop(heap.finalize(&a, data, move |data| data.log().push(format!("called {}", Rc::strong_count(&held)))));
    assert!(watch.get().is_some() && Rc::strong_count(&captured) == 2 && log.is_empty());
    drop(a);
    assert!(watch.get().is_none() && Rc::strong_count(&captured) == 1);
    assert_eq!((log.count("called 2"), log.count("drop a"), log.count("drop data")), (1, 1, 1));
    drop(watch);
    assert_eq!(heap.object_count(), 0);
    heap.check();
}

#[test]
fn test_atexit() {
    for closes in [false, true] {
        let (heap, log) = (manual_heap(), Log::new());
        let reports = quiet(&heap);
        let class = Node::alloc(&heap, &log, "class");
        let register = |name: &'static str| {
            let log = log.clone();
            heap.finalize(&class, name, move |name| log.push(name))
        };
        let f1 = register("f1");
        let f2 = register("f2");
        let (late, events) = (Gc::downgrade(&class), log.clone());
        let f3 = heap.finalize(&class, (), move |()| {
            // Made at the exit: the next one to run.
            let class = late.upgrade().expect("it is held");
            let events_too = events.clone();
            Gc::with_heap(&class, |heap| {
                drop(heap.finalize(&class, "g1", move |name| events_too.push(name)));
                events.push(format!("f3 error {}", heap.is_enabled()));
            });
            panic!("division by zero");
        });
        let f4 = register("f4");
        assert!(f1.at_exit() && f3.at_exit() && f4.at_exit());
        f2.set_at_exit(false);
        assert!(!f2.at_exit());
        if closes {
            drop(heap);
        } else {
            assert_eq!(heap.run_exit_finalizers(), 4);
            assert!(f2.is_alive());
            assert!(heap.is_enabled(), "disabled meanwhile only");
        }
        assert_eq!(log.take(), ["f4", "f3 error false", "g1", "f1"]);
        assert_eq!(reports.messages(), ["division by zero"]);
        assert!(!f1.is_alive() && !f3.is_alive() && !f4.is_alive());
        // What was not for the exit runs at the death of its object, but never after the end.
        drop(class);
        assert_eq!(log.take(), if closes { &["drop class"][..] } else { &["f2", "drop class"] });
        assert!(!f2.is_alive() && !f2.call());
    }
}
