//! `gc-arena`: an incremental tracing collector whose handles can't leave its arena. It collects between steps, as far as its debt goes.

use gc_arena::barrier::unlock;
use gc_arena::{Collect, Gc, Lock};

use super::in_arena::in_arena;

/// A node.
#[derive(Collect)]
#[collect(no_drop)]
pub struct Node<'gc> {
    a: Lock<Option<Gc<'gc, Node<'gc>>>>,
    b: Lock<Option<Gc<'gc, Node<'gc>>>>,
    value: i64,
}

in_arena! {
    /// An arena.
    GcArena,
    Node<'gc>,

    #[inline]
    fn node<'gc>(
        mutation: Self::Heap<'gc>,
        a: Option<Self::Node<'gc>>,
        b: Option<Self::Node<'gc>>,
        value: i64,
    ) -> Self::Node<'gc> {
        Gc::new(mutation, Node { a: Lock::new(a), b: Lock::new(b), value })
    }

    #[inline]
    fn set_a<'gc>(mutation: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
        unlock!(Gc::write(mutation, *node), Node, a).set(to);
    }

    #[inline]
    fn set_b<'gc>(mutation: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
        unlock!(Gc::write(mutation, *node), Node, b).set(to);
    }

    fn a<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
        node.a.get()
    }

    fn b<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
        node.b.get()
    }
}
