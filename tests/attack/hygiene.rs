//! The derive among names and shapes that were chosen against it.

use std::cell::{Cell, OnceCell, RefCell};
use std::marker::PhantomData;

use tailbite::{Gc, Generation, Heap};

use crate::common::manual;

mod shadowed {
    #![allow(non_camel_case_types, dead_code, reason = "names chosen to clash")]
    use std::cell::RefCell;

    pub(super) struct Tracer;
    pub(super) struct Shape;
    pub(super) struct Option;
    pub(super) struct Self_;
    pub(super) struct Some;
    pub(super) struct bool;
    pub(super) struct u32;
    pub(super) trait Trace {}
    pub(super) mod tailbite {}
    pub(super) mod core {}
    pub(super) mod std_ {}

    #[derive(::tailbite::Trace)]
    /// A const parameter called `tracer` is not accepted: the derive has a variable of that name, as it is.
    pub(super) struct Clash<T: ?Sized + 'static, const DEPTH: usize> {
        pub(super) tracer: RefCell<std::option::Option<::tailbite::Gc<T>>>,
        pub(super) this: std::cell::Cell<std::option::Option<::tailbite::AnyGc>>,
        pub(super) trace: [(); DEPTH],
        pub(super) depth: u8,
        pub(super) r#type: i64,
        pub(super) r#fn: std::option::Option<::tailbite::AnyGc>,
    }

    #[derive(::tailbite::Trace)]
    pub(super) enum Tags<A, B: ?Sized = A>
    where
        B: 'static,
    {
        None,
        Some(A, std::marker::PhantomData<B>),
        tracer { tracer: A, field0: A },
        T(),
        __A(Box<Tags<A, B>>),
    }
}

use shadowed::{Clash, Tags};

fn clash<T: ?Sized, const N: usize>() -> Clash<T, N> {
    Clash { tracer: RefCell::default(), this: Cell::default(), trace: [(); N], depth: 0, r#type: 0, r#fn: None }
}

#[test]
fn names_that_clash_are_traced_all_the_same() {
    let heap = manual();
    let object = heap.alloc(clash::<Clash<str, 0>, 3>());
    let inner = heap.alloc(clash::<str, 0>());
    *object.tracer.borrow_mut() = Some(inner.clone());
    inner.this.set(Some(Gc::as_any(&object)));
    object.this.set(Some(Gc::as_any(&inner)));
    assert_eq!(heap.get_referents(&[Gc::as_any(&object)]).len(), 2);
    drop((object, inner));
    assert_eq!(heap.collect(Generation::Old), 2);
}

#[test]
fn every_variant_is_traced() {
    let heap = manual();
    let leaf = Gc::erase(heap.alloc(1));
    let some = || leaf.clone();
    let variants: [Tags<tailbite::AnyGc, str>; 5] = [
        Tags::None,
        Tags::Some(some(), PhantomData),
        Tags::tracer { tracer: some(), field0: some() },
        Tags::T(),
        Tags::__A(Box::new(Tags::__A(Box::new(Tags::Some(some(), PhantomData))))),
    ];
    let counts = variants.map(|variant| heap.get_referents(&[heap.alloc(variant).into()]).len());
    assert_eq!(counts, [0, 1, 2, 0, 1]);
}

/// A type whose own methods have the names of the trait's.
struct Decoy(Cell<u32>);
tailbite::leaf!(Decoy);

impl Decoy {
    #[expect(dead_code, reason = "must not be called")]
    fn trace<T>(&self, _: T) {
        self.0.set(self.0.get() + 1);
    }
    #[expect(dead_code, reason = "must not be called")]
    fn shape(_: u32) -> u32 {
        unreachable!("not the trait's")
    }
}

#[derive(tailbite::Trace)]
struct HasDecoy {
    decoy: Decoy,
    me: OnceCell<Gc<HasDecoy>>,
}

#[test]
fn methods_of_the_same_name_are_not_called() {
    let heap = manual();
    let object = heap.alloc(HasDecoy { decoy: Decoy(Cell::new(0)), me: OnceCell::new() });
    assert!(object.me.set(object.clone()).is_ok());
    heap.collect(Generation::Old);
    assert_eq!(object.decoy.0.get(), 0);
    drop(object);
    assert_eq!(heap.collect(Generation::Old), 1);
}

macro_rules! made_by_a_macro {
    ($name:ident, $field:ident, $ty:ty, $($attribute:meta),*) => {
        #[derive(tailbite::Trace)]
        $(#[$attribute])*
        struct $name { $field: $ty, tracer: $ty }
    };
}

fn finalize(this: &Gc<Made>) {
    this.tracer.take();
}

made_by_a_macro!(Made, tracer_, RefCell<Option<Gc<Made>>>, trace(finalize = finalize));

#[test]
fn a_type_made_by_a_macro_with_a_field_called_as_the_derives() {
    let heap = manual();
    let made = heap.alloc(Made { tracer_: RefCell::default(), tracer: RefCell::default() });
    *made.tracer_.borrow_mut() = Some(made.clone());
    *made.tracer.borrow_mut() = Some(made.clone());
    drop(made);
    assert_eq!(heap.collect(Generation::Old), 1);
}

#[derive(tailbite::Trace)]
struct Deep<T>(T, PhantomData<fn(T) -> *const T>, std::marker::PhantomPinned);

#[derive(tailbite::Trace)]
#[expect(clippy::type_complexity, reason = "that is the point")]
struct Uninhabited(
    Option<std::convert::Infallible>,
    Result<Gc<Uninhabited>, Box<[[Cell<Option<Gc<Uninhabited>>>; 2]]>>,
);

#[test]
fn nested_generics_with_edges_at_the_bottom_are_tracked() {
    fn make(heap: &Heap) -> bool {
        type T1<T> = Deep<Deep<Deep<Deep<T>>>>;
        fn d<T>(value: T) -> Deep<T> {
            Deep(value, PhantomData, std::marker::PhantomPinned)
        }
        let object: Gc<T1<T1<T1<Gc<u8>>>>> = heap.alloc(d(d(d(d(d(d(d(d(d(d(d(d(heap.alloc(1_u8))))))))))))));
        heap.is_tracked(&object) && heap.get_referents(&[object.into()]).len() == 1
    }
    let heap = manual();
    assert!(make(&heap));
    let object = heap.alloc(Uninhabited(None, Err(vec![[const { Cell::new(None) }; 2]].into())));
    if let Err(cells) = &object.1 {
        cells[0][1].set(Some(object.clone()));
    }
    drop(object);
    assert_eq!(heap.collect(Generation::Old), 1);
}
