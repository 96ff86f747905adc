//! `jrsonnet-gcmodule` with nodes behind a trait. Handles to nodes of any size are two words.

use std::cell::RefCell;

use jrsonnet_gcmodule::{Trace, cc_dyn, collect_thread_cycles, count_thread_tracked};

use super::with_tail;
use crate::peers::{Abilities, GraphPeer, ManualTrigger};

/// What nodes of all sizes have.
#[derive(Trace)]
#[trace(tracking(force))]
pub struct Links {
    a: Option<AnyNode>,
    b: Option<AnyNode>,
}

/// A node of any size.
pub trait Linked {
    /// The references; one `RefCell` for both is the smallest form.
    fn links(&self) -> &RefCell<Links>;
    /// The integer.
    fn value(&self) -> i64;
}

cc_dyn!(
    /// A handle to a node of any size.
    AnyNode,
    Linked
);

impl Clone for AnyNode {
    fn clone(&self) -> AnyNode {
        AnyNode(self.0.clone())
    }
}

#[derive(Trace)]
#[trace(tracking(force))]
struct Node<const WORDS: usize> {
    links: RefCell<Links>,
    value: i64,
    #[trace(skip)]
    tail: [u64; WORDS],
}

impl<const WORDS: usize> Linked for Node<WORDS> {
    fn links(&self) -> &RefCell<Links> {
        &self.links
    }

    fn value(&self) -> i64 {
        self.value
    }
}

/// The thread's objects.
pub struct Mixed {
    roots: Vec<AnyNode>,
    trigger: ManualTrigger,
}

impl GraphPeer for Mixed {
    type Heap<'gc> = ();
    type Node<'gc> = AnyNode;
    const ABILITIES: Abilities = Abilities { counts: true, collects: true, generations: false };

    fn new() -> Mixed {
        Mixed { roots: Vec::new(), trigger: ManualTrigger::new() }
    }

    fn mutate<R>(&mut self, step: impl for<'gc> FnOnce((), &mut Vec<AnyNode>) -> R) -> R {
        step((), &mut self.roots)
    }

    fn node<'gc>(
        _: Self::Heap<'gc>,
        a: Option<Self::Node<'gc>>,
        b: Option<Self::Node<'gc>>,
        value: i64,
    ) -> Self::Node<'gc> {
        let links = RefCell::new(Links { a, b });
        with_tail!(value, |tail| AnyNode::new(Node { links, value, tail }))
    }

    fn set_a<'gc>(_: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
        node.0.links().borrow_mut().a = to;
    }

    fn set_b<'gc>(_: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
        node.0.links().borrow_mut().b = to;
    }

    fn a<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
        node.0.links().borrow().a.clone()
    }

    fn b<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
        node.0.links().borrow().b.clone()
    }

    fn value(node: &Self::Node<'_>) -> i64 {
        node.0.value()
    }

    fn payload_bytes(value: i64) -> usize {
        super::payload_bytes(value)
    }

    fn safepoint(&mut self, made: usize) {
        if self.trigger.is_due(made) {
            self.collect();
        }
    }

    fn collect(&mut self) {
        _ = collect_thread_cycles();
    }

    fn set_automatic(&mut self, on: bool) {
        self.trigger.set(on);
    }

    fn live_nodes(&self) -> Option<usize> {
        Some(count_thread_tracked())
    }
}
