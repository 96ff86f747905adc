//! Objects as an interpreter has them, with a vector and a small map inside: of Tailbite, `Rc`, `jrsonnet-gcmodule` and `gc-arena`. A node's first
//! reference is an item of the vector, its second one a value of the map, so that all workloads on graphs run on them.

#[cfg(feature = "peers")]
pub mod gc_arena;

/// The key of the second reference.
const KEY: u32 = 7;

/// A module with such an object and its peer. `$make` makes a handle of an object, in the peer `$context`; the collector's part of the peer follows.
macro_rules! objects {
    (
        $(#[$doc:meta])*
        $module:ident, [$($use:path),*], [$(#[$attribute:meta])*], $handle:ident,
        $context:ty, $fresh:expr, |$heap:ident, $object:ident| $make:expr, $abilities:expr,
        $($own:tt)*
    ) => {
        $(#[$doc])*
        pub mod $module {
            use std::cell::RefCell;
            use std::collections::HashMap;

            $(use $use;)*

            use super::KEY;
            use crate::peers::{Abilities, GraphPeer};

            /// An integer, a vector and a map.
            $(#[$attribute])*
            pub struct Object {
                items: RefCell<Vec<$handle<Object>>>,
                fields: RefCell<HashMap<u32, $handle<Object>>>,
                value: i64,
            }

            /// The peer.
            pub struct Objects {
                context: $context,
                roots: Vec<$handle<Object>>,
            }

            impl GraphPeer for Objects {
                type Heap<'gc> = &'gc $context;
                type Node<'gc> = $handle<Object>;
                const ABILITIES: Abilities = $abilities;

                fn new() -> Objects {
                    Objects { context: $fresh, roots: Vec::new() }
                }

                fn mutate<R>(
                    &mut self,
                    step: impl for<'gc> FnOnce(&'gc $context, &mut Vec<$handle<Object>>) -> R,
                ) -> R {
                    step(&self.context, &mut self.roots)
                }

                fn node<'gc>(
                    $heap: Self::Heap<'gc>,
                    a: Option<Self::Node<'gc>>,
                    b: Option<Self::Node<'gc>>,
                    value: i64,
                ) -> Self::Node<'gc> {
                    let mut items = Vec::new();
                    items.extend(a);
                    let fields = b.into_iter().map(|b| (KEY, b)).collect();
                    let $object = Object { items: RefCell::new(items), fields: RefCell::new(fields), value };
                    $make
                }

                fn set_a<'gc>(_: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
                    // What is replaced dies when the vector isn't borrowed any more.
                    let before = std::mem::take(&mut *node.items.borrow_mut());
                    node.items.borrow_mut().extend(to);
                    drop(before);
                }

                fn set_b<'gc>(_: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
                    let mut fields = node.fields.borrow_mut();
                    let before = match to {
                        Some(to) => fields.insert(KEY, to),
                        None => fields.remove(&KEY),
                    };
                    drop(fields);
                    drop(before);
                }

                fn a<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
                    node.items.borrow().first().cloned()
                }

                fn b<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
                    node.fields.borrow().get(&KEY).cloned()
                }

                fn value(node: &Self::Node<'_>) -> i64 {
                    node.value
                }

                $($own)*
            }
        }
    };
}

objects! {
    /// Objects in a heap of Tailbite's.
    tailbite, [::tailbite::Gc, ::tailbite::Generation, ::tailbite::Heap, ::tailbite::Trace], [#[derive(Trace)]], Gc,
    Heap, Heap::new(), |heap, object| heap.alloc(object),
    Abilities { counts: true, collects: true, generations: true },

    fn collect(&mut self) {
        self.context.collect(Generation::Old);
    }

    fn set_automatic(&mut self, on: bool) {
        if on { self.context.enable() } else { self.context.disable() }
    }

    fn live_nodes(&self) -> Option<usize> {
        Some(self.context.object_count())
    }
}

objects! {
    /// Objects behind `Rc`.
    rc, [std::rc::Rc], [], Rc,
    (), (), |_heap, object| Rc::new(object),
    Abilities { counts: true, collects: false, generations: false },
}

#[cfg(feature = "peers")]
objects! {
    /// Objects behind the `Cc` of `jrsonnet-gcmodule`.
    gcmodule,
    [
        crate::peers::ManualTrigger,
        jrsonnet_gcmodule::Cc,
        jrsonnet_gcmodule::Trace,
        jrsonnet_gcmodule::collect_thread_cycles,
        jrsonnet_gcmodule::count_thread_tracked
    ],
    [#[derive(Trace)] #[trace(tracking(force))]], Cc,
    ManualTrigger, ManualTrigger::new(), |_heap, object| Cc::new(object),
    Abilities { counts: true, collects: true, generations: false },

    fn safepoint(&mut self, made: usize) {
        if self.context.is_due(made) {
            self.collect();
        }
    }

    fn collect(&mut self) {
        _ = collect_thread_cycles();
    }

    fn set_automatic(&mut self, on: bool) {
        self.context.set(on);
    }

    fn live_nodes(&self) -> Option<usize> {
        Some(count_thread_tracked())
    }
}
