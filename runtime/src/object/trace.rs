//! Tracing: how a type tells the collector which handles it owns.

use core::fmt;
use core::ptr::NonNull;

use bitflags::bitflags;

use super::counting::Counting;
use super::layout::RawObject;
use super::marking::Marking;
use super::options::TypeOptions;
use super::side::SideState;
use crate::base::prefetch;

/// A type whose values the collector can look into: it reports every handle that a value owns.
///
/// Derive it (`#[derive(Trace)]`), or declare a type without handles with [`leaf!`](crate::leaf); a hand-written impl
/// is rarely needed.
///
/// ```
/// use std::cell::RefCell;
/// use tailbite::{AnyGc, Gc, Generation, Heap, Trace};
///
/// #[derive(Trace)]
/// struct List {
///     items: RefCell<Vec<AnyGc>>,
///     #[trace(skip)]
///     name: &'static str,
/// }
///
/// let heap = Heap::new();
/// let list = heap.alloc(List { items: RefCell::default(), name: "list" });
/// list.items.borrow_mut().push(Gc::as_any(&list));
/// drop(list);
/// assert_eq!(heap.collect(Generation::Old), 1);
/// ```
///
/// # Safety
/// 1. [`trace`](Trace::trace) reports each owned handle at most once, by calling `trace` on the field that owns it, and
///    reports no handle that the value doesn't own. (Reporting too little is safe: what isn't reported counts as held
///    from outside, and can leak.)
/// 2. `trace` has no effects: it runs no foreign code, allocates no object, clones, drops and moves no handle. It may
///    panic.
/// 3. What `trace` reports changes only through the value's own cells or through exclusive access, never behind the
///    back of a shared reference in another way.
/// 4. [`shape`](Trace::shape) contains [`Shape::EDGES`] if `trace` can report anything, and [`Shape::LOUD_DROP`] if
///    dropping a value can run code other than that of this crate, or panic.
///    [`owns_only_handles`](Trace::owns_only_handles) says yes only if that is so, and `trace` never panics.
/// 5. If the type implements `Drop`, it reports no handles: by then the objects behind them may be gone. (The derive
///    refuses such types.) Excepted are types of this crate whose `Drop` does nothing but drop what they own, as the
///    compiler's own drop would: they let handles go, and never look behind one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the payload of an object: `Trace` is not implemented for it",
    note = "derive `Trace`, or declare a type that owns no handles with `tailbite::leaf!`"
)]
pub unsafe trait Trace: 'static {
    /// Reports every handle that `self` owns.
    fn trace(&self, tracer: &mut Tracer<'_>);

    /// What values of this type can hold. `depth` is the number of types that may still be looked into: pass one less
    /// on, and answer
    /// [`Shape::UNKNOWN`] at zero, so that recursive types come to an end. Start with [`Shape::of`].
    fn shape(depth: u32) -> Shape
    where
        Self: Sized,
    {
        let _ = depth;
        Shape::UNKNOWN
    }

    /// Whether dropping a value does nothing but let go of the handles that [`trace`](Trace::trace) reports, all of them. Then a collection
    /// lets go of them itself, without touching what other garbage they lead to, and reclaims such objects in one pass. What they held of the living
    /// dies when that is done. "No" is always right, and the answer of an impl that doesn't say; the derive answers for its type.
    fn owns_only_handles() -> bool
    where
        Self: Sized,
    {
        false
    }

    /// Declares the finalizer and the host protocol of objects with this payload. Called when the type is first used in
    /// the process.
    fn options(options: &mut TypeOptions<Self>)
    where
        Self: Sized,
    {
        let _ = options;
    }
}

bitflags! {
    /// What values of a type can hold, as far as the runtime cares.
    ///
    /// ```
    /// use tailbite::{AnyGc, Shape};
    /// assert_eq!(Shape::of::<Vec<u8>>(), Shape::PLAIN);
    /// assert!(Shape::of::<Vec<AnyGc>>().contains(Shape::EDGES));
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Shape: u8 {
        /// Handles that tracing reports. Objects without are never tracked and cost the collector nothing.
        const EDGES = 1;
        /// Something whose drop can run foreign code or panic.
        const LOUD_DROP = 2;
    }
}

impl Shape {
    /// Neither handles nor a drop worth noticing: numbers, and what is made of them.
    pub const PLAIN: Shape = Shape::empty();
    /// Anything: the answer that is always right.
    pub const UNKNOWN: Shape = Shape::all();
    /// Types within types that are looked into.
    pub const DEPTH: u32 = 8;

    /// The shape of `T`.
    #[must_use]
    pub fn of<T: Trace>() -> Shape {
        T::shape(Shape::DEPTH)
    }

    /// The shape of a value of which nothing is traced.
    ///
    /// ```
    /// use tailbite::Shape;
    /// assert_eq!(Shape::untraced::<u8>(), Shape::PLAIN);
    /// assert_eq!(Shape::untraced::<String>(), Shape::LOUD_DROP);
    /// ```
    #[must_use]
    pub const fn untraced<T>() -> Shape {
        if core::mem::needs_drop::<T>() { Shape::LOUD_DROP } else { Shape::PLAIN }
    }
}

/// What a [`Trace::trace`] reports to. Handles know how; a payload only passes it on to its fields.
///
/// ```
/// use tailbite::{Gc, Heap, Shape, Trace, Tracer};
/// struct Pair(Gc<u8>, Option<Gc<str>>);
/// // SAFETY: reports both handles, once each, without effects; it has no `Drop`.
/// unsafe impl Trace for Pair {
///     fn trace(&self, tracer: &mut Tracer<'_>) {
///         self.0.trace(tracer);
///         self.1.trace(tracer);
///     }
///     fn shape(_: u32) -> Shape { Shape::EDGES }
/// }
/// let heap = Heap::new();
/// let pair = heap.alloc(Pair(heap.alloc(1), Some(heap.alloc_str("one"))));
/// assert_eq!(heap.get_referents(&[Gc::erase(pair)]).len(), 2);
/// ```
pub struct Tracer<'a> {
    mode: Mode<'a>,
    /// Boxes and collections within each other that are being looked into.
    nesting: u32,
    opaque_cells: u64,
    entries: Option<TraceEntries<'a>>,
    exact: Exact,
}

/// Whether a visit is of what is owned, the runtime's own objects included.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exact {
    No,
    Yes,
    /// As counted by the collection of this heap that is under way.
    #[cfg_attr(not(tailbite_stress), expect(dead_code, reason = "stress builds do detections again"))]
    In(NonNull<()>),
}

impl Exact {
    /// Whether an entry of the map is reported by its key.
    fn is_due_from_key(self, map: RawObject) -> bool {
        match self {
            Exact::No => false,
            Exact::Yes => true,
            Exact::In(heap) => map.pool_ref().owner() != heap || SideState::of(map) == SideState::REST,
        }
    }
}

/// Reports to a tracer that comes to an object, by [`Tracer::entry_of_key`], the entries of key-weak maps that hang on
/// it.
pub(crate) type TraceEntries<'a> = &'a dyn Fn(RawObject, &mut Tracer<'_>);

/// What an edge means to the walk under way.
pub(crate) enum Mode<'a> {
    Count(Counting<'a>),
    Recount(Counting<'a>),
    Mark(Marking<'a>),
    Visit(&'a mut dyn FnMut(RawObject)),
    /// The owner is garbage: references to other garbage count for nothing, the others are let go by this function, which frees the object with
    /// the last one. Obligation of the function: it is called once for each reference that is owned.
    LetGo(unsafe fn(RawObject)),
    /// The objects will be needed soon.
    Fetch,
}

impl<'a> Tracer<'a> {
    /// Boxes and collections within each other in one payload that tracing looks into; what lies deeper is opaque.
    const MAX_NESTING: u32 = 64;

    pub(crate) fn new(mode: Mode<'a>) -> Tracer<'a> {
        Tracer { mode, nesting: 0, opaque_cells: 0, entries: None, exact: Exact::No }
    }

    /// A visit of every owned reference as it is counted: those to the runtime's own objects are not looked through.
    pub(crate) fn exact(visit: &'a mut dyn FnMut(RawObject)) -> Tracer<'a> {
        Tracer { exact: Exact::Yes, ..Tracer::new(Mode::Visit(visit)) }
    }

    /// The same as a collection counts: with the entries that hang on a key and are in no map that it examines.
    #[cfg(tailbite_stress)]
    pub(crate) fn exact_in(
        heap: NonNull<()>,
        visit: &'a mut dyn FnMut(RawObject),
        entries: TraceEntries<'a>,
    ) -> Tracer<'a> {
        Tracer { exact: Exact::In(heap), ..Tracer::with_entries(Mode::Visit(visit), entries) }
    }

    /// The same for a walk that knows of ephemerons.
    pub(crate) fn with_entries(mode: Mode<'a>, entries: TraceEntries<'a>) -> Tracer<'a> {
        Tracer { entries: Some(entries), ..Tracer::new(mode) }
    }

    /// Comes to an object that has weak references.
    #[cold]
    #[inline(never)]
    pub(crate) fn trace_entries(&mut self, object: RawObject) {
        if let Some(entries) = self.entries {
            entries(object, self);
        }
    }

    /// The walk's own state.
    #[inline(always)]
    pub(crate) fn mode(&mut self) -> &mut Mode<'a> {
        &mut self.mode
    }

    /// Reports one owned reference to `object`.
    #[inline(always)]
    pub(crate) fn edge(&mut self, object: RawObject) {
        match &mut self.mode {
            Mode::Count(counting) => counting.edge(object),
            Mode::Mark(marking) => marking.edge(object),
            _ => self.other_edge(object),
        }
    }

    /// Out of line, so that the two walks that matter stay small in every type's trace.
    #[inline(never)]
    fn other_edge(&mut self, object: RawObject) {
        match &mut self.mode {
            Mode::Count(_) | Mode::Mark(_) => {}
            Mode::Recount(counting) => counting.recount(object),
            Mode::Visit(visit) => visit(object),
            Mode::LetGo(release) => {
                if SideState::of(object) != SideState::UNREACHABLE {
                    // SAFETY: the owner, which is garbage and not dropped otherwise, reports each of its references once.
                    unsafe { release(object) };
                }
            }
            Mode::Fetch => prefetch(object.block()),
        }
    }

    /// Reports, from a key-weak map, its handle to an entry: an edge of an *ephemeron*, which is followed only if the
    /// key is alive (S9). Counted as any other edge.
    pub(crate) fn entry_of_map(&mut self, key: RawObject, entry: RawObject) {
        match &mut self.mode {
            Mode::Mark(marking) if !marking.is_alive(key) => {}
            _ => self.edge(entry),
        }
    }

    /// The same edge, seen from the key. Where the map isn't examined itself, it is counted from here; and it is
    /// followed from here when the key is reached after the map was.
    pub(crate) fn entry_of_key(&mut self, map: RawObject, entry: RawObject) {
        let is_due = match &self.mode {
            Mode::Count(counting) | Mode::Recount(counting) => !counting.is_candidate(map),
            Mode::Mark(marking) => marking.is_alive(map),
            Mode::Visit(_) => self.exact.is_due_from_key(map),
            Mode::LetGo(_) | Mode::Fetch => false,
        };
        if is_due {
            self.edge(entry);
        }
    }

    /// Whether this only shows edges to somebody, rather than counting or following them.
    pub(crate) fn is_visit(&self) -> bool {
        matches!(self.mode, Mode::Visit(_)) && self.exact == Exact::No
    }

    /// Notes a cell that could not be looked into because it is mutably borrowed. What it holds counts as held from
    /// outside; the heap's statistics say how often that happened.
    ///
    /// ```
    /// use std::cell::RefCell;
    /// use tailbite::{AnyGc, Generation, Heap, Shape, Trace, Tracer};
    ///
    /// struct Slot(RefCell<Option<AnyGc>>);
    /// // SAFETY: reports its one handle, which changes through its cell only, without effects; it has no `Drop`.
    /// unsafe impl Trace for Slot {
    ///     fn trace(&self, tracer: &mut Tracer<'_>) {
    ///         match self.0.try_borrow() {
    ///             Ok(value) => value.trace(tracer),
    ///             Err(_) => tracer.opaque_cell(),
    ///         }
    ///     }
    ///     fn shape(_: u32) -> Shape { Shape::EDGES }
    /// }
    ///
    /// let heap = Heap::new();
    /// let slot = heap.alloc(Slot(RefCell::new(None)));
    /// let borrowed = slot.0.borrow_mut();
    /// heap.collect(Generation::Old);
    /// assert_eq!(heap.get_stats()[2].opaque_cells, 1);
    /// ```
    pub fn opaque_cell(&mut self) {
        self.opaque_cells += 1;
    }

    pub(crate) fn opaque_cells(&self) -> u64 {
        self.opaque_cells
    }

    /// Goes into a box or a collection; false at the bound, where it is opaque. Pair with [`leave`](Tracer::leave) when
    /// true. For types that own values of any type in memory of their own, and so may own themselves: tracing uses the
    /// native stack.
    ///
    /// ```
    /// use tailbite::{Gc, Heap, Trace, Tracer};
    ///
    /// struct Wrapper(Box<dyn Trace>);
    /// // SAFETY: reports what its box reports, without effects; it has no `Drop`.
    /// unsafe impl Trace for Wrapper {
    ///     fn trace(&self, tracer: &mut Tracer<'_>) {
    ///         if tracer.enter() {
    ///             (*self.0).trace(tracer);
    ///             tracer.leave();
    ///         }
    ///     }
    /// }
    ///
    /// let heap = Heap::new();
    /// let inner = Gc::erase(heap.alloc(1));
    /// let outer = Gc::erase(heap.alloc(Wrapper(Box::new(inner.clone()))));
    /// assert_eq!(heap.get_referents(&[outer]), [inner]);
    /// ```
    #[inline(always)]
    pub fn enter(&mut self) -> bool {
        let deeper = self.nesting < Self::MAX_NESTING;
        self.nesting += u32::from(deeper);
        deeper
    }

    /// Comes back from [`enter`](Tracer::enter).
    #[inline(always)]
    pub fn leave(&mut self) {
        self.nesting -= 1;
    }
}

impl fmt::Debug for Tracer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracer").finish_non_exhaustive()
    }
}

/// A value that tracing doesn't look into. Handles in it count as held from outside: cycles through them are never
/// collected.
///
/// ```
/// use tailbite::{Gc, Untraced};
/// let native = Gc::new(Untraced(|x: i64| x + 1));
/// assert_eq!((native.0)(1), 2);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Untraced<T>(pub T);

// SAFETY: nothing is reported, which is always safe; the shape says that dropping runs the value's own drop.
unsafe impl<T: 'static> Trace for Untraced<T> {
    fn trace(&self, _: &mut Tracer<'_>) {}

    fn shape(_: u32) -> Shape {
        Shape::untraced::<T>()
    }

    fn owns_only_handles() -> bool {
        !core::mem::needs_drop::<T>()
    }
}

/// Declares that types of yours own no handles: implements [`Trace`] for them without `unsafe` on your side.
///
/// Handles in such a type are allowed and safe, but opaque: cycles through them are never collected.
///
/// ```
/// use tailbite::{Gc, leaf};
/// struct Socket { fd: i32 }
/// leaf!(Socket);
/// assert_eq!(Gc::new(Socket { fd: 3 }).fd, 3);
/// ```
#[macro_export]
macro_rules! leaf {
    ($($type:ty),+ $(,)?) => {$(
        // SAFETY: nothing is reported, which is always safe.
        unsafe impl $crate::Trace for $type {
            fn trace(&self, _: &mut $crate::Tracer<'_>) {}

            fn shape(_: ::core::primitive::u32) -> $crate::Shape {
                $crate::Shape::untraced::<$type>()
            }

            fn owns_only_handles() -> bool {
                !::core::mem::needs_drop::<$type>()
            }
        }
    )+};
}
