//! The part of an adapter that is the same for all nodes in an arena of `gc-arena`.

/// Declares the peer `$peer` whose nodes are of the type `$node` of a lifetime `'gc`. How nodes are made and used follows.
macro_rules! in_arena {
    ($(#[$doc:meta])* $peer:ident, $node:ty, $($own:tt)*) => {
        #[derive(gc_arena::Collect)]
        #[collect(no_drop)]
        struct Roots<'gc>(Vec<gc_arena::Gc<'gc, $node>>);

        $(#[$doc])*
        pub struct $peer {
            arena: gc_arena::Arena<gc_arena::Rootable![Roots<'_>]>,
            automatic: bool,
        }

        impl $crate::peers::GraphPeer for $peer {
            type Heap<'gc> = &'gc gc_arena::Mutation<'gc>;
            type Node<'gc> = gc_arena::Gc<'gc, $node>;
            const ABILITIES: $crate::peers::Abilities =
                $crate::peers::Abilities { counts: false, collects: true, generations: false };

            fn new() -> $peer {
                $peer { arena: gc_arena::Arena::new(|_| Roots(Vec::new())), automatic: true }
            }

            fn mutate<R>(&mut self, step: impl for<'gc> FnOnce(Self::Heap<'gc>, &mut Vec<Self::Node<'gc>>) -> R) -> R {
                self.arena.mutate_root(|mutation, roots| step(mutation, &mut roots.0))
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
                if self.arena.collection_phase() != gc_arena::arena::CollectionPhase::Sleeping {
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

            $($own)*
        }
    };
}

pub(super) use in_arena;
