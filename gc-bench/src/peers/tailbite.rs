//! Tailbite: counted handles in a heap of their own; nodes from a factory or from the heap.

use std::cell::Cell;

use tailbite::{Factory, Gc, Generation, Heap, Trace};

use super::graph::{Abilities, GraphPeer};

/// Two optional references and an integer: 24 bytes of payload, a block of 32.
#[derive(Trace)]
pub struct Node {
    /// First reference.
    pub a: Cell<Option<Gc<Node>>>,
    /// Second reference.
    pub b: Cell<Option<Gc<Node>>>,
    /// The integer.
    pub value: i64,
}

impl Node {
    /// A node, not yet in a heap.
    #[must_use]
    pub fn new(a: Option<Gc<Node>>, b: Option<Gc<Node>>, value: i64) -> Node {
        Node { a: Cell::new(a), b: Cell::new(b), value }
    }
}

/// Reads a cell that holds a handle.
fn get(cell: &Cell<Option<Gc<Node>>>) -> Option<Gc<Node>> {
    let content = cell.take();
    cell.set(content.clone());
    content
}

/// A heap and its factory of nodes.
pub struct Source {
    heap: Heap,
    factory: Factory<Node>,
}

/// With nodes from a [`Factory`] if `FACTORY`, which is meant for places that make many, else from [`Heap::alloc`].
pub struct Tailbite<const FACTORY: bool> {
    source: Source,
    roots: Vec<Gc<Node>>,
}

impl<const FACTORY: bool> GraphPeer for Tailbite<FACTORY> {
    type Heap<'gc> = &'gc Source;
    type Node<'gc> = Gc<Node>;
    const ABILITIES: Abilities = Abilities { counts: true, collects: true, generations: true };

    fn new() -> Self {
        let heap = Heap::new();
        Tailbite { source: Source { factory: heap.factory(), heap }, roots: Vec::new() }
    }

    fn mutate<R>(&mut self, step: impl for<'gc> FnOnce(&'gc Source, &mut Vec<Gc<Node>>) -> R) -> R {
        step(&self.source, &mut self.roots)
    }

    #[inline]
    fn node<'gc>(
        source: Self::Heap<'gc>,
        a: Option<Self::Node<'gc>>,
        b: Option<Self::Node<'gc>>,
        value: i64,
    ) -> Self::Node<'gc> {
        let node = Node::new(a, b, value);
        if FACTORY { source.factory.alloc(node) } else { source.heap.alloc(node) }
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

    fn collect(&mut self) {
        self.source.heap.collect(Generation::Old);
    }

    fn collect_young(&mut self) {
        self.source.heap.collect(Generation::Young);
    }

    fn set_automatic(&mut self, on: bool) {
        if on { self.source.heap.enable() } else { self.source.heap.disable() }
    }

    fn live_nodes(&self) -> Option<usize> {
        Some(self.source.heap.object_count())
    }

    fn heap_bytes(&self) -> Option<usize> {
        Some(self.source.heap.used_bytes())
    }
}
