//! What `Trace::owns_only_handles` answers: yes if dropping a value does nothing but let go of the handles that its trace reports, all of them.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::marker::PhantomData;
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Generation, Heap, Packed, Shape, Trace, Tracer, Untraced, Weak, WithSlice, leaf};

use super::Probe;

/// One row: a type, and what it answers.
macro_rules! rows {
    ($($answer:literal: $($ty:ty),+ $(,)?;)*) => {$($(
        assert_eq!(<$ty as Trace>::owns_only_handles(), $answer, "{}", stringify!($ty));
    )+)*};
}

#[test]
fn handles_and_numbers_and_what_is_made_of_them_in_place() {
    rows! {
        true: AnyGc, Gc<u8>, Gc<str>, Gc<[AnyGc]>, Gc<dyn std::any::Any>, Gc<Vec<AnyGc>>, Packed;
        true: (), u8, u64, f64, bool, char, &'static str, PhantomData<String>, [u8; 100], (i64, char), Option<u8>;
        true: Option<AnyGc>, Cell<Option<AnyGc>>, Cell<AnyGc>, [AnyGc; 3], [Cell<Option<Gc<u8>>>; 2], [[AnyGc; 2]; 2];
        true: (AnyGc, Gc<u8>), (AnyGc, u8, Option<AnyGc>), Result<AnyGc, u8>, Option<Option<(AnyGc, [Gc<str>; 2])>>;
        true: OnceCell<AnyGc>, Cell<Option<Packed>>, Option<(Cell<u8>, Cell<Packed>)>;
    }
}

#[test]
fn what_has_more_to_drop_than_handles() {
    rows! {
        false: String, Vec<u8>, Vec<AnyGc>, Vec<Gc<u8>>, Box<AnyGc>, Box<[AnyGc]>, Box<dyn Trace>, HashMap<u8, AnyGc>;
        false: Rc<u8>, Rc<AnyGc>, Untraced<AnyGc>, Untraced<Box<dyn Fn()>>, Probe, Weak<u8>;
        false: Option<String>, Cell<Option<String>>, [String; 2], (AnyGc, String), Result<AnyGc, String>;
        false: Option<(AnyGc, Vec<AnyGc>)>, OnceCell<Rc<u8>>, [Option<Weak<u8>>; 1];
        true: Untraced<u8>, Untraced<&'static str>, RefCell<u8>;
    }
}

/// A cell that is borrowed when it is traced reports nothing, and is dropped all the same.
#[test]
fn cells_that_can_be_opaque_say_no() {
    rows! {
        false: RefCell<AnyGc>, RefCell<Option<AnyGc>>, Option<RefCell<Gc<u8>>>, (u8, RefCell<Vec<AnyGc>>);
    }
}

/// # Safety
/// As for `Trace::trace`; reports nothing, which is always safe.
unsafe fn report_nothing<T>(_: &T, _: &mut Tracer<'_>) {}

#[test]
#[expect(dead_code, reason = "only their answers are asked")]
fn derived_for_structs() {
    #[derive(Trace)]
    struct Unit;
    #[derive(Trace)]
    struct Pair(Option<Gc<Pair>>, Cell<Option<AnyGc>>);
    #[derive(Trace)]
    struct Nested {
        pair: Pair,
        more: [Pair; 2],
        number: f64,
    }
    #[derive(Trace)]
    struct Named {
        name: String,
        next: Option<AnyGc>,
    }
    #[derive(Trace)]
    struct Slots {
        call: fn(&Pair, &mut u8) -> AnyGc,
        other: for<'a> fn(&'a str) -> &'a str,
        next: Option<AnyGc>,
    }
    rows! {
        true: Unit, Pair, Nested, Option<Nested>, (Pair, u8), Slots;
        false: Named, Option<Named>, (Pair, Named), [Named; 1];
    }
}

#[test]
#[expect(dead_code, reason = "only their answers are asked")]
fn derived_for_enums_every_variant_counts() {
    #[derive(Trace)]
    enum Never {}
    #[derive(Trace)]
    enum Plain {
        One,
        Two(u8),
        Three { number: f64 },
    }
    #[derive(Trace)]
    enum Handles {
        None,
        One(AnyGc),
        Two { left: Gc<Handles>, right: Cell<Option<Gc<Handles>>> },
        Number(i64),
    }
    #[derive(Trace)]
    enum Name {
        None,
        One(AnyGc),
        Text(String),
    }
    #[derive(Trace)]
    enum Tree {
        Leaf,
        Node(Box<Tree>, Box<Tree>),
    }
    rows! {
        true: Never, Plain, Handles, [Handles; 4];
        false: Name, Option<Name>, Tree;
    }
}

#[test]
#[expect(dead_code, reason = "only their answers are asked")]
fn derived_for_generic_types_the_parameters_decide() {
    #[derive(Trace)]
    struct Node<T> {
        value: T,
        next: Option<Gc<Node<T>>>,
    }
    #[derive(Trace)]
    struct Row<T, const N: usize>([Cell<Option<T>>; N], PhantomData<T>);
    #[derive(Trace)]
    enum Either<A, B> {
        A(A),
        B(B),
    }
    rows! {
        true: Node<u8>, Node<AnyGc>, Node<Gc<String>>, Row<AnyGc, 3>, Row<u8, 0>, Either<AnyGc, Packed>, Either<u8, Node<u8>>;
        false: Node<String>, Node<Vec<AnyGc>>, Row<String, 2>, Either<AnyGc, String>, Either<Node<String>, u8>;
    }
}

/// What isn't reported may not need a drop.
#[test]
#[expect(dead_code, reason = "only their answers are asked")]
fn derived_with_skipped_fields() {
    #[derive(Trace)]
    struct Number {
        next: Option<AnyGc>,
        #[trace(skip)]
        number: u8,
        #[trace(skip)]
        text: &'static str,
    }
    #[derive(Trace)]
    struct Hidden {
        next: Option<AnyGc>,
        #[trace(skip)]
        hidden: Option<AnyGc>,
    }
    #[derive(Trace)]
    struct Native {
        next: Option<AnyGc>,
        #[trace(skip)]
        call: Box<dyn Fn()>,
    }
    #[derive(Trace)]
    struct Generic<T: 'static>(AnyGc, #[trace(skip)] T);
    #[derive(Trace)]
    enum Variants {
        One(AnyGc),
        Two(#[trace(skip)] Rc<u8>),
    }
    rows! {
        true: Number, Generic<u8>, Generic<Cell<f64>>;
        false: Hidden, Native, Generic<String>, Generic<AnyGc>, Variants;
    }
}

/// Nobody knows what a function reports of a field that is dropped in its own way.
#[test]
fn derived_with_functions_that_report() {
    #[derive(Trace)]
    struct Foreign {
        // SAFETY: nothing is reported.
        #[trace(unsafe(with = report_nothing))]
        foreign: Vec<AnyGc>,
        next: Option<AnyGc>,
    }
    #[derive(Trace)]
    struct Handle {
        // SAFETY: nothing is reported.
        #[trace(unsafe(with = report_nothing))]
        handle: AnyGc,
    }
    rows! {
        false: Foreign, Handle, Option<Foreign>;
    }
}

#[test]
#[expect(dead_code, reason = "only their answers are asked")]
fn derived_for_leaves() {
    #[derive(Trace)]
    #[trace(leaf)]
    struct Opaque(AnyGc);
    #[derive(Trace)]
    #[trace(leaf)]
    struct Plain(u8, f64);
    struct Loud;
    impl Drop for Loud {
        fn drop(&mut self) {}
    }
    struct Quiet(u64);
    leaf!(Loud, Quiet);
    rows! {
        true: Plain, Quiet;
        false: Opaque, Loud, (AnyGc, Loud), Option<Opaque>;
    }
}

/// A type whose last field may be unsized is asked at sized types only; the answer "no" is right for all of them.
#[test]
fn derived_for_types_with_unsized_tails() {
    #[derive(Trace)]
    struct Tailed<T: ?Sized> {
        next: Cell<Option<AnyGc>>,
        tail: T,
    }
    let _ = <Tailed<u8>>::owns_only_handles();
    let _ = <Tailed<AnyGc>>::owns_only_handles();
    rows! { false: Tailed<String>, Tailed<Vec<AnyGc>>; }
    let heap = Heap::new();
    let node = heap.alloc(Tailed { next: Cell::new(None), tail: heap.alloc_str("living") });
    let text = node.tail.clone();
    node.next.set(Some(Gc::as_any(&node)));
    drop(node);
    assert_eq!(heap.collect(Generation::Old), 1);
    assert_eq!((Gc::strong_count(&text), heap.object_count()), (1, 1));
    heap.check();
}

/// Says nothing about itself, and owns a handle.
struct Silent(AnyGc);

// SAFETY: reports its handle once; it has no `Drop`.
unsafe impl Trace for Silent {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.0.trace(tracer);
    }

    fn shape(_: u32) -> Shape {
        Shape::EDGES
    }
}

/// Says nothing about itself, and owns nothing.
struct Number(u8);

// SAFETY: reports nothing.
unsafe impl Trace for Number {
    fn trace(&self, _: &mut Tracer<'_>) {}
}

/// Says that it owns only a handle.
struct Talking(Silent);

// SAFETY: reports its handle once, and has nothing else; it has no `Drop`.
unsafe impl Trace for Talking {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.0.trace(tracer);
    }

    fn shape(_: u32) -> Shape {
        Shape::EDGES
    }

    fn owns_only_handles() -> bool {
        true
    }
}

#[test]
fn written_by_hand_the_default_is_no() {
    rows! {
        false: Silent, Option<Silent>, Number, (Talking, Number);
        true: Talking, Option<Talking>;
    }
    let heap = Heap::new();
    let living = Gc::erase(heap.alloc(1_u8));
    let node = heap.alloc((Talking(Silent(living.clone())), Number(1), Cell::new(None::<AnyGc>)));
    assert_eq!(node.1.0, 1);
    node.2.set(Some(Gc::as_any(&node)));
    drop(node);
    assert_eq!((heap.collect(Generation::Old), living.strong_count()), (1, 1));
}

/// Tuples, slices and objects with tails go by their parts: what a collection leaves behind shows it.
#[test]
fn objects_with_tails_let_go_of_what_both_parts_hold() {
    type Tailed<T> = Gc<WithSlice<Cell<Option<AnyGc>>, T>>;
    let heap = Heap::new();
    let living = Gc::erase(heap.alloc(1_u8));
    let node: Tailed<(AnyGc, u8)> = heap.alloc_with_slice(Cell::new(None), (0..5).map(|n| (living.clone(), n)));
    let texts: Tailed<(AnyGc, String)> =
        heap.alloc_with_slice(Cell::new(None), (0..5).map(|n| (living.clone(), format!("{n}"))));
    assert_eq!((node.slice[4].1, texts.slice[4].1.as_str()), (4, "4"));
    node.head.set(Some(Gc::as_any(&node)));
    texts.head.set(Some(Gc::as_any(&texts)));
    assert_eq!(living.strong_count(), 11);
    drop(node);
    assert_eq!((heap.collect(Generation::Old), living.strong_count()), (1, 6));
    drop(texts);
    assert_eq!((heap.collect(Generation::Old), living.strong_count()), (1, 1));
    heap.check();
}
