//! What `Trace::shape` says, and that untracked is what can have no edges.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex};

use tailbite::{AnyGc, Gc, Heap, Shape, Trace, Untraced};

use super::Probe;

fn shape<T: Trace>() -> Shape {
    Shape::of::<T>()
}

#[test]
fn plain() {
    assert_eq!(shape::<()>(), Shape::PLAIN);
    assert_eq!(shape::<Option<NonZeroU32>>(), Shape::PLAIN);
    assert_eq!(shape::<(u8, String, PathBuf, [char; 4])>(), Shape::PLAIN);
    assert_eq!(shape::<HashMap<String, Vec<Option<(u8, String)>>>>(), Shape::PLAIN);
    assert_eq!(shape::<RefCell<BTreeMap<u8, Cell<f64>>>>(), Shape::PLAIN);
    assert_eq!(shape::<(Box<str>, Box<[u8]>, Box<Path>, Box<f64>)>(), Shape::PLAIN);
    assert_eq!(shape::<fn(u8, u8) -> u8>(), Shape::PLAIN);
    assert_eq!(shape::<(&'static str, Weak<Probe>, Rc<str>, Arc<Mutex<u8>>)>(), Shape::PLAIN);
    assert_eq!(shape::<[AnyGc; 0]>(), Shape::PLAIN);
}

/// Opaque, but dropping it can run code of the user's.
#[test]
fn loud() {
    assert_eq!(shape::<Rc<Probe>>(), Shape::LOUD_DROP);
    assert_eq!(shape::<Probe>(), Shape::LOUD_DROP);
    assert_eq!(shape::<Vec<Option<Probe>>>(), Shape::LOUD_DROP);
    assert_eq!(shape::<Untraced<Box<dyn Fn()>>>(), Shape::LOUD_DROP);
    assert_eq!(shape::<HashMap<u8, u8, Rc<Probe>>>(), Shape::LOUD_DROP);
    assert_eq!(shape::<std::io::Error>(), Shape::LOUD_DROP);
}

#[test]
fn edges() {
    assert!(shape::<Gc<u8>>().contains(Shape::EDGES));
    assert!(shape::<Cell<Option<AnyGc>>>().contains(Shape::EDGES));
    assert!(shape::<HashMap<String, Vec<Option<(u8, AnyGc)>>>>().contains(Shape::EDGES));
    assert!(shape::<BTreeMap<Gc<str>, u8>>().contains(Shape::EDGES));
    assert!(shape::<Box<dyn Trace>>().contains(Shape::EDGES));
}

#[test]
fn derived() {
    #[derive(Trace)]
    struct Unit;
    #[derive(Trace)]
    struct Text(String, u32, #[trace(skip)] Vec<u8>);
    #[derive(Trace)]
    enum Number {
        Small(i64),
        Large(Vec<u32>),
    }
    #[derive(Trace)]
    struct Native {
        name: Rc<str>,
        #[trace(skip)]
        call: Box<dyn Fn()>,
    }
    #[derive(Trace)]
    struct Slots {
        call: fn(&[AnyGc], &mut Native) -> AnyGc,
    }
    assert_eq!(shape::<Unit>(), Shape::PLAIN);
    // A skipped field is not asked: that it needs a drop has to do.
    assert_eq!(shape::<Text>(), Shape::LOUD_DROP);
    assert_eq!(shape::<Number>(), Shape::PLAIN);
    assert_eq!(shape::<Native>(), Shape::LOUD_DROP);
    assert_eq!(shape::<Slots>(), Shape::PLAIN);

    let text = Text("t".into(), 1, vec![2]);
    assert_eq!((text.0.as_str(), text.1, text.2.len()), ("t", 1, 1));
    assert!(matches!(Number::Large(vec![1]), Number::Large(digits) if digits == [1]));
    assert!(matches!(Number::Small(1), Number::Small(1)));
    let native = Native { name: "n".into(), call: Box::new(|| ()) };
    (native.call)();
    assert_eq!(&*native.name, "n");
    let slots = Slots { call: |arguments, _| arguments[0].clone() };
    let any = AnyGc::from(Gc::new(1_u8));
    let mut native = native;
    assert_eq!((slots.call)(std::slice::from_ref(&any), &mut native), any);
    assert!(matches!(Unit, Unit));
}

/// A recursive type ends the question with the answer that is always right.
#[test]
fn recursive() {
    #[derive(Trace)]
    #[expect(dead_code, reason = "only its shape is asked")]
    enum Tree {
        Leaf(u8),
        Wide(Vec<Tree>, HashMap<String, Tree>, Vec<Tree>, Vec<Tree>, Vec<Tree>, Vec<Tree>),
        Deep(Vec<Tree>, Vec<Tree>, Vec<Tree>, Vec<Tree>, Vec<Tree>, Vec<Tree>, Vec<Tree>),
    }
    assert_eq!(shape::<Tree>(), Shape::UNKNOWN);
}

/// Asked at depth zero, no type that has edges hides them.
#[test]
fn depth_zero() {
    #[derive(Trace)]
    struct Node(Option<Gc<Node>>);
    for depth in 0..12 {
        assert!(Node::shape(depth).contains(Shape::EDGES));
        assert!(Vec::<Option<Gc<u8>>>::shape(depth).contains(Shape::EDGES));
    }
    assert!(Node(None).0.is_none());
}

#[test]
fn untracked_is_what_has_no_edges() {
    let heap = Heap::new();
    assert!(!heap.is_tracked(&heap.alloc(1_u8)));
    assert!(!heap.is_tracked(&heap.alloc(vec![String::new()])));
    assert!(!heap.is_tracked(&heap.alloc(Untraced(Gc::new(1)))));
    assert!(!heap.is_tracked(&heap.alloc_str("text")));
    assert_eq!(heap.tracked_objects(), 0);
    let node = heap.alloc(vec![Gc::new(1)]);
    assert!(heap.is_tracked(&node));
    assert!(heap.is_tracked(&heap.alloc(Cell::new(None::<AnyGc>))));
    assert_eq!(heap.tracked_objects(), 1);
}
