//! Tailbite with nodes of different sizes: a head, and an inline tail of words.

use std::cell::Cell;

use tailbite::{Gc, Generation, Heap, Trace, WithSlice};

use super::graph::{Abilities, GraphPeer};

/// The part that all nodes have.
#[derive(Trace)]
pub struct Head {
    a: Cell<Link>,
    b: Cell<Link>,
    value: i64,
}

type Node = WithSlice<Head, u64>;
type Link = Option<Gc<Node>>;

/// The words behind a node's head: none for half of them, more for the others; 11 bytes in the mean.
#[must_use]
pub fn tail_words(value: i64) -> usize {
    match value % 20 {
        0..10 => 0,
        10..14 => 1,
        14..17 => 2,
        _ => 6,
    }
}

fn get(cell: &Cell<Link>) -> Link {
    let content = cell.take();
    cell.set(content.clone());
    content
}

/// A heap.
pub struct TailbiteMixed {
    heap: Heap,
    roots: Vec<Gc<Node>>,
}

impl GraphPeer for TailbiteMixed {
    type Heap<'gc> = &'gc Heap;
    type Node<'gc> = Gc<Node>;
    const ABILITIES: Abilities = Abilities { counts: true, collects: true, generations: true };

    fn new() -> TailbiteMixed {
        TailbiteMixed { heap: Heap::new(), roots: Vec::new() }
    }

    fn mutate<R>(&mut self, step: impl for<'gc> FnOnce(&'gc Heap, &mut Vec<Gc<Node>>) -> R) -> R {
        step(&self.heap, &mut self.roots)
    }

    fn node<'gc>(
        heap: Self::Heap<'gc>,
        a: Option<Self::Node<'gc>>,
        b: Option<Self::Node<'gc>>,
        value: i64,
    ) -> Self::Node<'gc> {
        let head = Head { a: Cell::new(a), b: Cell::new(b), value };
        heap.alloc_with_slice(head, (0..tail_words(value)).map(|word| word as u64))
    }

    fn set_a<'gc>(_: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
        node.head.a.set(to);
    }

    fn set_b<'gc>(_: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
        node.head.b.set(to);
    }

    fn a<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
        get(&node.head.a)
    }

    fn b<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
        get(&node.head.b)
    }

    fn value(node: &Self::Node<'_>) -> i64 {
        node.head.value
    }

    fn payload_bytes(value: i64) -> usize {
        size_of::<Head>() + size_of::<u64>() * tail_words(value)
    }

    fn collect(&mut self) {
        self.heap.collect(Generation::Old);
    }

    fn collect_young(&mut self) {
        self.heap.collect(Generation::Young);
    }

    fn set_automatic(&mut self, on: bool) {
        if on { self.heap.enable() } else { self.heap.disable() }
    }

    fn live_nodes(&self) -> Option<usize> {
        Some(self.heap.object_count())
    }

    fn heap_bytes(&self) -> Option<usize> {
        Some(self.heap.used_bytes())
    }
}
