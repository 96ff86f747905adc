//! Workloads that the benchmarks share: one node type, in the shape that the project's figures speak of, for each kind of handle.

#![expect(missing_debug_implementations, reason = "nodes hold cells of handles, which can't be shown")]

use std::cell::Cell;
use std::rc::Rc;

use tailbite::{Gc, Heap, Trace};

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
    /// A node with one reference.
    #[must_use]
    pub fn new(a: Option<Gc<Node>>, value: i64) -> Node {
        Node { a: Cell::new(a), b: Cell::new(None), value }
    }
}

/// The same behind `Rc`.
pub struct RcNode {
    /// First reference.
    pub a: Cell<Option<Rc<RcNode>>>,
    /// Second reference.
    pub b: Cell<Option<Rc<RcNode>>>,
    /// The integer.
    pub value: i64,
}

impl RcNode {
    /// A node with one reference.
    #[must_use]
    pub fn new(a: Option<Rc<RcNode>>, value: i64) -> RcNode {
        RcNode { a: Cell::new(a), b: Cell::new(None), value }
    }
}

/// A list of `length` nodes, newest first.
#[must_use]
pub fn list(heap: &Heap, length: i64) -> Option<Gc<Node>> {
    (0..length).fold(None, |rest, value| Some(heap.alloc(Node::new(rest, value))))
}

/// The same list behind `Rc`.
#[must_use]
pub fn rc_list(length: i64) -> Option<Rc<RcNode>> {
    (0..length).fold(None, |rest, value| Some(Rc::new(RcNode::new(rest, value))))
}

/// Drops an `Rc` list without recursion, which its own drop would overflow the stack with.
pub fn drop_rc_list(mut list: Option<Rc<RcNode>>) {
    while let Some(node) = list {
        list = Rc::try_unwrap(node).ok().and_then(|node| node.a.take());
    }
}

/// A seeded sequence of numbers below `bound` (xorshift64), the same from run to run.
pub fn numbers(bound: usize) -> impl FnMut() -> usize {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % bound as u64) as usize
    }
}

/// `count` nodes, each referring to two others at random; all are alive as long as the vector is.
#[must_use]
pub fn random_graph(heap: &Heap, count: usize) -> Vec<Gc<Node>> {
    let nodes: Vec<Gc<Node>> = (0..count).map(|value| heap.alloc(Node::new(None, value as i64))).collect();
    let mut next = numbers(count);
    for node in &nodes {
        node.a.set(Some(nodes[next()].clone()));
        node.b.set(Some(nodes[next()].clone()));
    }
    nodes
}

/// Drops `count` nodes in rings of two to ten.
pub fn rings(heap: &Heap, count: usize) {
    let mut made = 0;
    while made < count {
        let length = 2 + made % 9;
        let first = heap.alloc(Node::new(None, 0));
        let mut last = first.clone();
        for value in 1..length {
            let node = heap.alloc(Node::new(None, value as i64));
            last.a.set(Some(node.clone()));
            last = node;
        }
        last.a.set(Some(first));
        made += length;
    }
}
