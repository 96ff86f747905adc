//! What a type declares beyond its edges: a finalizer, and a protocol table of the host's.

use core::any::Any;
use core::fmt;
use core::marker::PhantomData;

use super::layout::RawObject;
use crate::base::os;

/// What calls a type's finalizer, erased. Boxed fallibly, as an array.
trait Call {
    fn call(&self, object: RawObject);
}

impl<F: Fn(RawObject)> Call for [F; 1] {
    fn call(&self, object: RawObject) {
        let [call] = self;
        call(object);
    }
}

/// The hook that runs once before an object dies, while everything it refers to is still intact; erased.
pub(crate) struct Finalizer {
    /// Called by [`Finalizer::run`] only, whose callers answer for the object.
    call: Box<dyn Call + Send + Sync>,
    /// Whether each object is armed at birth, or only those for which a finalizer is requested.
    pub(crate) at_birth: bool,
}

impl Finalizer {
    /// `call` calls the type's finalizer, and may rely on what [`run`](Finalizer::run) asks for.
    ///
    /// # Panics
    /// If memory is refused.
    pub(crate) fn new<F: Fn(RawObject) + Send + Sync + 'static>(call: F, at_birth: bool) -> Finalizer {
        match os::try_box(call) {
            Ok(call) => Finalizer { call, at_birth },
            Err(_) => panic!("out of memory: {} bytes for a finalizer were refused", size_of::<F>()),
        }
    }

    /// Calls the type's finalizer.
    ///
    /// # Safety
    /// 1. The object is of the type that this belongs to.
    /// 2. It is alive, and stays so during the call.
    pub(crate) unsafe fn run(&self, object: RawObject) {
        self.call.call(object);
    }
}

/// What [`Trace::options`](crate::Trace::options) fills in: the hooks of all objects whose payload is a `T`.
///
/// ```
/// use tailbite::{AnyGc, Gc, Trace, Tracer, TypeOptions};
/// struct Point(i32, i32);
/// // SAFETY: it owns no handles.
/// unsafe impl Trace for Point {
///     fn trace(&self, _: &mut Tracer<'_>) {}
///     fn options(options: &mut TypeOptions<Point>) {
///         options.protocol(&"point").finalizer(|point| println!("({}, {}) dies", point.0, point.1));
///     }
/// }
/// let point: AnyGc = Gc::erase(Gc::new(Point(1, 2)));
/// assert_eq!(point.protocol(), Some(&"point"));
/// ```
pub struct TypeOptions<T: ?Sized> {
    pub(crate) finalizer: Option<Finalizer>,
    pub(crate) protocol: Option<&'static (dyn Any + Send + Sync)>,
    /// Invariant *fixed*: the payload is known by its address; it is neither moved out of its object nor lent exclusively.
    pub(crate) fixed: bool,
    /// Objects of the type are the runtime's own: nobody gets a handle to one, and no walk shows them.
    pub(crate) private: bool,
    /// The payload is a weak container: it starts with its table.
    pub(crate) weak_container: bool,
    marker: PhantomData<fn(&T)>,
}

impl<T: ?Sized> TypeOptions<T> {
    pub(crate) fn new() -> TypeOptions<T> {
        TypeOptions {
            finalizer: None,
            protocol: None,
            fixed: false,
            private: false,
            weak_container: false,
            marker: PhantomData,
        }
    }

    /// A table of the host's for objects of this type (an interpreter's slots: call, attribute access, ...), reached
    /// from any
    /// [`AnyGc`](crate::AnyGc) in constant time through [`AnyGc::protocol`](crate::AnyGc::protocol).
    ///
    /// ```
    /// use tailbite::{Gc, Trace, Tracer, TypeOptions};
    ///
    /// struct Int(i64);
    /// // SAFETY: it owns no handles.
    /// unsafe impl Trace for Int {
    ///     fn trace(&self, _: &mut Tracer<'_>) {}
    ///     fn options(options: &mut TypeOptions<Int>) {
    ///         options.protocol(&"int");
    ///     }
    /// }
    ///
    /// assert_eq!(Gc::erase(Gc::new(Int(5))).protocol::<&str>(), Some(&"int"));
    /// ```
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
