//! The vocabulary that weak maps and sets share word for word.

/// Implements it for a transparent wrapper of a `Core<$target, $owned, $equivalence>`.
macro_rules! container {
    (
        $name:ident<$($parameter:ident $(: $bound:ident)?),+>($target:ty, $owned:ty), $kind:expr, $what:literal
    ) => {
        impl<$($parameter $(: $bound)?),+> $name<$($parameter),+>
        where
            E: 'static,
        {
            #[doc = concat!("An empty ", $what, " in `heap`, with an equivalence of the host's: see [`Equivalence`].")]
            ///
            /// # Panics
            /// If memory is refused.
            #[must_use]
            pub fn with_equivalence(heap: &Heap, equivalence: E) -> Gc<Self> {
                Self::try_with_equivalence(heap, equivalence).unwrap_or_else(|error| error.raise())
            }

            /// As [`with_equivalence`](Self::with_equivalence), with an error if memory is refused.
            ///
            /// # Errors
            /// [`OutOfMemory`], with the equivalence in it.
            pub fn try_with_equivalence(heap: &Heap, equivalence: E) -> Result<Gc<Self>, OutOfMemory<E>> {
                Core::alloc(heap, $kind, equivalence, $name, |this: &Self| &this.0, |this| this.0)
            }

            /// The number of entries that show. Constant time, except in code that runs while objects are dropped,
            /// where each entry is looked at: some keys may be dead and still wait for their drop.
            /// (The entry of an object that is lent for good, through a leaked `GcMut`, counts but never shows.)
            #[must_use]
            pub fn len(&self) -> usize {
                self.0.len()
            }

            /// Whether no entry shows.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Drops all entries, in order. Those that come meanwhile stay.
            pub fn clear(&self) {
                self.0.table.clear();
            }

            /// Checks the invariants of the table: for tests. Cost: a look at each entry.
            ///
            /// # Panics
            /// With the fact that is broken.
            pub fn check(&self) {
                if let Err(broken) = self.0.table.verify(!$crate::heap::HeapState::may_have_queued()) {
                    panic!("{broken}");
                }
            }
        }

        // SAFETY: reports the handles to its entries, which it owns and which change through its cells, and in a walk
        // that only shows edges what those own. `Drop` lets them go and touches nothing behind them.
        unsafe impl<$($parameter $(: $bound)?),+> Trace for $name<$($parameter),+>
        where
            E: 'static,
        {
            fn trace(&self, tracer: &mut Tracer<'_>) {
                self.0.trace(tracer);
            }

            fn shape(_: u32) -> Shape {
                Shape::EDGES.union(Shape::untraced::<E>())
            }

            fn options(options: &mut TypeOptions<Self>) {
                // Its entries know it by its address.
                options.fixed = true;
                options.weak_container = true;
            }
        }

        impl<$($parameter $(: $bound)?),+> fmt::Debug for $name<$($parameter),+>
        where
            E: 'static,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("len", &self.len()).finish_non_exhaustive()
            }
        }
    };
}

pub(super) use container;
