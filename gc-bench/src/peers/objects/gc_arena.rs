//! Objects in an arena of `gc-arena`.

use std::collections::HashMap;

use gc_arena::barrier::unlock;
use gc_arena::{Collect, Gc, RefLock};

use super::KEY;
use crate::peers::in_arena::in_arena;

/// An integer, a vector and a map.
#[derive(Collect)]
#[collect(no_drop)]
pub struct Object<'gc> {
    items: RefLock<Vec<Gc<'gc, Object<'gc>>>>,
    fields: RefLock<HashMap<u32, Gc<'gc, Object<'gc>>>>,
    value: i64,
}

in_arena! {
    /// An arena.
    Objects,
    Object<'gc>,

    fn node<'gc>(
        mutation: Self::Heap<'gc>,
        a: Option<Self::Node<'gc>>,
        b: Option<Self::Node<'gc>>,
        value: i64,
    ) -> Self::Node<'gc> {
        let items = RefLock::new(a.into_iter().collect());
        let fields = RefLock::new(b.into_iter().map(|b| (KEY, b)).collect());
        Gc::new(mutation, Object { items, fields, value })
    }

    fn set_a<'gc>(mutation: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
        *unlock!(Gc::write(mutation, *node), Object, items).borrow_mut() = to.into_iter().collect();
    }

    fn set_b<'gc>(mutation: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
        let mut fields = unlock!(Gc::write(mutation, *node), Object, fields).borrow_mut();
        _ = match to {
            Some(to) => fields.insert(KEY, to),
            None => fields.remove(&KEY),
        };
    }

    fn a<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
        node.items.borrow().first().copied()
    }

    fn b<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
        node.fields.borrow().get(&KEY).copied()
    }
}
