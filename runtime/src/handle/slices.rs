//! Making objects whose payload ends in a slice: `Gc<[T]>`, `Gc<str>`, `Gc<WithSlice<H, T>>`.

use core::alloc::Layout;
use core::ptr::NonNull;

use super::construct::Reservation;
use super::gc::may_lend;
use super::{Gc, GcMut};
use crate::heap::{Heap, HeapState, OutOfMemory};
use crate::object::{Managed, Trace, WithSlice, tailed_size};

impl Heap {
    /// A new object that holds the items inline: no second allocation.
    ///
    /// If the iterator yields fewer items than it announced, the slice is shorter (the block is not); items beyond are
    /// left in it.
    ///
    /// ```
    /// use tailbite::{Gc, Heap};
    /// let heap = Heap::new();
    /// let squares: Gc<[u32]> = heap.alloc_slice([1, 4, 9]);
    /// assert_eq!(squares.iter().sum::<u32>(), 14);
    /// ```
    ///
    /// # Panics
    /// If memory is refused or the size can't be represented ("capacity overflow"), or if the iterator panics; then the
    /// items so far are dropped.
    pub fn alloc_slice<I: IntoIterator<IntoIter: ExactSizeIterator>>(&self, items: I) -> Gc<[I::Item]>
    where
        I::Item: Trace,
    {
        self.try_alloc_slice(items).unwrap_or_else(|error| error.raise())
    }

    /// As [`alloc_slice`](Heap::alloc_slice), with an error if memory is refused.
    ///
    /// # Errors
    /// [`OutOfMemory`], with the untouched iterator in it.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// heap.set_memory_limit(Some(0));
    /// let rest = heap.try_alloc_slice(vec![1, 2]).unwrap_err().into_value();
    /// assert_eq!(rest.as_slice(), [1, 2]);
    /// ```
    pub fn try_alloc_slice<I: IntoIterator<IntoIter: ExactSizeIterator>>(
        &self,
        items: I,
    ) -> Result<Gc<[I::Item]>, OutOfMemory<I::IntoIter>>
    where
        I::Item: Trace,
    {
        let items = items.into_iter();
        let length = items.len();
        let layout = Layout::array::<I::Item>(length).ok();
        match self.reserve_tailed::<[I::Item]>(layout) {
            // SAFETY: the block was reserved for `length` items, which start where the payload does.
            Some(reservation) => Ok(unsafe {
                let elements = reservation.object.payload().cast();
                fill::<[I::Item], _>(reservation, elements, length, items, || ())
            }),
            None => Err(OutOfMemory::by(&self.state().alloc, items, requested(layout))),
        }
    }

    /// A new object with a copy of `text`.
    ///
    /// # Panics
    /// If memory is refused; [`try_alloc_str`](Heap::try_alloc_str) returns an error instead.
    ///
    /// ```
    /// use tailbite::{Gc, Heap};
    /// let heap = Heap::new();
    /// let text: Gc<str> = heap.alloc_str("text");
    /// assert_eq!(&*text, "text");
    /// ```
    pub fn alloc_str(&self, text: &str) -> Gc<str> {
        self.try_alloc_str(text).unwrap_or_else(|error| error.raise())
    }

    /// As [`alloc_str`](Heap::alloc_str), with an error if memory is refused.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn try_alloc_str(&self, text: &str) -> Result<Gc<str>, OutOfMemory<()>> {
        let layout = Layout::array::<u8>(text.len()).ok();
        let Some(reservation) = self.reserve_tailed::<str>(layout) else {
            return Err(OutOfMemory::by(&self.state().alloc, (), requested(layout)));
        };
        // SAFETY: the block was reserved for as many bytes, and is not `text`.
        unsafe { reservation.object.payload().copy_from_nonoverlapping(NonNull::from(text).cast(), text.len()) };
        // SAFETY: the bytes are those of a `str` of this length.
        Ok(unsafe { publish::<str>(reservation, text.len()) })
    }

    /// A new object that holds a head and the items in one block.
    ///
    /// # Panics
    /// As [`alloc_slice`](Heap::alloc_slice).
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let call = heap.alloc_with_slice("f", vec![1, 2]);
    /// assert_eq!((call.head, call.slice.len()), ("f", 2));
    /// ```
    pub fn alloc_with_slice<H: Trace, I: IntoIterator<IntoIter: ExactSizeIterator>>(
        &self,
        head: H,
        items: I,
    ) -> Gc<WithSlice<H, I::Item>>
    where
        I::Item: Trace,
    {
        self.try_alloc_with_slice(head, items).unwrap_or_else(|error| error.raise())
    }

    /// As [`alloc_with_slice`](Heap::alloc_with_slice), with an error if memory is refused.
    ///
    /// # Errors
    /// [`OutOfMemory`], with the head and the untouched iterator in it.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// heap.set_memory_limit(Some(0));
    /// let (head, items) = heap.try_alloc_with_slice("f", [1, 2]).unwrap_err().into_value();
    /// assert_eq!((head, items.len()), ("f", 2));
    /// ```
    #[expect(clippy::type_complexity, reason = "the error gives both arguments back")]
    pub fn try_alloc_with_slice<H: Trace, I: IntoIterator<IntoIter: ExactSizeIterator>>(
        &self,
        head: H,
        items: I,
    ) -> Result<Gc<WithSlice<H, I::Item>>, OutOfMemory<(H, I::IntoIter)>>
    where
        I::Item: Trace,
    {
        let items = items.into_iter();
        let length = items.len();
        let parts = Layout::array::<I::Item>(length).ok().and_then(|slice| Layout::new::<H>().extend(slice).ok());
        let layout = parts.map(|(layout, _)| layout.pad_to_align());
        let (Some(reservation), Some((_, offset))) = (self.reserve_tailed::<WithSlice<H, I::Item>>(layout), parts)
        else {
            return Err(OutOfMemory::by(&self.state().alloc, (head, items), requested(layout)));
        };
        let payload = reservation.object.payload();
        // SAFETY: the block was reserved for a `repr(C)` head and, `offset` behind its start, `length` items.
        Ok(unsafe {
            fill::<WithSlice<H, I::Item>, _>(reservation, payload.add(offset).cast(), length, items, || {
                payload.cast().write(head);
            })
        })
    }

    fn reserve_tailed<M: Managed + ?Sized>(&self, layout: Option<Layout>) -> Option<Reservation> {
        let ty = self.state().types.get(M::DESCRIPTOR);
        let layout = layout?;
        // SAFETY: the `Heap`, or for a view the operation behind it, keeps the state.
        unsafe { Reservation::new(self.state_ptr(), ty, tailed_size(layout), layout.align()) }
    }
}

fn requested(layout: Option<Layout>) -> usize {
    layout.and_then(tailed_size).unwrap_or(usize::MAX)
}

/// Fills a reserved block from an iterator, and makes it an object. A panic of the iterator drops what is there and
/// frees the block.
///
/// # Safety
/// `elements` is room for `length` items in the reserved block, which is meant for an `M`; `complete` writes what else
/// an `M` consists of.
unsafe fn fill<M: Managed + ?Sized, I: Iterator>(
    reservation: Reservation,
    elements: NonNull<I::Item>,
    length: usize,
    items: I,
    complete: impl FnOnce(),
) -> Gc<M> {
    /// Drops the items written so far.
    struct Written<T> {
        elements: NonNull<T>,
        count: usize,
    }
    impl<T> Drop for Written<T> {
        fn drop(&mut self) {
            // SAFETY: so many items are initialised, and nobody else drops them.
            unsafe { NonNull::slice_from_raw_parts(self.elements, self.count).drop_in_place() };
        }
    }
    let mut written = Written { elements, count: 0 };
    // USER CODE: the iterator. It may collect (the block is no object yet), and panic (the guards clean up).
    for item in items.take(length) {
        // SAFETY: below `length`.
        unsafe { elements.add(written.count).write(item) };
        written.count += 1;
    }
    let count = written.count;
    core::mem::forget(written);
    complete();
    // SAFETY: the payload is complete, with `count` items.
    unsafe { publish(reservation, count) }
}

/// Makes a reserved block an object.
///
/// # Safety
/// Its payload is a complete `M` whose slice has `length` items.
unsafe fn publish<M: Managed + ?Sized>(reservation: Reservation, length: usize) -> Gc<M> {
    let (object, template) = reservation.into_object();
    // SAFETY: the block was reserved with a length word, and nobody uses it yet.
    unsafe { object.set_length(length) };
    object.header().init(template);
    // SAFETY: complete up to the length word, and this is the first reference.
    let handle = unsafe { Gc::from_owned(M::payload(object)) };
    object.annotate_end(size_of_val(&*handle), true);
    handle
}

impl<T: Trace> Gc<[T]> {
    /// A new object on the thread's default heap with the contents of a boxed slice.
    ///
    /// # Panics
    /// If memory is refused.
    ///
    /// ```
    /// use tailbite::Gc;
    /// assert_eq!(Gc::<[i32]>::from_box(vec![1, 2].into()).len(), 2);
    /// ```
    #[must_use]
    pub fn from_box(items: Box<[T]>) -> Gc<[T]> {
        Heap::with_default(|heap| heap.alloc_slice(items.into_vec()))
    }
}

impl<T: Trace + Clone> Gc<[T]> {
    /// [`make_mut`](Gc::make_mut) for slices: exclusive access; if there are other handles, or if this one is a view that
    /// unsizing made of an array, of a clone in the same heap, which this handle then refers to. If only weak references
    /// are left, they are cleared (their callbacks run).
    ///
    /// ```
    /// use tailbite::Gc;
    /// let mut numbers: Gc<[i32]> = Gc::from([1, 2]);
    /// let other = numbers.clone();
    /// Gc::make_mut_slice(&mut numbers)[0] = 5;
    /// assert_eq!((&*numbers, &*other), (&[5, 2][..], &[1, 2][..]));
    /// ```
    ///
    /// # Panics
    /// If memory for the clone is refused.
    #[must_use]
    pub fn make_mut_slice(this: &mut Gc<[T]>) -> GcMut<'_, [T]> {
        while !(Gc::is_unique(this) && may_lend(this)) {
            if may_lend(this) && Gc::object(this).header().is_held_once() {
                // SAFETY: `this` keeps the object: it is borrowed exclusively, so no callback can drop it.
                unsafe { HeapState::disown_weak(Gc::object(this)) };
            } else {
                // USER CODE: `Clone`, and whatever the allocation collects; hence the loop.
                *this = Gc::with_heap(this, |heap| heap.alloc_slice(this.iter().cloned()));
            }
        }
        GcMut::lend(this)
    }
}

impl Gc<str> {
    /// A new object on the thread's default heap with a copy of a boxed string.
    ///
    /// # Panics
    /// If memory is refused.
    ///
    /// ```
    /// use tailbite::Gc;
    /// assert_eq!(&*Gc::<str>::from_box("text".into()), "text");
    /// ```
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "the counterpart of `From<Box<str>> for Rc<str>`")]
    pub fn from_box(text: Box<str>) -> Gc<str> {
        Heap::with_default(|heap| heap.alloc_str(&text))
    }
}
