//! The part of an adapter that is the same for all handles that are used like `Rc`.

/// Implements [`GraphPeer`](super::GraphPeer) for a peer with the field `roots`, whose handles are made by `new` and cloned, in a module with
/// the types `Node` and `Links`. What the peer does in its own way follows.
macro_rules! like_rc {
    ($peer:ident { $($field:ident: $init:expr),* }, $handle:ident, $cell:ident, $abilities:expr, $($own:tt)*) => {
        impl $crate::peers::GraphPeer for $peer {
            type Heap<'gc> = ();
            type Node<'gc> = $handle<Node>;
            const ABILITIES: $crate::peers::Abilities = $abilities;

            fn new() -> $peer {
                $peer { roots: Vec::new(), $($field: $init),* }
            }

            fn mutate<R>(&mut self, step: impl for<'gc> FnOnce((), &mut Vec<$handle<Node>>) -> R) -> R {
                step((), &mut self.roots)
            }

            #[inline]
            fn node<'gc>(
                _: Self::Heap<'gc>,
                a: Option<Self::Node<'gc>>,
                b: Option<Self::Node<'gc>>,
                value: i64,
            ) -> Self::Node<'gc> {
                $handle::new(Node { links: $cell::new(Links { a, b }), value })
            }

            #[inline]
            fn set_a<'gc>(_: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
                node.links.borrow_mut().a = to;
            }

            #[inline]
            fn set_b<'gc>(_: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
                node.links.borrow_mut().b = to;
            }

            fn a<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
                node.links.borrow().a.clone()
            }

            fn b<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
                node.links.borrow().b.clone()
            }

            fn value(node: &Self::Node<'_>) -> i64 {
                node.value
            }

            $($own)*
        }
    };
}

pub(super) use like_rc;
