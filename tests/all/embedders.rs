//! What existing interpreters ask of such a library, item by item.

mod memory;

use std::any::Any;
use std::borrow::{Borrow, Cow};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::fmt::{Debug, Display};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::sync::{Arc, Mutex, RwLock};

use tailbite::{AnyGc, Gc, Generation, Heap, Packed, Shape, Trace, Tracer, Trigger, Untraced, Weak, unsize};
use tailbite_tests::{Log, Node, leak_ring, manual_heap};

thread_local! {
    static EARLY: RefCell<Vec<Gc<RefCell<Vec<AnyGc>>>>> = RefCell::default();
    static LATE: RefCell<Option<Weak<str>>> = const { RefCell::new(None) };
}

/// Uses what is left when the thread's other locals go.
struct AtExit;
impl Drop for AtExit {
    fn drop(&mut self) {
        let text = Gc::<str>::from("made at the end");
        let weak = Gc::downgrade(&text);
        let _ = LATE.try_with(|late| late.replace(Some(weak.clone())));
        assert!(weak.upgrade().is_some_and(|same| Gc::ptr_eq(&same, &text)));
        drop(text);
        assert!(weak.upgrade().is_none());
    }
}

#[test]
fn item_01_a_default_heap_in_any_order_of_destruction() {
    thread_local!(static EXIT: AtExit = const { AtExit });
    let ended = std::thread::spawn(|| {
        let list = Gc::new(RefCell::new(vec![Gc::as_any(&Gc::new(1))]));
        assert!(Heap::with_default(|heap| heap.contains(&list)));
        list.borrow_mut().push(Gc::as_any(&list));
        EARLY.with_borrow_mut(|early| early.push(list.clone()));
        EXIT.with(|_| ());
        EARLY.with_borrow_mut(|early| early.push(list));
    });
    assert!(ended.join().is_ok());
    // The same with an explicit heap.
    let heap = Heap::new();
    assert!(heap.contains(&heap.alloc(1)));
}

/// No bound anywhere: only making an object asks for `Trace`.
struct Wrapper<T: ?Sized> {
    strong: Gc<T>,
    weak: Weak<T>,
}

impl<T: ?Sized> Wrapper<T> {
    fn len_of(&self) -> usize {
        let copy = self.strong.clone();
        size_of_val::<T>(&copy) + usize::from(self.weak.clone().upgrade().is_some())
    }
}

#[test]
fn item_02_handles_without_bounds() {
    let strong: Gc<dyn Display> = unsize!(Gc::new(5_u32) => dyn Display);
    let wrapper = Wrapper { weak: Gc::downgrade(&strong), strong };
    assert_eq!(wrapper.len_of(), 5);
}

trait Thunk: Trace {
    type Output;
    fn get(&self) -> Self::Output;
}

#[derive(Trace)]
struct Evaluated<T: Trace>(T);

impl<T: Trace + Clone> Thunk for Evaluated<T> {
    type Output = T;
    fn get(&self) -> T {
        self.0.clone()
    }
}

#[test]
fn item_03_unsizing_on_stable() {
    fn erase<T: Trace + Clone>(value: T) -> Gc<dyn Thunk<Output = T>> {
        // The target is inferred from the return type.
        Gc::unsize(Gc::new(Evaluated(value)), |thunk| thunk as &_)
    }
    let thunk = erase(String::from("value"));
    assert_eq!(thunk.get(), "value");
    let thunk: Gc<dyn Thunk<Output = u8>> = unsize!(Gc::new(Evaluated(5)) => dyn Thunk<Output = u8>);
    let weak: Weak<dyn Thunk<Output = u8>> = unsize!(Gc::downgrade(&Gc::new(Evaluated(5))) => dyn Thunk<Output = u8>);
    assert_eq!((thunk.get(), weak.upgrade().is_none()), (5, true));
    let array = Gc::new([1, 2, 3]);
    let weak: Weak<[i32]> = unsize!(Gc::downgrade(&array) => [i32]);
    let slice: Gc<[i32]> = unsize!(array => [i32]);
    assert_eq!((slice.len(), weak.upgrade().map(|slice| slice[2])), (3, Some(3)));
    // A cycle through a trait object is traced by the object's own type.
    #[derive(Trace)]
    struct Lazy(RefCell<Option<Gc<dyn Thunk<Output = ()>>>>);
    impl Thunk for Lazy {
        type Output = ();
        fn get(&self) {}
    }
    let heap = manual_heap();
    let lazy = heap.alloc(Lazy(RefCell::default()));
    *lazy.0.borrow_mut() = Some(unsize!(lazy.clone() => dyn Thunk<Output = ()>));
    drop(lazy);
    assert_eq!(heap.collect(Generation::Old), 1);
}

/// A wrapper that forwards without a bound on `T`.
struct Val<T: ?Sized>(Gc<T>);

// SAFETY: reports the one handle.
unsafe impl<T: ?Sized + 'static> Trace for Val<T> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        Gc::visit(&self.0, tracer);
    }
}

#[test]
fn item_04_trace_is_dyn_compatible() {
    #[derive(Trace)]
    struct Recursive {
        children: Vec<Recursive>,
        other: Option<Box<Recursive>>,
        name: String,
    }
    #[derive(Trace)]
    struct Holder(RefCell<Option<Val<dyn Trace>>>);
    let heap = manual_heap();
    let dynamic: Box<dyn Trace> = Box::new(5);
    assert!(heap.is_tracked(&heap.alloc(dynamic)));
    assert!(Shape::of::<Recursive>().contains(Shape::EDGES), "the answer that is always right, without a loop");
    let empty = Recursive { children: vec![], other: None, name: String::new() };
    assert!(empty.children.is_empty() && empty.other.is_none() && empty.name.is_empty());
    assert!(!heap.is_tracked(&heap.alloc((1, "two", vec![String::new()]))));
    let holder = heap.alloc(Holder(RefCell::default()));
    *holder.0.borrow_mut() = Some(Val(unsize!(holder.clone() => dyn Trace)));
    drop(holder);
    assert_eq!(heap.collect(Generation::Old), 1);
}

#[test]
fn item_05_what_is_not_traced_is_safe() {
    #[derive(Trace)]
    struct Native {
        #[trace(skip)]
        call: Box<dyn Fn() -> usize>,
        state: Untraced<RefCell<Vec<AnyGc>>>,
    }
    let heap = manual_heap();
    let native = heap.alloc(Native { call: Box::new(|| 0), state: Untraced(RefCell::default()) });
    native.state.0.borrow_mut().push(Gc::as_any(&native));
    let captured = native.clone();
    let other = heap
        .alloc(Native { call: Box::new(move || captured.state.0.borrow().len()), state: Untraced(RefCell::default()) });
    drop(native);
    assert_eq!(heap.collect(Generation::Old), 0, "held from outside, as far as anybody knows");
    assert_eq!((other.call)(), 1);
    assert!(!heap.is_tracked(&heap.alloc(Untraced(|x: i32| x + 1))));
}

#[test]
fn item_06_identities_and_addresses() {
    let items = [Gc::new(String::from("a")), Gc::new(String::from("a"))];
    assert!(items.iter().zip(&items).all(|(a, b)| Gc::ptr_eq(a, b)));
    let same: fn(&Gc<String>, &Gc<String>) -> bool = Gc::ptr_eq;
    assert!(!same(&items[0], &items[1]));
    assert_eq!(
        (size_of::<Option<Gc<u8>>>(), size_of::<Option<Gc<dyn Trace>>>(), size_of::<Option<AnyGc>>()),
        (8, 16, 8)
    );
    assert!(items.iter().all(|item| Gc::as_ptr(item).addr() < 1 << 48));
    // Raw and back, typed and erased.
    let raw = Gc::into_raw(items[0].clone());
    // SAFETY: it came from `into_raw`, and is given back once.
    assert!(Gc::ptr_eq(&unsafe { Gc::from_raw(raw) }, &items[0]));
    let raw = Gc::as_any(&items[1]).into_raw();
    assert_eq!(Gc::strong_count(&items[1]), 2);
    // SAFETY: as above.
    let back = unsafe { AnyGc::from_raw(raw) };
    assert_eq!((back.address(), Gc::as_any(&items[1]) == back), (raw.addr(), true));
    drop(back);
    assert_eq!(Gc::strong_count(&items[1]), 1);
}

#[test]
fn item_06_the_address_of_a_weak_handle_is_its_objects_identity() {
    let heap = manual_heap();
    let object = heap.alloc(1_u64);
    let (weak, other) = (Gc::downgrade(&object), Gc::downgrade(&object));
    assert_eq!((weak.address(), weak.as_ptr()), (other.address(), Gc::as_ptr(&object)));
    let (address, place) = (weak.address(), weak.as_ptr());
    drop(object);
    let mut reused = 0;
    for _ in 0..100 {
        // The dead object's block comes back; its identity doesn't while `weak` is there.
        let next = heap.alloc(2_u64);
        reused += usize::from(Gc::as_ptr(&next) == place);
        assert_ne!(Gc::downgrade(&next).address(), address);
    }
    assert!(reused > 0);
    assert_eq!((weak.address(), weak.as_ptr()), (address, place));
    let never = Weak::<u64>::new();
    assert!(never.address() != 0 && never.address() == Weak::<u64>::default().address() && !never.as_ptr().is_null());
}

#[test]
fn item_07_the_vocabulary_of_rc() {
    fn unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}
    unwind_safe::<(Gc<String>, AnyGc, Weak<String>, Packed)>();
    fn as_rc<T: Borrow<str> + AsRef<str> + Debug + Display + Ord + std::hash::Hash + std::fmt::Pointer>(_: &T) {}
    as_rc(&Gc::<str>::from("text"));
    let made: [Gc<[u8]>; 6] = [
        Gc::from(vec![1, 2]),
        Gc::from([1, 2]),
        Gc::from(&[1_u8, 2][..]),
        Gc::<[u8]>::from_box(Box::from([1, 2])),
        [1, 2].into_iter().collect(),
        Gc::from(Cow::Borrowed(&[1_u8, 2][..])),
    ];
    assert!(made.iter().all(|slice| **slice == [1, 2]));
    let texts: [Gc<str>; 5] = [
        Gc::from("x"),
        Gc::from(String::from("x")),
        Gc::<str>::from_box(Box::from("x")),
        Gc::from(Cow::<str>::Owned("x".into())),
        Gc::from(Cow::Borrowed("x")),
    ];
    assert!(texts.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(*Gc::<u8>::from(Box::new(5)), 5);
    let mut shared: Gc<[i32]> = Gc::from([1, 2]);
    let other = shared.clone();
    assert!(!Gc::is_unique(&shared) && Gc::get_mut(&mut shared).is_none());
    Gc::make_mut_slice(&mut shared)[0] = 9;
    assert_eq!((&*shared, &*other), (&[9, 2][..], &[1, 2][..]));
    #[derive(Trace)]
    struct Me(Weak<Me>);
    let cyclic = Gc::new_cyclic(|me: &Weak<Me>| {
        assert!(me.upgrade().is_none());
        Me(me.clone())
    });
    assert!(cyclic.0.upgrade().is_some_and(|me| Gc::ptr_eq(&me, &cyclic)));
    assert!(Gc::try_unwrap(cyclic).is_ok_and(|me| me.0.upgrade().is_none()));
}

#[test]
fn item_07_exclusive_slices() {
    let heap = manual_heap();
    // A view of an array isn't lent, so it is cloned even if it is the only handle.
    let mut view: Gc<[u8]> = unsize!(heap.alloc([1_u8, 2]) => [u8]);
    let before = Gc::as_ptr(&view);
    Gc::make_mut_slice(&mut view)[1] = 5;
    assert!(*view == [1, 5] && !std::ptr::addr_eq(Gc::as_ptr(&view), before));
    assert!(Gc::as_any(&view).is::<[u8]>());
    // Weak references alone are cleared.
    let (weak, before) = (Gc::downgrade(&view), Gc::as_ptr(&view));
    Gc::make_mut_slice(&mut view)[0] = 7;
    assert!(weak.upgrade().is_none() && std::ptr::addr_eq(Gc::as_ptr(&view), before));
    drop((view, weak));
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn item_07_downcast_goes_by_the_objects_own_type() {
    #[repr(transparent)]
    struct Outer(u32);
    tailbite::leaf!(Outer);
    let heap = manual_heap();
    // Same address, size and alignment, but the type behind the vtable is another than the object's.
    let any: Gc<dyn Any> = Gc::unsize(heap.alloc(Outer(5)), |outer| &outer.0 as &dyn Any);
    assert!((*any).is::<u32>());
    let any = any.downcast::<u32>().expect_err("the object is an `Outer`");
    assert_eq!(Gc::strong_count(&any), 1);
    assert_eq!(any.downcast::<Outer>().expect("it is").0, 5);
    assert_eq!(heap.object_count(), 0);
}

fn traced<T: Trace>() -> bool {
    Shape::of::<T>().contains(Shape::EDGES)
}

#[test]
fn item_08_the_standard_library() {
    type A = AnyGc;
    let with_edges = [
        traced::<(u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, A)>(),
        traced::<(Box<A>, u8)>() && traced::<Box<[A]>>() && traced::<Box<dyn Trace>>(),
        traced::<Option<A>>() && traced::<Result<u8, A>>() && traced::<[A; 3]>(),
        traced::<Vec<A>>() && traced::<VecDeque<A>>() && traced::<LinkedList<A>>() && traced::<BinaryHeap<A>>(),
        traced::<BTreeMap<u8, A>>() && traced::<BTreeSet<A>>(),
        traced::<HashMap<A, u8>>() && traced::<HashMap<u8, A, Untraced<u8>>>() && traced::<HashSet<A, u8>>(),
        traced::<Cell<Option<A>>>() && traced::<RefCell<A>>() && traced::<OnceCell<A>>(),
        traced::<Cow<'static, [A]>>() && traced::<std::ops::Range<A>>() && traced::<std::task::Poll<A>>(),
    ];
    assert_eq!(with_edges, [true; 8]);
    let without = [
        traced::<(bool, char, f32, f64, i128, u128, usize, ())>(),
        traced::<(std::num::NonZeroU8, std::num::NonZero<i128>, std::sync::atomic::AtomicUsize)>(),
        traced::<(std::sync::atomic::AtomicPtr<A>, std::sync::Condvar, std::thread::Thread)>(),
        traced::<(String, std::path::PathBuf, Box<std::path::Path>, std::ffi::OsString, std::ffi::CString)>(),
        traced::<(std::net::IpAddr, std::net::SocketAddr, std::net::TcpStream, std::net::AddrParseError)>(),
        traced::<(Rc<A>, Arc<Mutex<A>>, RwLock<A>, std::marker::PhantomData<A>, std::rc::Weak<A>)>(),
        traced::<(Cow<'static, str>, &'static str, *const A, std::time::Instant)>(),
        traced::<fn(A, u8) -> A>(),
        traced::<fn(A, A, A, A, A, A, A, A, A, A, A, A) -> A>(),
        traced::<unsafe extern "C" fn(A, A, A, A, A, A, A, A, A, A, A, A)>(),
    ];
    assert_eq!(without, [false; 10]);
}

#[test]
fn item_09_the_attributes_of_the_derive() {
    thread_local!(static FINALIZED: Cell<u32> = const { Cell::new(0) });

    #[derive(Trace)]
    #[trace(tracked, finalize = Resource::finalize)]
    struct Resource(u32);

    impl Resource {
        fn finalize(_: &Gc<Resource>) {
            FINALIZED.set(FINALIZED.get() + 1);
        }
    }

    #[derive(Trace)]
    #[trace(leaf)]
    struct Leaf(AnyGc);

    #[derive(Trace)]
    #[trace(tracked)]
    struct Generic<T, U> {
        value: T,
        #[trace(skip)]
        other: U,
    }
    struct NotTraced;

    let heap = manual_heap();
    let resource = heap.alloc(Resource(1));
    assert!(heap.is_tracked(&resource), "although it has no edges");
    assert_eq!((Shape::of::<Resource>(), resource.0), (Shape::EDGES, 1));
    drop(resource);
    assert_eq!(FINALIZED.get(), 1);
    let leaf = heap.alloc(Leaf(heap.alloc(1).into()));
    assert!(!heap.is_tracked(&leaf) && leaf.0.is::<i32>());
    let generic = heap.alloc(Generic { value: 1, other: NotTraced });
    assert!(heap.is_tracked(&generic) && generic.value == 1);
    let NotTraced = generic.other;
    drop(generic);
    assert_eq!(heap.collect(Generation::Old), 0);
    heap.check();
}

#[test]
fn item_13_nothing_runs_inside_an_allocation() {
    let heap = Heap::new();
    heap.set_trigger(Trigger::Safepoint);
    heap.set_threshold([10, 1, 1]);
    let log = Log::new();
    for _ in 0..50 {
        let before = log.len();
        leak_ring(&heap, &log, "n", 3);
        assert_eq!(log.len(), before);
        heap.safepoint();
    }
    assert!(!log.is_empty());
}

#[test]
fn item_14_a_heap_per_thread() {
    let threads: Vec<_> = (0..4)
        .map(|index: usize| {
            std::thread::spawn(move || {
                let heap = Heap::new();
                let log = Log::new();
                let kept = Node::alloc(&heap, &log, "kept");
                leak_ring(&heap, &log, "n", index + 1);
                EARLY.with_borrow_mut(|early| early.push(Gc::new(RefCell::new(vec![kept.into()]))));
                heap.collect(Generation::Old)
            })
        })
        .collect();
    let collected: Vec<usize> = threads.into_iter().map(|thread| thread.join().expect("no panic")).collect();
    assert_eq!(collected, [1, 2, 3, 4]);
}

#[test]
fn item_15_a_value_in_one_word() {
    #[derive(Clone, Trace, PartialEq, Debug)]
    struct Value(Packed);
    #[derive(Trace)]
    struct List(RefCell<Vec<Value>>);
    let heap = manual_heap();
    let list = heap.alloc(List(RefCell::default()));
    list.0.borrow_mut().extend([Value(Packed::float(0.5)), Value(Packed::from(3)), Value(list.clone().into())]);
    let copy = list.0.borrow().clone();
    assert_eq!(copy, *list.0.borrow());
    drop((list, copy));
    assert_eq!(heap.collect(Generation::Old), 1);
}

#[test]
fn item_16_finalizers_by_object() {
    let heap = manual_heap();
    let log = Log::new();
    let plain = Node::alloc(&heap, &log, "plain");
    let with = Node::alloc(&heap, &log, "with");
    Node::on_finalize(&with, |_| {});
    drop((plain, with));
    assert_eq!(log.take(), ["drop plain", "finalize with", "drop with"]);
}
