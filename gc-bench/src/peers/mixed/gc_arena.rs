//! `gc-arena` with an inline tail. Handles to nodes of any size are two words.

use gc_arena::barrier::unlock;
use gc_arena::{Collect, Gc, Lock, unsize};

use super::with_tail;
use crate::peers::in_arena::in_arena;

type Link<'gc> = Option<Gc<'gc, Node<'gc, [u64]>>>;

/// A node with a tail.
#[derive(Collect)]
#[collect(no_drop, bound = "")]
pub struct Node<'gc, T: ?Sized + 'static> {
    a: Lock<Link<'gc>>,
    b: Lock<Link<'gc>>,
    value: i64,
    #[expect(dead_code, reason = "it is there for its size")]
    #[collect(require_static)]
    tail: T,
}

in_arena! {
    /// An arena.
    Mixed,
    Node<'gc, [u64]>,

    fn node<'gc>(
        mutation: Self::Heap<'gc>,
        a: Option<Self::Node<'gc>>,
        b: Option<Self::Node<'gc>>,
        value: i64,
    ) -> Self::Node<'gc> {
        let (a, b) = (Lock::new(a), Lock::new(b));
        with_tail!(value, |tail| unsize!(Gc::new(mutation, Node { a, b, value, tail }) => Node<'gc, [u64]>))
    }

    fn set_a<'gc>(mutation: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
        unlock!(Gc::write(mutation, *node), Node, a).set(to);
    }

    fn set_b<'gc>(mutation: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
        unlock!(Gc::write(mutation, *node), Node, b).set(to);
    }

    fn a<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
        node.a.get()
    }

    fn b<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
        node.b.get()
    }

    fn payload_bytes(value: i64) -> usize {
        super::payload_bytes(value)
    }
}
