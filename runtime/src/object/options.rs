//! What a type declares beyond its edges: a finalizer, and a protocol table of the host's.

use core::any::Any;
use core::fmt;
use core::marker::PhantomData;

use super::layout::RawObject;

/// The hook that runs once before an object dies, while everything it refers to is still intact; erased.
#[derive(Clone, Copy)]
pub(crate) struct Finalizer {
    /// Calls `function` on the object, which is alive for the duration of the call.
    pub(crate) call: unsafe fn(object: RawObject, function: fn()),
    /// A `fn(&Gc<T>)`, T being the type of the objects this belongs to.
    pub(crate) function: fn(),
    /// Whether each object is armed at birth, or only those for which a finalizer is requested.
    pub(crate) at_birth: bool,
}

/// What [`Trace::options`](crate::Trace::options) fills in: the hooks of all objects whose payload is a `T`.
pub struct TypeOptions<T: ?Sized> {
    pub(crate) finalizer: Option<Finalizer>,
    pub(crate) protocol: Option<&'static (dyn Any + Send + Sync)>,
    marker: PhantomData<fn(&T)>,
}

impl<T: ?Sized> TypeOptions<T> {
    pub(crate) fn new() -> TypeOptions<T> {
        TypeOptions { finalizer: None, protocol: None, marker: PhantomData }
    }

    /// A table of the host's for objects of this type (an interpreter's slots: call, attribute access, ...), reached
    /// from any
    /// [`AnyGc`](crate::AnyGc) in constant time through [`AnyGc::protocol`](crate::AnyGc::protocol).
    pub fn protocol(&mut self, table: &'static (dyn Any + Send + Sync)) -> &mut Self {
        self.protocol = Some(table);
        self
    }
}

impl<T: ?Sized> fmt::Debug for TypeOptions<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypeOptions")
            .field("finalizer", &self.finalizer.is_some())
            .field("protocol", &self.protocol.is_some())
            .finish()
    }
}
