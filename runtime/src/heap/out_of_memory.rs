//! The error of refused memory.

use core::fmt;

use crate::alloc::Allocator;

/// Memory was refused: by the operating system, by the heap's [limit](crate::Heap::set_memory_limit), or because the size can't be
/// represented. The value that was to be moved into the object comes back in the error.
///
/// ```
/// use tailbite::Heap;
/// let heap = Heap::new();
/// heap.set_memory_limit(Some(heap.used_bytes()));
/// let error = heap.try_alloc(String::from("precious")).unwrap_err();
/// assert_eq!(error.limit(), heap.memory_limit());
/// assert_eq!(error.requested(), size_of::<String>());
/// assert_eq!(error.into_value(), "precious");
/// ```
pub struct OutOfMemory<T> {
    value: T,
    requested: usize,
    purpose: &'static str,
    /// The limit that refused it, and the use at that moment.
    limit: Option<(usize, usize)>,
}

impl<T> OutOfMemory<T> {
    /// A refusal for no known reason: the system's.
    pub(crate) fn new(value: T, requested: usize) -> OutOfMemory<T> {
        OutOfMemory { value, requested, purpose: "an object", limit: None }
    }

    /// The refusal that this allocator has just given, unless the request was for more than can be.
    pub(crate) fn by(alloc: &Allocator, value: T, requested: usize) -> OutOfMemory<T> {
        let limit = if requested == usize::MAX { None } else { alloc.budget().refusal() };
        OutOfMemory { value, requested, purpose: "an object", limit }
    }

    /// What the bytes were for, if not for an object.
    pub(crate) fn for_purpose(self, purpose: &'static str) -> OutOfMemory<T> {
        OutOfMemory { purpose, ..self }
    }

    /// The same refusal, of another value.
    pub(crate) fn with_value<U>(self, value: U) -> OutOfMemory<U> {
        OutOfMemory { value, requested: self.requested, purpose: self.purpose, limit: self.limit }
    }

    /// The same refusal, of what `f` makes of the value.
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> OutOfMemory<U> {
        let OutOfMemory { value, requested, purpose, limit } = self;
        OutOfMemory { value: f(value), requested, purpose, limit }
    }

    /// The value that found no place.
    pub fn into_value(self) -> T {
        self.value
    }

    /// Bytes that were asked for, those of the payload where it is an object's of fixed size; `usize::MAX` if their number
    /// can't be represented.
    #[must_use]
    pub fn requested(&self) -> usize {
        self.requested
    }

    /// The limit that refused them, if it was one: [`Heap::set_memory_limit`](crate::Heap::set_memory_limit). None if it was the system, or if
    /// no memory could be that large.
    #[must_use]
    pub fn limit(&self) -> Option<usize> {
        self.limit.map(|(limit, _)| limit)
    }

    /// Panics with the error's message, as the infallible twins of the `try_` functions do.
    #[cold]
    #[track_caller]
    pub(crate) fn raise(self) -> ! {
        panic!("{self}")
    }
}

impl<T> fmt::Display for OutOfMemory<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OutOfMemory { requested, purpose, .. } = self;
        if *requested > isize::MAX as usize && self.limit.is_none() {
            return write!(f, "out of memory: capacity overflow: the size of {purpose} can't be represented");
        }
        write!(f, "out of memory: {requested} bytes for {purpose} were refused")?;
        match self.limit {
            Some((limit, used)) => write!(f, ": the heap's limit is {limit} bytes, {used} are in use"),
            None => Ok(()),
        }
    }
}

impl<T> fmt::Debug for OutOfMemory<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutOfMemory")
            .field("requested", &self.requested)
            .field("limit", &self.limit())
            .finish_non_exhaustive()
    }
}

impl<T> core::error::Error for OutOfMemory<T> {}
