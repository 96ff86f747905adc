//! The attributes of the derive, and its bounds.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

use tailbite::{AnyGc, Gc, Generation, Heap, Trace, Tracer, leaf};

use super::{Drops, Probe, collected_through};

thread_local! {
    static FINALIZED: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

fn finalized() -> Vec<u32> {
    FINALIZED.take()
}

/// A handle in a type that has no `Trace`.
struct Foreign(RefCell<Option<AnyGc>>);

#[test]
fn skip_leaks_and_never_frees() {
    #[derive(Trace)]
    struct Node {
        probe: Probe,
        #[trace(skip)]
        link: Foreign,
        other: Option<Gc<u8>>,
    }
    let heap = Heap::new();
    let drops = Drops::default();
    let node = heap.alloc(Node { probe: drops.probe(), link: Foreign(RefCell::new(None)), other: None });
    *node.link.0.borrow_mut() = Some(Gc::as_any(&node));
    let weak = Gc::downgrade(&node);
    drop(node);
    for _ in 0..3 {
        assert_eq!(heap.collect(Generation::Old), 0);
    }
    let node = weak.upgrade().expect("a cycle through a skipped field leaks");
    assert!(node.other.is_none());
    assert_eq!(node.probe.0.get(), 0);
    let link = node.link.0.take();
    drop(node);
    drop(link);
    assert_eq!(drops.count(), 1);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn with_reports_through_a_function() {
    /// # Safety
    /// As for `Trace::trace`.
    unsafe fn report(foreign: &Foreign, tracer: &mut Tracer<'_>) {
        foreign.0.trace(tracer);
    }
    #[derive(Trace)]
    struct Wrapper<T> {
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report))]
        foreign: Foreign,
        other: T,
    }
    assert_eq!(collected_through(|a| Wrapper { foreign: Foreign(RefCell::new(Some(a))), other: 1_u8 }), 1);
    assert_eq!(collected_through(|a| Wrapper { foreign: Foreign(RefCell::new(Some(a.clone()))), other: Some(a) }), 1);
    assert_eq!(Wrapper { foreign: Foreign(RefCell::new(None)), other: 2 }.other, 2);
}

#[test]
fn leaf_is_opaque_and_may_drop() {
    #[derive(Trace)]
    #[trace(leaf)]
    struct Leaf<T: 'static> {
        handle: AnyGc,
        dropped: Cell<Option<T>>,
    }
    impl<T: 'static> Drop for Leaf<T> {
        fn drop(&mut self) {
            self.dropped.take();
        }
    }
    assert_eq!(
        collected_through(|a| {
            let leaf = Leaf { handle: a, dropped: Cell::new(Some(Box::new(|| 1))) };
            assert!(!AnyGc::type_name(&leaf.handle).is_empty());
            leaf
        }),
        0
    );
}

#[test]
fn finalize() {
    #[derive(Trace)]
    #[trace(finalize = Self::note)]
    struct Node<T> {
        name: u32,
        value: T,
        next: RefCell<Option<Gc<Node<T>>>>,
    }
    impl<T: Trace> Node<T> {
        fn note(this: &Gc<Self>) {
            FINALIZED.with_borrow_mut(|names| names.push(this.name));
        }
    }
    let heap = Heap::new();
    let make = |name| heap.alloc(Node { name, value: name.to_string(), next: RefCell::new(None) });

    let node = make(1);
    assert_eq!(node.value, "1");
    drop(node);
    assert_eq!(finalized(), [1], "at count zero");

    let node = make(2);
    *node.next.borrow_mut() = Some(node.clone());
    drop(node);
    assert!(finalized().is_empty());
    assert_eq!(heap.collect(Generation::Old), 1);
    assert_eq!(finalized(), [2], "by a collection, once");
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn finalize_on_request() {
    #[derive(Trace)]
    #[trace(finalize_on_request = note)]
    struct Node {
        name: u32,
        next: RefCell<Option<Gc<Node>>>,
    }
    fn note(this: &Gc<Node>) {
        assert!(this.next.borrow().is_none());
        FINALIZED.with_borrow_mut(|names| names.push(this.name));
    }
    let heap = Heap::new();
    let make = |name| heap.alloc(Node { name, next: RefCell::new(None) });
    drop(make(1));
    assert!(finalized().is_empty());
    let node = make(2);
    Gc::request_finalizer(&node);
    drop(node);
    assert_eq!(finalized(), [2]);
    drop(make(3));
    assert!(finalized().is_empty());
}

#[test]
fn protocol() {
    struct Slots {
        describe: fn(&AnyGc) -> String,
    }
    static NODE: Slots = Slots { describe: |any| format!("node {}", any.downcast_ref::<Node>().unwrap().0) };
    static TEXT: Slots = Slots { describe: |any| format!("text {}", any.downcast_ref::<Text>().unwrap().0) };

    #[derive(Trace)]
    #[trace(protocol = &NODE)]
    struct Node(u32, Option<Gc<Node>>);
    #[derive(Trace)]
    #[trace(leaf, protocol = &TEXT)]
    struct Text(String);

    let heap = Heap::new();
    let objects: Vec<AnyGc> =
        vec![heap.alloc(Node(1, None)).into(), heap.alloc(Text("two".into())).into(), heap.alloc(3_u8).into()];
    let described: Vec<Option<String>> =
        objects.iter().map(|any| any.protocol::<Slots>().map(|slots| (slots.describe)(any))).collect();
    assert_eq!(described, [Some("node 1".into()), Some("text two".into()), None]);
    assert!(objects[0].protocol::<u32>().is_none());
    let node = objects[0].clone().downcast::<Node>().unwrap();
    assert!(node.1.is_none());
}

#[test]
fn enums() {
    #[derive(Trace)]
    enum Value {
        Nil,
        Number(f64),
        Pair(AnyGc, AnyGc),
        Named {
            name: String,
            value: Cell<Option<AnyGc>>,
            #[trace(skip)]
            native: fn(&Value) -> u8,
        },
        Many(Vec<Value>),
    }
    assert_eq!(collected_through(|a| Value::Pair(a.clone(), a)), 1);
    assert_eq!(
        collected_through(|a| { Value::Named { name: "a".into(), value: Cell::new(Some(a)), native: |_| 1 } }),
        1
    );
    assert_eq!(
        collected_through(|a| {
            Value::Many(vec![Value::Nil, Value::Number(1.0), Value::Many(vec![Value::Pair(a.clone(), a)])])
        }),
        1
    );
    if let Value::Named { name, value, native } =
        (Value::Named { name: "b".into(), value: Cell::new(None), native: |_| 2 })
    {
        assert_eq!((name.as_str(), native(&Value::Nil)), ("b", 2));
        assert!(value.take().is_none());
    }
    assert!(matches!(Value::Number(2.0), Value::Number(n) if n == 2.0));
}

#[test]
fn generics() {
    trait Language: 'static {
        type Value: Clone;
        const NAME: &'static str;
    }
    struct Toy;
    impl Language for Toy {
        type Value = AnyGc;
        const NAME: &'static str = "toy";
    }

    // Bounds of its own, an associated type, a parameter that is only named, an array's length.
    #[derive(Trace)]
    struct Frame<L: Language, T, const N: usize>
    where
        T: Default,
    {
        registers: [Option<L::Value>; N],
        more: T,
        language: PhantomData<L>,
        call: fn(&L, &mut T),
    }
    assert_eq!(
        collected_through(|a| {
            let frame = Frame::<Toy, Vec<AnyGc>, 3> {
                registers: [Some(a.clone()), None, Some(a.clone())],
                more: vec![a],
                language: PhantomData,
                call: |_, more| more.clear(),
            };
            (frame.call)(&Toy, &mut Vec::new());
            assert_eq!(Toy::NAME, "toy");
            frame
        }),
        1
    );

    // A handle to anything needs no `Trace` of the anything.
    #[derive(Trace)]
    #[trace(bounds = "")]
    struct Ref<T: ?Sized>(Gc<T>);
    let heap = Heap::new();
    let text: Ref<str> = Ref(heap.alloc_str("text"));
    assert_eq!(&*text.0, "text");

    // Bounds in place of the inferred ones.
    #[derive(Trace)]
    #[trace(bounds = "T: Trace + Copy")]
    struct Copied<T>(T);
    assert_eq!(heap.alloc(Copied(1_u8)).0, 1);
}

/// `leaf!` and the derive's `leaf` say the same.
#[test]
fn leaf_macro() {
    struct Handle(AnyGc);
    struct Socket {
        fd: i32,
    }
    leaf!(Handle, Socket);
    assert_eq!(
        collected_through(|a| {
            let handle = Handle(a);
            assert!(!handle.0.is_immortal());
            handle
        }),
        0
    );
    let heap = Heap::new();
    let socket = heap.alloc(Socket { fd: 3 });
    assert!(!heap.is_tracked(&socket));
    assert_eq!(socket.fd, 3);
}

/// Deriving adds no drop glue: a type can be taken apart.
#[test]
fn destructuring() {
    #[derive(Trace)]
    struct Pair {
        left: Gc<u8>,
        right: String,
    }
    let pair = Pair { left: Gc::new(1), right: "right".into() };
    let Pair { left, right } = pair;
    assert_eq!((*left, right.as_str()), (1, "right"));
}
