//! `gc-arena`: an incremental tracing collector whose handles can't leave its arena. It collects between steps, as far as its debt goes.

use gc_arena::arena::CollectionPhase;
use gc_arena::barrier::unlock;
use gc_arena::{Arena, Collect, Gc, Lock, Mutation, Rootable};

use super::graph::{Abilities, GraphPeer};

/// A node.
#[derive(Collect)]
#[collect(no_drop)]
pub struct Node<'gc> {
    a: Lock<Option<Gc<'gc, Node<'gc>>>>,
    b: Lock<Option<Gc<'gc, Node<'gc>>>>,
    value: i64,
}

#[derive(Collect)]
#[collect(no_drop)]
struct Roots<'gc>(Vec<Gc<'gc, Node<'gc>>>);

/// An arena.
pub struct GcArena {
    arena: Arena<Rootable![Roots<'_>]>,
    automatic: bool,
}

impl GraphPeer for GcArena {
    type Heap<'gc> = &'gc Mutation<'gc>;
    type Node<'gc> = Gc<'gc, Node<'gc>>;
    const ABILITIES: Abilities = Abilities { counts: false, collects: true, generations: false };

    fn new() -> GcArena {
        GcArena { arena: Arena::new(|_| Roots(Vec::new())), automatic: true }
    }

    fn mutate<R>(&mut self, step: impl for<'gc> FnOnce(Self::Heap<'gc>, &mut Vec<Self::Node<'gc>>) -> R) -> R {
        self.arena.mutate_root(|mutation, roots| step(mutation, &mut roots.0))
    }

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

    fn value(node: &Self::Node<'_>) -> i64 {
        node.value
    }

    fn safepoint(&mut self, _made: usize) {
        if self.automatic {
            self.arena.collect_debt();
        }
    }

    fn collect(&mut self) {
        // A cycle that has begun keeps what died since.
        if self.arena.collection_phase() != CollectionPhase::Sleeping {
            self.arena.finish_cycle();
        }
        self.arena.finish_cycle();
    }

    fn set_automatic(&mut self, on: bool) {
        self.automatic = on;
    }

    fn live_nodes(&self) -> Option<usize> {
        Some(self.arena.metrics().total_gc_count())
    }
}
