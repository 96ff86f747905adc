//! Tailbite with four types of nodes, each from a factory of its own. Handles to any of them are one word, `AnyGc`.

use std::cell::Cell;

use tailbite::{AnyGc, Factory, Gc, Generation, Heap, Trace};

use super::with_tail;
use crate::peers::{Abilities, GraphPeer};

type Link = Option<AnyGc>;

/// The part that all nodes have.
#[derive(Trace)]
struct Head {
    a: Cell<Link>,
    b: Cell<Link>,
    value: i64,
}

/// A node.
#[derive(Trace)]
pub struct Node<const WORDS: usize> {
    head: Head,
    tail: [u64; WORDS],
}

const _: () = assert!(size_of::<Node<0>>() == 24 && size_of::<Node<6>>() == 72);

fn get(cell: &Cell<Link>) -> Link {
    let content = cell.take();
    cell.set(content.clone());
    content
}

/// What a user does who has a handle of no type: asks for each type that it may be, the most frequent first.
fn head(node: &AnyGc) -> &Head {
    fn head_of<const WORDS: usize>(node: &AnyGc) -> Option<&Head> {
        node.downcast_ref::<Node<WORDS>>().map(|node| &node.head)
    }
    let found = head_of::<0>(node).or_else(|| head_of::<1>(node)).or_else(|| head_of::<2>(node));
    found.or_else(|| head_of::<6>(node)).expect("there are four types of nodes")
}

/// A heap and its factories.
pub struct Source {
    heap: Heap,
    plain: Factory<Node<0>>,
    one: Factory<Node<1>>,
    two: Factory<Node<2>>,
    six: Factory<Node<6>>,
}

/// The factory of the nodes with a tail of this type.
trait Tail: Sized {
    fn alloc(self, source: &Source, head: Head) -> AnyGc;
}

macro_rules! tails {
    ($($words:literal: $factory:ident),*) => { $(
        impl Tail for [u64; $words] {
            #[inline]
            fn alloc(self, source: &Source, head: Head) -> AnyGc {
                Gc::erase(source.$factory.alloc(Node { head, tail: self }))
            }
        }
    )* };
}

tails!(0: plain, 1: one, 2: two, 6: six);

/// A heap with its roots.
pub struct Mixed {
    source: Source,
    roots: Vec<AnyGc>,
}

impl GraphPeer for Mixed {
    type Heap<'gc> = &'gc Source;
    type Node<'gc> = AnyGc;
    const ABILITIES: Abilities = Abilities { counts: true, collects: true, generations: true };

    fn new() -> Mixed {
        let heap = Heap::new();
        let (plain, one, two, six) = (heap.factory(), heap.factory(), heap.factory(), heap.factory());
        Mixed { source: Source { heap, plain, one, two, six }, roots: Vec::new() }
    }

    fn mutate<R>(&mut self, step: impl for<'gc> FnOnce(&'gc Source, &mut Vec<AnyGc>) -> R) -> R {
        step(&self.source, &mut self.roots)
    }

    fn node<'gc>(
        source: Self::Heap<'gc>,
        a: Option<Self::Node<'gc>>,
        b: Option<Self::Node<'gc>>,
        value: i64,
    ) -> Self::Node<'gc> {
        let head = Head { a: Cell::new(a), b: Cell::new(b), value };
        with_tail!(value, |tail| tail.alloc(source, head))
    }

    fn set_a<'gc>(_: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
        head(node).a.set(to);
    }

    fn set_b<'gc>(_: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
        head(node).b.set(to);
    }

    fn a<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
        get(&head(node).a)
    }

    fn b<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
        get(&head(node).b)
    }

    fn value(node: &Self::Node<'_>) -> i64 {
        head(node).value
    }

    fn payload_bytes(value: i64) -> usize {
        super::payload_bytes(value)
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
