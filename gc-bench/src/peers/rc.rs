//! `std::rc::Rc`: what one starts with. Cycles leak.

use std::cell::Cell;
use std::rc::Rc;

use super::graph::{Abilities, GraphPeer};

/// The node behind `Rc`.
pub struct Node {
    /// First reference.
    pub a: Cell<Option<Rc<Node>>>,
    /// Second reference.
    pub b: Cell<Option<Rc<Node>>>,
    /// The integer.
    pub value: i64,
}

impl Node {
    /// A node, not yet shared.
    #[must_use]
    pub fn new(a: Option<Rc<Node>>, b: Option<Rc<Node>>, value: i64) -> Node {
        Node { a: Cell::new(a), b: Cell::new(b), value }
    }
}

fn get(cell: &Cell<Option<Rc<Node>>>) -> Option<Rc<Node>> {
    let content = cell.take();
    cell.set(content.clone());
    content
}

/// The roots are all that there is.
#[derive(Default)]
pub struct Counted {
    roots: Vec<Rc<Node>>,
}

impl GraphPeer for Counted {
    type Heap<'gc> = ();
    type Node<'gc> = Rc<Node>;
    const ABILITIES: Abilities = Abilities { counts: true, collects: false, generations: false };

    fn new() -> Counted {
        Counted::default()
    }

    fn mutate<R>(&mut self, step: impl for<'gc> FnOnce((), &mut Vec<Rc<Node>>) -> R) -> R {
        step((), &mut self.roots)
    }

    #[inline]
    fn node<'gc>(
        _: Self::Heap<'gc>,
        a: Option<Self::Node<'gc>>,
        b: Option<Self::Node<'gc>>,
        value: i64,
    ) -> Self::Node<'gc> {
        Rc::new(Node::new(a, b, value))
    }

    #[inline]
    fn set_a<'gc>(_: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
        node.a.set(to);
    }

    #[inline]
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
}
