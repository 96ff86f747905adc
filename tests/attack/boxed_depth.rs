//! Values nested a hundred thousand deep in one payload, through every container: traced on a small stack, whatever owns them.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap, LinkedList, VecDeque};
use std::sync::OnceLock;

use tailbite::{AnyGc, Gc, Generation, LastFirst, Trace};

use crate::common::{manual, small_stack};

const DEEP: usize = 50_000;

/// Makes a value that nests, has it traced, and takes it apart again without recursion.
macro_rules! nested {
    ($name:ident, $container:ty, |$inner:ident| $wrap:expr, |$outer:ident| $unwrap:expr) => {
        #[test]
        fn $name() {
            #[derive(Trace)]
            struct Layer {
                inner: Option<$container>,
                object: Option<AnyGc>,
            }
            small_stack(|| {
                let heap = manual();
                let object = AnyGc::from(heap.alloc(RefCell::new(None::<AnyGc>)));
                let mut layer = Layer { inner: None, object: Some(object.clone()) };
                for n in 0..DEEP {
                    let $inner = layer;
                    layer = Layer { inner: Some($wrap), object: (n % 1000 == 0).then(|| object.clone()) };
                }
                let holder = heap.alloc(RefCell::new(Some(layer)));
                heap.collect(Generation::Old);
                heap.collect(Generation::Young);
                heap.check();
                assert!(heap.get_referents(&[Gc::as_any(&holder)]).len() <= 2);
                assert_eq!(heap.get_referrers(&[object.clone()]).len(), 0, "what is deep is opaque");
                let mut next = holder.take();
                while let Some(mut layer) = next {
                    next = match layer.inner.take() {
                        Some($outer) => $unwrap,
                        None => None,
                    };
                }
            });
        }
    };
}

nested!(boxes, Box<Layer>, |inner| Box::new(inner), |outer| Some(*outer));
nested!(boxed_slices, Box<[Layer]>, |inner| Box::new([inner]), |outer| outer.into_iter().next());
nested!(vectors, Vec<Layer>, |inner| vec![inner], |outer| outer.into_iter().next());
nested!(deques, VecDeque<Layer>, |inner| VecDeque::from([inner]), |outer| outer.into_iter().next());
nested!(lists, LinkedList<Layer>, |inner| LinkedList::from([inner]), |outer| outer.into_iter().next());
nested!(maps, HashMap<u8, Layer>, |inner| HashMap::from([(1, inner)]), |outer| outer.into_values().next());
nested!(trees, BTreeMap<u8, Layer>, |inner| BTreeMap::from([(1, inner)]), |outer| outer.into_values().next());
nested!(iterators, std::vec::IntoIter<Layer>, |inner| vec![inner].into_iter(), |outer| {
    let mut outer = outer;
    outer.next()
});
nested!(cells, Box<Cell<Layer>>, |inner| Box::new(Cell::new(inner)), |outer| Some((*outer).into_inner()));
nested!(once_cells, Box<OnceCell<Layer>>, |inner| Box::new(OnceCell::from(inner)), |outer| (*outer).into_inner());
nested!(once_locks, Box<OnceLock<Layer>>, |inner| Box::new(OnceLock::from(inner)), |outer| (*outer).into_inner());
nested!(last_first, LastFirst<Layer>, |inner| LastFirst::from(vec![inner]), |outer| outer.into_vec().pop());
nested!(thin, thin_vec::ThinVec<Layer>, |inner| thin_vec::ThinVec::from(vec![inner]), |outer| outer.into_iter().next());
nested!(
    small,
    Box<smallvec::SmallVec<[Layer; 0]>>,
    |inner| Box::new(smallvec::SmallVec::from_vec(vec![inner])),
    |outer| outer.into_iter().next()
);
nested!(index_maps, indexmap::IndexMap<u8, Layer>, |inner| indexmap::IndexMap::from([(1, inner)]), |outer| outer
    .into_values()
    .next());
nested!(
    api2_vectors,
    allocator_api2::vec::Vec<Layer>,
    |inner| {
        let mut items = allocator_api2::vec::Vec::new();
        items.push(inner);
        items
    },
    |outer| {
        let mut outer = outer;
        outer.pop()
    }
);
nested!(api2_boxes, allocator_api2::boxed::Box<Layer>, |inner| allocator_api2::boxed::Box::new(inner), |outer| Some(
    allocator_api2::boxed::Box::into_inner(outer)
));
nested!(hashbrown_maps, hashbrown::HashMap<u8, Layer>, |inner| hashbrown::HashMap::from([(1, inner)]), |outer| outer
    .into_values()
    .next());
nested!(
    hash_tables,
    hashbrown::HashTable<Layer>,
    |inner| {
        let mut table = hashbrown::HashTable::new();
        table.insert_unique(1, inner, |_| 1);
        table
    },
    |outer| outer.into_iter().next()
);
nested!(slot_maps, slotmap::DenseSlotMap<slotmap::DefaultKey, Layer>, |inner| {
    let mut map = slotmap::DenseSlotMap::new();
    map.insert(inner);
    map
}, |outer| outer.into_iter().next().map(|(_, layer)| layer));
nested!(array_vecs, Box<arrayvec::ArrayVec<Layer, 2>>, |inner| Box::new([inner].into_iter().collect()), |outer| outer
    .into_iter()
    .next());
nested!(trait_objects, Box<dyn Nested>, |inner| Box::new(Ply(inner)), |outer| outer
    .take()
    .downcast::<Ply<Layer>>()
    .ok()
    .map(|ply| ply.0));
nested!(results, Box<Result<Layer, ()>>, |inner| Box::new(Ok(inner)), |outer| (*outer).ok());
nested!(eithers, Box<either::Either<Layer, ()>>, |inner| Box::new(either::Left(inner)), |outer| (*outer).left());

trait Nested: Trace {
    fn take(self: Box<Self>) -> Box<dyn std::any::Any>;
}

#[derive(Trace)]
struct Ply<T>(T);

impl<T: Trace> Nested for Ply<T> {
    fn take(self: Box<Self>) -> Box<dyn std::any::Any> {
        self
    }
}

#[test]
fn cows() {
    #[derive(Trace)]
    struct Layer(Option<Cow<'static, [Layer]>>, Option<AnyGc>);
    impl Clone for Layer {
        fn clone(&self) -> Layer {
            unreachable!("nobody asks")
        }
    }
    small_stack(|| {
        let heap = manual();
        let mut layer = Layer(None, None);
        for _ in 0..DEEP {
            layer = Layer(Some(Cow::Owned(vec![layer])), None);
        }
        let holder = heap.alloc(RefCell::new(Some(layer)));
        heap.collect(Generation::Old);
        let mut next = holder.take();
        while let Some(mut layer) = next {
            next = layer.0.take().and_then(|cow| cow.into_owned().pop());
        }
    });
}
