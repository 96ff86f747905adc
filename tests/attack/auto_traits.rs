//! Nothing of a heap leaves its thread: no type is `Send` or `Sync` by accident. (Checked by the compiler.)

use std::fmt::Debug;

use tailbite::{
    AnyGc, ById, ByValue, CallbackFn, DebugEvent, External, Factory, Finalize, Gc, GcMut, Heap, HeapAllocator,
    LastFirst, OutOfMemory, Packed, Proxy, RawAllocator, RootKey, Tracer, Unpacked, Weak, WeakKeyMap, WeakKeyMapIter,
    WeakRef, WeakSet, WeakSetIter, WeakValueMap, WeakValueMapIter,
};

/// Is ambiguous, and refused, if the type implements the trait.
macro_rules! never {
    ($trait:ident: $($type:ty),+ $(,)?) => {$(
        const _: fn() = || {
            trait Ambiguous<A> {
                fn pick() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            impl<T: ?Sized + $trait> Ambiguous<u8> for T {}
            <$type as Ambiguous<_>>::pick();
        };
    )+};
}

macro_rules! stays {
    ($($type:ty),+ $(,)?) => {
        never!(Send: $($type),+);
        never!(Sync: $($type),+);
    };
}

stays! {
    Gc<u8>, Gc<dyn Send>, Gc<dyn Send + Sync>, Gc<[u8]>, Gc<str>, AnyGc, Weak<u8>, Weak<dyn Sync>,
    GcMut<'static, u8>, GcMut<'static, [u8]>, Heap, HeapAllocator, External, Factory<u8>, Finalize<u8>,
    RootKey<u8>, RootKey<dyn Send>, Packed, WeakRef, Proxy, Unpacked<'static>, DebugEvent<'static>, Tracer<'static>,
    WeakKeyMap<AnyGc, u8>, WeakKeyMap<Gc<u8>, u8, ById>, WeakValueMap<u8, AnyGc>, WeakSet<AnyGc>,
    WeakKeyMapIter<'static, AnyGc, u8, ByValue>, WeakValueMapIter<'static, u8, AnyGc, ByValue>,
    WeakSetIter<'static, AnyGc, ByValue>,
    OutOfMemory<Gc<u8>>, LastFirst<Gc<u8>>, LastFirst<u8, HeapAllocator>, allocator_api2::boxed::Box<u8, HeapAllocator>,
    hashbrown::HashMap<u8, u8, hashbrown::DefaultHashBuilder, HeapAllocator>, CallbackFn<Box<dyn Fn(&AnyGc)>>,
}

never!(Sync: RawAllocator);
never!(Send: &'static RawAllocator, &'static Heap, allocator_api2::vec::Vec<u8, &'static RawAllocator>);
never!(Clone: WeakRef, Proxy, Heap, External, GcMut<'static, u8>, RawAllocator);

#[test]
fn debug_of_everything_says_something() {
    fn says(value: &dyn Debug) {
        assert!(!format!("{value:?} {value:#?}").is_empty());
    }
    let heap = crate::common::manual();
    let object = heap.alloc(1_u8);
    let map = WeakKeyMap::<AnyGc, AnyGc, ById>::with_equivalence(&heap, ById);
    map.insert(&Gc::as_any(&map), Gc::as_any(&map));
    let set = WeakSet::<AnyGc, ById>::with_equivalence(&heap, ById);
    set.insert(&Gc::as_any(&set));
    let cell = heap.alloc(std::cell::RefCell::new(None::<AnyGc>));
    *cell.borrow_mut() = Some(Gc::as_any(&cell));
    let borrowed = cell.borrow_mut();
    let finalize = heap.finalize(&object, Gc::as_any(&cell), drop);
    says(&map);
    says(&set);
    says(&map.iter());
    says(&cell);
    says(&finalize);
    says(&WeakRef::new(&map));
    says(&Gc::downgrade(&map));
    says(&Packed::from(Gc::as_any(&map)));
    says(&heap);
    says(&heap.memory());
    drop(borrowed);
    drop(heap);
    says(&(map, set, cell, finalize));
}
