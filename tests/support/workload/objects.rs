//! Objects of every shape, and handles to them.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt::Debug;

use tailbite::{AnyGc, Gc, Generation, Heap, Trace, Weak};

use super::canary::Canary;
use super::faults::{exempt, user_call};
use super::item::{Item, Leaf, Manner};
use super::world::{Step, Steps, World};

/// What this file asks for.
pub(super) const STEPS: Steps = &[
    ("plain objects", plain),
    ("cyclic objects", cyclic),
    ("slices", slices),
    ("large objects", large),
    ("exclusive access", exclusive),
    ("moving out", moving_out),
    ("erased handles", erased),
    ("trait objects", trait_objects),
    ("conversions", conversions),
    ("the default heap", default_heap),
    ("handles from addresses", addresses),
    ("garbage of all manners", garbage),
];

fn plain(w: &World) -> Step {
    let leaf = w.heap.try_alloc(Leaf::new(w, 1))?;
    let another = w.infallible(|| w.heap.alloc(Leaf::new(w, 1)))?;
    w.expect(leaf == another && !Gc::ptr_eq(&leaf, &another), "equal objects, not one");
    let factory = w.heap.factory::<Item>();
    let item = factory.clone().try_alloc(Item::new(w, Manner::Quiet))?;
    item.hold(leaf.clone());
    let other = w.infallible(|| factory.alloc(Item::new(w, Manner::Quiet)))?;
    *other.next.borrow_mut() = Some(item.clone());
    w.expect((Gc::strong_count(&item), Gc::weak_count(&item), Gc::is_unique(&item)) == (2, 0, false), "two handles");
    w.expect(w.heap.contains(&item) && w.heap.is_tracked(&item) && !w.heap.is_tracked(&leaf), "what it knows of them");
    w.expect(!w.heap.is_finalized(&item) && !w.heap.is_immortal(&item), "a young object");
    w.keep(other);
    let old = w.infallible(|| w.heap.alloc(Item::new(w, Manner::Quiet)))?;
    w.heap.make_immortal(&old);
    Ok(())
}

fn cyclic(w: &World) -> Step {
    struct Parts(Canary, Weak<Parts>);
    tailbite::leaf!(Parts);
    let make = |weak: &Weak<Parts>| {
        user_call("closure of alloc_cyclic");
        w.expect(weak.upgrade().is_none(), "not made yet");
        Parts(w.canary(), weak.clone())
    };
    let parts = w.heap.try_alloc_cyclic(make)?;
    w.expect(parts.1.upgrade().is_some_and(|same| Gc::ptr_eq(&same, &parts)), "it knows itself");
    let parts = w.infallible(|| w.heap.alloc_cyclic(make))?;
    drop(parts.0.clone());
    Ok(())
}

/// An iterator of the user's.
struct Items<'a>(&'a World, u32);

impl Iterator for Items<'_> {
    type Item = Leaf;

    fn next(&mut self) -> Option<Leaf> {
        user_call("iterator");
        self.1 = self.1.checked_sub(1)?;
        Some(Leaf::new(self.0, self.1))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.1 as usize, Some(self.1 as usize))
    }
}

impl ExactSizeIterator for Items<'_> {}

fn slices(w: &World) -> Step {
    let leaves = w.heap.try_alloc_slice(Items(w, 4))?;
    w.expect(leaves.len() == 4 && leaves[0].number == 3, "all of them");
    drop(w.infallible(|| w.heap.alloc_slice(Items(w, 3)))?);
    let text = w.heap.try_alloc_str("text")?;
    w.expect(&*text == "text", "the same text");
    drop(w.infallible(|| w.heap.alloc_str("more text"))?);
    let tuple = w.heap.try_alloc_with_slice(w.canary(), Items(w, 2))?;
    w.expect(tuple.slice.len() == 2, "a head and two");
    drop(w.infallible(|| w.heap.alloc_with_slice(w.canary(), Items(w, 5)))?);
    let mut shared = leaves.clone();
    let unshared = w.infallible(|| Gc::make_mut_slice(&mut shared).len())?;
    w.expect(unshared == 4 && !Gc::ptr_eq(&shared, &leaves), "clones");
    w.keep(Gc::erase(tuple));
    Ok(())
}

fn large(w: &World) -> Step {
    struct Large(Canary, [u64; 10_000]);
    tailbite::leaf!(Large);
    #[repr(align(128))]
    struct Aligned(Canary);
    tailbite::leaf!(Aligned);
    let bytes = w.heap.try_alloc_slice(exempt(|| vec![7_u8; 50_000]))?;
    w.expect(bytes.len() == 50_000, "all of them");
    let handles = w.heap.try_alloc_slice(exempt(|| vec![Gc::as_any(&bytes); 3000]))?;
    w.expect(Gc::strong_count(&bytes) == 3001, "each is a handle");
    drop(handles);
    let large = w.heap.try_alloc(Large(w.canary(), [0; 10_000]))?;
    let aligned = w.heap.try_alloc(Aligned(w.canary()))?;
    w.expect(Gc::as_ptr(&aligned).addr().is_multiple_of(128) && large.1[9_999] == 0, "where they belong");
    drop(aligned.0.clone());
    drop(large.0.clone());
    w.keep(bytes);
    Ok(())
}

fn exclusive(w: &World) -> Step {
    let mut leaf = w.heap.try_alloc(Leaf::new(w, 1))?;
    if let Some(mut leaf) = Gc::get_mut(&mut leaf) {
        leaf.number = 2;
    }
    let shared = leaf.clone();
    w.expect(Gc::get_mut(&mut leaf).is_none(), "shared");
    Gc::try_make_mut(&mut leaf)?.number = 3;
    w.expect((shared.number, leaf.number) == (2, 3), "a clone was changed");
    let again = leaf.clone();
    w.infallible(|| Gc::make_mut(&mut leaf).number = 4)?;
    w.expect((again.number, leaf.number) == (3, 4), "another");
    let mut item = Item::alloc(w, Manner::Quiet)?;
    let edge = Gc::as_any(&leaf);
    if let Some(item) = Gc::get_mut(&mut item) {
        // It is lent while everything is collected.
        w.heap.collect(Generation::Old);
        item.hold(edge);
    }
    w.keep(item);
    Ok(())
}

fn moving_out(w: &World) -> Step {
    let leaf = w.heap.try_alloc(Leaf::new(w, 1))?;
    let other = leaf.clone();
    let Err(leaf) = Gc::try_unwrap(leaf) else {
        w.problem("it was shared");
        return Ok(());
    };
    w.expect(Gc::into_inner(leaf).is_none(), "not the last");
    w.expect(Gc::unwrap_or_clone(other.clone()).number == 1, "a clone");
    w.expect(Gc::into_inner(other).is_some(), "the last");
    let item = Item::alloc(w, Manner::Quiet)?;
    w.expect(Gc::try_unwrap(item).is_ok(), "the only one");
    Ok(())
}

fn erased(w: &World) -> Step {
    let item = Item::alloc(w, Manner::Quiet)?;
    let any = Gc::as_any(&item);
    w.expect(AnyGc::ptr_eq(&any, &Gc::erase(item.clone())), "one object");
    w.expect(any.is::<Item>() && any.downcast_ref::<Leaf>().is_none(), "of this type");
    w.expect(any.protocol::<&str>() == Some(&"item") && any.type_name().ends_with("Item"), "with its table");
    w.expect(any.strong_count() == 2 && !any.is_immortal() && any.address() != 0, "and two handles");
    any.request_finalizer();
    Gc::request_finalizer(&item);
    any.with_heap(|heap| {
        user_call("closure of with_heap");
        heap.collect(Generation::Young)
    });
    Gc::with_heap(&item, |heap| w.expect(heap.contains(&item), "its heap"));
    // SAFETY: the address is that of a handle that was given up for it.
    let any = unsafe { AnyGc::from_raw(any.into_raw()) };
    let Err(any) = any.downcast::<Leaf>() else {
        w.problem("an item is no leaf");
        return Ok(());
    };
    w.expect(any.downcast::<Item>().is_ok_and(|same| Gc::ptr_eq(&same, &item)), "the same object");
    Ok(())
}

trait Numbered {
    fn number(&self) -> u32;
}

impl Numbered for Leaf {
    fn number(&self) -> u32 {
        self.number
    }
}

fn trait_objects(w: &World) -> Step {
    let leaf = w.heap.try_alloc(Leaf::new(w, 6))?;
    let viewed = Gc::unsize::<dyn Debug>(leaf.clone(), |leaf| {
        user_call("closure of unsize");
        leaf
    });
    let numbered: Gc<dyn Numbered> = tailbite::unsize!(leaf.clone() => dyn Numbered);
    w.expect(numbered.number() == 6, "through its table");
    let any: Gc<dyn Any> = tailbite::unsize!(leaf => dyn Any);
    let Err(any) = any.downcast::<u8>() else {
        w.problem("a leaf is no number");
        return Ok(());
    };
    w.expect(any.downcast::<Leaf>().is_ok(), "a leaf again");
    let weak: Weak<dyn Numbered> = Gc::try_downgrade(&numbered)?;
    drop((viewed, numbered));
    w.expect(weak.upgrade().is_none(), "gone");
    Ok(())
}

fn conversions(w: &World) -> Step {
    let leaves = exempt(|| vec![Leaf::new(w, 1), Leaf::new(w, 2)]);
    let from_vector: Gc<[Leaf]> = w.infallible(|| leaves.into())?;
    let array = w.infallible(|| Gc::<[Leaf]>::from([Leaf::new(w, 3)]))?;
    let boxed = exempt(|| Box::new(Leaf::new(w, 4)));
    let boxed = w.infallible(|| Gc::<Leaf>::from(boxed))?;
    let owned = exempt(|| "owned".to_owned());
    let text = w.infallible(|| Gc::<str>::from(owned))?;
    let slice = exempt(|| vec![1_u8, 2].into_boxed_slice());
    let slice = w.infallible(|| Gc::<[u8]>::from_box(slice))?;
    let string = exempt(|| "boxed".into());
    let string = w.infallible(|| Gc::<str>::from_box(string))?;
    let copied = w.infallible(|| Gc::<[Leaf]>::from(&from_vector[..]))?;
    w.expect(from_vector.len() + array.len() + slice.len() + copied.len() == 7 && *boxed == Leaf::new(w, 4), "moved");
    w.expect((&*text, &*string) == ("owned", "boxed"), "copied");
    Ok(())
}

fn default_heap(w: &World) -> Step {
    let leaf = Gc::try_new(Leaf::new(w, 1))?;
    drop(w.infallible(|| Gc::new(Leaf::new(w, 2)))?);
    let make = |weak: &Weak<Cell<Option<Canary>>>| {
        user_call("closure of new_cyclic");
        w.expect(weak.strong_count() == 0, "not made yet");
        Cell::new(Some(w.canary()))
    };
    drop(Gc::try_new_cyclic(make)?);
    drop(w.infallible(|| Gc::new_cyclic(make))?);
    let other = w.infallible(|| {
        Heap::with_default(|heap| {
            user_call("closure of with_default");
            heap.contains(&leaf)
        })
    })?;
    w.expect(other && !w.heap.contains(&leaf), "in the thread's own heap");
    // An edge to another heap.
    let item = Item::alloc(w, Manner::Quiet)?;
    item.hold(leaf);
    w.keep(item);
    Ok(())
}

fn addresses(w: &World) -> Step {
    let leaf = w.heap.try_alloc(Leaf::new(w, 1))?;
    let address = Gc::as_ptr(&leaf);
    // SAFETY: the address is that of a handle that was given up for it.
    let leaf = unsafe { Gc::from_raw(Gc::into_raw(leaf)) };
    w.expect(Gc::as_ptr(&leaf) == address, "the same object");
    Ok(())
}

/// A type whose `Trace` is the derive's.
#[derive(Trace)]
struct List {
    canary: Canary,
    items: RefCell<Vec<AnyGc>>,
}

fn garbage(w: &World) -> Step {
    for manner in [Manner::Quiet, Manner::Busy, Manner::Saves, Manner::Unlinks] {
        let first = Item::ring(w, manner, 3)?;
        let list = w.heap.try_alloc(List { canary: w.canary(), items: RefCell::default() })?;
        exempt(|| list.items.borrow_mut().extend([Gc::as_any(&first), Gc::as_any(&list)]));
        first.hold(list.clone());
        drop(list.canary.clone());
    }
    w.heap.collect(Generation::Old);
    let mut saved = super::item::saved();
    w.expect(saved.len() == 3, "a ring was saved");
    drop(saved.pop());
    drop(saved);
    w.heap.collect(Generation::Middle);
    w.heap.collect(Generation::Old);
    Ok(())
}
