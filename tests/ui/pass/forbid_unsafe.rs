//! A host writes no `unsafe`: the derive and its attributes work where `unsafe` code is forbidden.
#![forbid(unsafe_code)]
#![deny(warnings)]

use tailbite::{Gc, Trace, Weak};

#[derive(Trace)]
#[trace(finalize = Node::finalize, protocol = &TABLE)]
struct Node<T> {
    value: T,
    next: Option<Gc<Node<T>>>,
    parent: Weak<Node<T>>,
    #[trace(skip)]
    native: Box<dyn Fn() -> i32>,
    call: fn(&Node<T>, &mut i32) -> i32,
}

static TABLE: i32 = 7;

impl<T: Trace> Node<T> {
    fn finalize(_: &Gc<Self>) {}
}

#[derive(Trace)]
#[trace(leaf)]
struct Resource(Box<dyn Fn()>);

impl Drop for Resource {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[derive(Trace)]
enum Value {
    None,
    Number(f64),
    List(Vec<Value>),
    Node { node: Gc<Node<Value>> },
}

fn main() {
    let node = Gc::new(Node {
        value: Value::List(vec![Value::None, Value::Number(1.0)]),
        next: None,
        parent: Weak::new(),
        native: Box::new(|| 1),
        call: |_, n| *n + 1,
    });
    let value = Value::Node { node: node.clone() };
    assert!(node.next.is_none() && node.parent.upgrade().is_none());
    assert!(matches!(&node.value, Value::List(list) if list.len() == 2));
    assert_eq!((node.native)() + (node.call)(&node, &mut 2), 4);
    assert!(matches!(value, Value::Node { .. }));
    drop(Gc::new(Resource(Box::new(|| ()))));
}
