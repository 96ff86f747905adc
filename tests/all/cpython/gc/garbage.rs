//! GCTests: what is garbage, how much of it there is, and what becomes of weak references to it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Trace, Tracer, UnraisableContext, WeakRef, callback};
use tailbite_tests::{Log, Node, leak_ring, manual_heap};

use super::super::{Call, collect};

#[test]
fn test_list() {
    type List = RefCell<Vec<AnyGc>>;
    let heap = manual_heap();
    let list: Gc<List> = heap.alloc(RefCell::default());
    list.borrow_mut().push(Gc::as_any(&list));
    collect(&heap);
    drop(list);
    assert_eq!(collect(&heap), 1);
}

#[test]
fn test_dict() {
    let heap = manual_heap();
    let dict: Gc<RefCell<HashMap<i32, AnyGc>>> = heap.alloc(RefCell::default());
    dict.borrow_mut().insert(1, Gc::as_any(&dict));
    collect(&heap);
    drop(dict);
    assert_eq!(collect(&heap), 1);
}

#[test]
fn test_tuple() {
    // A tuple can't be changed, so the list that it holds closes the cycle.
    let heap = manual_heap();
    let list = heap.alloc(RefCell::new(Vec::<AnyGc>::new()));
    let tuple: Gc<[AnyGc]> = heap.alloc_slice([Gc::as_any(&list)]);
    list.borrow_mut().push(Gc::as_any(&tuple));
    collect(&heap);
    drop((list, tuple));
    assert_eq!(collect(&heap), 2);
}

#[test]
fn test_instance() {
    let (heap, log) = (manual_heap(), Log::new());
    leak_ring(&heap, &log, "a", 1);
    assert_eq!(collect(&heap), 1);
    assert_eq!(collect(&heap), 0);
}

#[test]
fn test_function() {
    // A function holds its globals, in which it is stored.
    type Globals = RefCell<HashMap<&'static str, AnyGc>>;
    #[derive(Trace)]
    struct Function {
        globals: Gc<Globals>,
    }
    let heap = manual_heap();
    let globals: Gc<Globals> = heap.alloc(RefCell::default());
    let function = heap.alloc(Function { globals: globals.clone() });
    globals.borrow_mut().insert("f", Gc::erase(function));
    collect(&heap);
    assert_eq!(globals.borrow().len(), 1);
    drop(globals);
    assert_eq!(collect(&heap), 2);
}

#[test]
fn test_bug1055820b() {
    // Callbacks see that all references with callbacks to the garbage are cleared already.
    let (heap, log) = (manual_heap(), Log::new());
    let nodes: Vec<_> = (0..2).map(|index| Node::alloc(&heap, &log, format!("n{index}"))).collect();
    nodes.iter().for_each(|node| node.link(node));
    let watches: Rc<RefCell<Vec<Gc<WeakRef>>>> = Rc::default();
    for node in &nodes {
        let (all, log) = (watches.clone(), log.clone());
        let see = callback(move |_: &AnyGc| {
            let alive = all.borrow().iter().filter(|watch| watch.get().is_some()).count();
            log.push(format!("alive {alive}"));
        });
        watches.borrow_mut().push(WeakRef::with_callback(node, see));
    }
    assert_eq!(collect(&heap), 0);
    assert!(log.is_empty());
    drop(nodes);
    assert_eq!(collect(&heap), 2);
    assert_eq!(log.count("alive 0"), 2, "{log:?}");
    watches.borrow_mut().clear();
}

#[test]
fn test_trash_weakref_clear() {
    // The referent is garbage behind an edge that nobody reports; its weak reference is garbage too, and does not call, in
    // whatever order the objects of two cycles go.
    struct Hidden(#[expect(dead_code, reason = "it only holds")] AnyGc);
    tailbite::leaf!(Hidden);
    let (heap, log) = (manual_heap(), Log::new());
    for is_held_longer in [false, true] {
        let z = Node::alloc(&heap, &log, "z");
        let a = Node::alloc(&heap, &log, "a");
        let watch = WeakRef::with_callback(&z, Call::new(&log, "c"));
        a.hold(watch.clone());
        a.hold(heap.alloc(Hidden(Gc::erase(z))));
        a.link(&a);
        if is_held_longer {
            let other = Node::alloc(&heap, &log, "other");
            other.hold(watch.clone());
            other.link(&other);
        }
        drop((a, watch));
        collect(&heap);
        assert_eq!((log.count("call c"), log.count("drop z")), (0, 1), "{log:?}");
        assert_eq!(heap.object_count(), 0);
        log.take();
    }
}

#[test]
fn test_gc_main_module_at_shutdown() {
    // A cycle that the module holds when the interpreter ends: the host lets the module go, the heap closes.
    let (heap, log) = (manual_heap(), Log::new());
    let main = Node::alloc(&heap, &log, "__main__");
    let list = Node::alloc(&heap, &log, "l");
    let object = Node::alloc(&heap, &log, "C()");
    Node::on_finalize(&object, |_| {});
    list.link(&object);
    list.link(&list);
    main.link(&list);
    drop((list, object, main));
    assert_eq!(log.take(), ["drop __main__"]);
    drop(heap);
    assert_eq!(log.take_sorted(), ["drop C()", "drop l", "finalize C()"]);
}

#[test]
fn test_refcount_errors() {
    // A count that is lower than the references found is an error with a name: here because a type reports too many.
    struct Liar(Gc<Node>);
    // SAFETY: none; the promise is broken on purpose, where the count shows it. Both objects are held from outside until the end.
    unsafe impl Trace for Liar {
        fn trace(&self, tracer: &mut Tracer<'_>) {
            self.0.trace(tracer);
            self.0.trace(tracer);
            self.0.trace(tracer);
        }
    }
    let (heap, log) = (manual_heap(), Log::new());
    let reports: Rc<RefCell<Vec<(UnraisableContext, String)>>> = Rc::default();
    let sink = reports.clone();
    heap.set_unraisable_hook(move |report| {
        sink.borrow_mut().push((report.context, format!("{} {}", report.type_name, report.message())));
    });
    let node = Node::alloc(&heap, &log, "n");
    let liar = heap.alloc(Liar(node.clone()));
    assert_eq!(collect(&heap), 0);
    let seen = reports.take();
    assert!(seen.iter().any(|(context, _)| *context == UnraisableContext::OverReport), "{seen:?}");
    assert!(seen.iter().all(|(_, text)| text.contains("Node")), "{seen:?}");
    assert!(log.is_empty(), "kept");
    drop(liar);
    assert_eq!(Gc::strong_count(&node), 1);
}

#[test]
fn test_heap_size() {
    let (heap, log) = (manual_heap(), Log::new());
    let before = heap.tracked_objects();
    let node = Node::alloc(&heap, &log, "n");
    assert_eq!(heap.tracked_objects(), before + 1);
    drop(node);
    assert_eq!(heap.tracked_objects(), before);
    leak_ring(&heap, &log, "n", 3);
    assert_eq!(heap.tracked_objects(), before + 3);
    collect(&heap);
    assert_eq!(heap.tracked_objects(), before);
}

#[test]
fn test_is_tracked() {
    #[derive(Trace)]
    struct Slots {}
    #[derive(Trace)]
    struct Instance {
        attributes: RefCell<HashMap<String, AnyGc>>,
    }
    let (heap, log) = (manual_heap(), Log::new());
    let atoms: [AnyGc; 9] = [
        heap.alloc(()).into(),
        heap.alloc(1_u8).into(),
        heap.alloc(1.5_f64).into(),
        heap.alloc(true).into(),
        heap.alloc(String::from("a")).into(),
        Gc::erase(heap.alloc_str("a")),
        heap.alloc(vec![1_u8]).into(),
        heap.alloc((1_u8, vec![String::new()])).into(),
        heap.alloc(Slots {}).into(),
    ];
    for atom in &atoms {
        assert!(!heap.is_tracked(atom), "{}", atom.type_name());
    }
    assert!(!heap.is_tracked(&heap.alloc_slice([1.5_f64, 2.0])));
    let containers: [AnyGc; 4] = [
        Gc::erase(Node::alloc(&heap, &log, "n")),
        heap.alloc(Vec::<AnyGc>::new()).into(),
        heap.alloc(Cell::new(None::<AnyGc>)).into(),
        heap.alloc(Instance { attributes: RefCell::default() }).into(),
    ];
    for container in &containers {
        assert!(heap.is_tracked(container), "{}", container.type_name());
    }
    let instance = containers[3].downcast_ref::<Instance>().expect("just made");
    assert!(instance.attributes.borrow().is_empty());
}
