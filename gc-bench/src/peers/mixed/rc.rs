//! `Rc` with an inline tail. Handles to nodes of any size are two words.

use std::cell::Cell;
use std::rc::Rc;

use super::with_tail;
use crate::peers::{Abilities, GraphPeer};

type Link = Option<Rc<Node<[u64]>>>;

/// A node with a tail.
pub struct Node<T: ?Sized> {
    a: Cell<Link>,
    b: Cell<Link>,
    value: i64,
    #[expect(dead_code, reason = "it is there for its size")]
    tail: T,
}

fn get(cell: &Cell<Link>) -> Link {
    let content = cell.take();
    cell.set(content.clone());
    content
}

/// The roots are all that there is.
pub struct Mixed {
    roots: Vec<Rc<Node<[u64]>>>,
}

impl GraphPeer for Mixed {
    type Heap<'gc> = ();
    type Node<'gc> = Rc<Node<[u64]>>;
    const ABILITIES: Abilities = Abilities { counts: true, collects: false, generations: false };

    fn new() -> Mixed {
        Mixed { roots: Vec::new() }
    }

    fn mutate<R>(&mut self, step: impl for<'gc> FnOnce((), &mut Vec<Self::Node<'gc>>) -> R) -> R {
        step((), &mut self.roots)
    }

    fn node<'gc>(
        _: Self::Heap<'gc>,
        a: Option<Self::Node<'gc>>,
        b: Option<Self::Node<'gc>>,
        value: i64,
    ) -> Self::Node<'gc> {
        let (a, b) = (Cell::new(a), Cell::new(b));
        with_tail!(value, |tail| Rc::new(Node { a, b, value, tail }))
    }

    fn set_a<'gc>(_: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
        node.a.set(to);
    }

    fn set_b<'gc>(_: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
        node.b.set(to);
    }

    fn a<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
        get(&node.a)
    }

    fn b<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
        get(&node.b)
    }

    fn value(node: &Self::Node<'_>) -> i64 {
        node.value
    }

    fn payload_bytes(value: i64) -> usize {
        super::payload_bytes(value)
    }
}
