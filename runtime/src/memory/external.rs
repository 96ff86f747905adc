//! `External`: bytes that a host holds outside of a heap on behalf of its objects.

use core::fmt;

use crate::heap::{Heap, HeapState, Keeper, OutOfMemory};
use crate::object::{Shape, Trace, Tracer};

/// Bytes held outside of a heap that count against its [limit](Heap::set_memory_limit), for as long as this lives: put it into the payload
/// beside what it stands for. Made by [`Heap::add_external`]; keeps the heap's memory.
///
/// ```
/// use tailbite::{External, Heap, Trace};
///
/// #[derive(Trace)]
/// struct Image {
///     #[trace(skip)]
///     pixels: Box<[u8]>,
///     #[trace(skip)]
///     bytes: External,
/// }
///
/// let heap = Heap::new();
/// let before = heap.used_bytes();
/// let pixels = vec![0; 1 << 20].into_boxed_slice();
/// let bytes = heap.add_external(pixels.len());
/// let image = heap.alloc(Image { pixels, bytes });
/// assert_eq!((heap.external_bytes(), image.bytes.bytes()), (1 << 20, 1 << 20));
/// drop(image);
/// assert_eq!(heap.external_bytes(), 0);
/// ```
pub struct External {
    bytes: usize,
    keeper: Keeper,
}

impl Heap {
    /// Counts bytes that the host holds elsewhere on behalf of objects; see [`External`].
    ///
    /// # Panics
    /// If the [limit](Heap::set_memory_limit) refuses them, even after a full collection.
    #[must_use]
    pub fn add_external(&self, bytes: usize) -> External {
        self.try_add_external(bytes).unwrap_or_else(|error| error.raise())
    }

    /// As [`add_external`](Heap::add_external), with an error if the limit refuses them. Before that, everything is collected once (finalizers
    /// may run), where an allocation of an object would do so too.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// heap.set_memory_limit(Some(1 << 20));
    /// assert!(heap.try_add_external(2 << 20).is_err());
    /// let pixels = heap.try_add_external(1000).unwrap();
    /// assert_eq!(heap.external_bytes(), 1000);
    /// ```
    pub fn try_add_external(&self, bytes: usize) -> Result<External, OutOfMemory<()>> {
        let keeper = Keeper::new(self);
        let state = keeper.state();
        let refused_anyway = bytes != 0 && state.alloc.refuses_request();
        if refused_anyway || !state.alloc.take_external(bytes) {
            // SAFETY: the keeper keeps the state.
            unsafe { HeapState::collect_at_refusal(self.state_ptr()) };
            if refused_anyway {
                state.alloc.budget().forget_refusal();
            }
            if refused_anyway || !state.alloc.take_external(bytes) {
                return Err(refused(state, bytes));
            }
        }
        Ok(External { bytes, keeper })
    }

    /// The bytes of all [`External`]s of this heap. Takes constant time.
    #[must_use]
    pub fn external_bytes(&self) -> usize {
        self.state().alloc.budget().external()
    }
}

impl External {
    /// The bytes that this stands for.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Changes the number of bytes. Runs no user code: it doesn't collect, so that it can be called while the storage is being changed.
    ///
    /// # Errors
    /// [`OutOfMemory`] if the heap's limit refuses the growth, of which [`requested`](OutOfMemory::requested) is the size;
    /// then the number is as before. Shrinking never fails.
    ///
    /// ```
    /// use tailbite::Heap;
    /// let heap = Heap::new();
    /// let mut buffer = heap.add_external(100);
    /// buffer.resize(300).unwrap();
    /// heap.set_memory_limit(Some(heap.used_bytes()));
    /// assert!(buffer.resize(301).is_err() && buffer.resize(50).is_ok());
    /// assert_eq!((heap.external_bytes(), buffer.bytes()), (50, 50));
    /// ```
    pub fn resize(&mut self, bytes: usize) -> Result<(), OutOfMemory<()>> {
        let state = self.keeper.state();
        let grows = bytes > self.bytes;
        if grows && (state.alloc.refuses_request() || !state.alloc.take_external(bytes - self.bytes)) {
            return Err(refused(state, bytes - self.bytes));
        }
        state.alloc.give_external(self.bytes.saturating_sub(bytes));
        self.bytes = bytes;
        Ok(())
    }
}

#[cold]
fn refused(state: &HeapState, bytes: usize) -> OutOfMemory<()> {
    OutOfMemory::by(&state.alloc, (), bytes).for_purpose("external storage")
}

impl Drop for External {
    fn drop(&mut self) {
        self.keeper.state().alloc.give_external(self.bytes);
    }
}

impl fmt::Debug for External {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "External({} bytes)", self.bytes)
    }
}

// SAFETY: owns no handle. Its drop runs no code but this crate's, as that of `Weak`: it changes counts, and may be what frees a closed heap.
unsafe impl Trace for External {
    fn trace(&self, _: &mut Tracer<'_>) {}

    fn shape(_: u32) -> Shape {
        Shape::PLAIN
    }
}
