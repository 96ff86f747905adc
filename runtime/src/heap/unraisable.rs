//! Panics that can't be raised: those of finalizers, callbacks and drops, which the runtime calls on nobody's behalf
//! (S14).

use core::any::Any;
use core::cell::Cell;
use core::fmt;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use super::shared_hook::SharedHook;

/// What was running when a panic came up that can't be raised to anyone.
///
/// ```
/// use tailbite::UnraisableContext;
/// assert_eq!(UnraisableContext::WeakCallback.to_string(), "a weak reference callback");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnraisableContext {
    /// The finalizer of an object.
    Finalizer,
    /// The callback of a weak reference.
    WeakCallback,
    /// What was registered with [`Heap::finalize`](crate::Heap::finalize), when the object died or at exit.
    Finalize,
    /// The drop of an object's payload.
    Drop,
    /// [`Trace::trace`](crate::Trace::trace), during a collection, which was given up: its candidates were kept.
    Trace,
    /// A `Trace` impl reported more handles to one object than there are (S11), against its contract. The object was
    /// kept.
    OverReport,
    /// A gc callback ([`Heap::add_callback`](crate::Heap::add_callback)), or its drop.
    GcCallback,
    /// The debug sink ([`Heap::set_debug_sink`](crate::Heap::set_debug_sink)), or its drop.
    DebugSink,
    /// The callback of a heap's soft limit.
    SoftLimit,
    /// The debug heap ([`Heap::set_debug_heap`](crate::Heap::set_debug_heap)) found a block that was misused.
    DebugHeap,
}

impl fmt::Display for UnraisableContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UnraisableContext::Finalizer => "a finalizer",
            UnraisableContext::WeakCallback => "a weak reference callback",
            UnraisableContext::Finalize => "a finalize callback",
            UnraisableContext::Drop => "the drop",
            UnraisableContext::Trace => "tracing",
            UnraisableContext::OverReport => "tracing",
            UnraisableContext::GcCallback => "a gc callback",
            UnraisableContext::DebugSink => "the debug sink",
            UnraisableContext::SoftLimit => "a soft limit callback",
            UnraisableContext::DebugHeap => "the debug heap",
        })
    }
}

/// A panic that the runtime caught because there is nobody to raise it to: CPython's `sys.unraisablehook` argument.
///
/// ```
/// use std::{cell::RefCell, rc::Rc};
/// use tailbite::{Heap, UnraisableContext};
/// let heap = Heap::new();
/// let seen = Rc::new(RefCell::new(Vec::new()));
/// let sink = seen.clone();
/// heap.set_unraisable_hook(move |it| sink.borrow_mut().push((it.context, it.message().to_owned())));
/// let object = heap.alloc("object");
/// heap.finalize(&object, (), |()| panic!("not now"));
/// drop(object);
/// assert_eq!(*seen.borrow(), [(UnraisableContext::Finalize, "not now".to_owned())]);
/// ```
#[non_exhaustive]
pub struct Unraisable<'a> {
    /// What was running.
    pub context: UnraisableContext,
    /// The type of the object concerned; empty if it is not known.
    pub type_name: &'static str,
    /// What was panicked with.
    pub payload: &'a (dyn Any + Send),
}

impl Unraisable<'_> {
    /// The panic's message, if it has one.
    #[must_use]
    pub fn message(&self) -> &str {
        let text = self.payload.downcast_ref::<&'static str>().copied();
        let text = text.or_else(|| self.payload.downcast_ref::<String>().map(String::as_str));
        text.or_else(|| self.payload.is::<OverReported>().then_some(OverReported::MESSAGE)).unwrap_or("(no message)")
    }
}

impl fmt::Debug for Unraisable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unraisable")
            .field("context", &self.context)
            .field("type_name", &self.type_name)
            .field("message", &self.message())
            .finish_non_exhaustive()
    }
}

/// "panic ignored in a finalizer of `Socket`: ...", what the default hook prints.
impl fmt::Display for Unraisable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panic ignored in {}", self.context)?;
        if !self.type_name.is_empty() {
            write!(f, " of `{}`", self.type_name)?;
        }
        write!(f, ": {}", self.message())
    }
}

/// What stands for a panic where a `Trace` impl reported too much. Takes no memory.
pub(crate) struct OverReported;

impl OverReported {
    const MESSAGE: &'static str =
        "the object is reported more often than it is held; its `Trace` impl breaks its contract";
}

/// Drops a value of the user's; a panic is swallowed.
fn drop_quietly<T>(value: T) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(value))).map_err(core::mem::forget);
}

/// The hook of one heap; none means the default: a line on stderr.
#[derive(Default)]
pub(crate) struct UnraisableHook(Cell<Option<SharedHook>>);

impl UnraisableHook {
    /// Sets the hook; the one before is the caller's to drop, where user code may run.
    pub(crate) fn replace(&self, hook: Option<SharedHook>) -> Option<SharedHook> {
        self.0.replace(hook)
    }

    /// Reports a caught panic. Never unwinds: a panic of the hook itself, or of dropping what was panicked with, is
    /// swallowed.
    pub(crate) fn report(&self, context: UnraisableContext, type_name: &'static str, payload: Box<dyn Any + Send>) {
        let hook = self.0.take();
        self.0.set(hook.clone());
        let call = AssertUnwindSafe(|| {
            let unraisable = Unraisable { context, type_name, payload: &*payload };
            match &hook {
                // USER CODE: the hook; it may replace itself, hence the clone.
                Some(hook) => hook.call(&unraisable),
                None => eprintln!("{unraisable}"),
            }
        });
        let _ = catch_unwind(call).map_err(core::mem::forget);
        // USER CODE: the drop of the payload, and of the hook if it was replaced meanwhile.
        drop_quietly(payload);
        drop_quietly(hook);
    }

    pub(crate) fn is_set(&self) -> bool {
        let hook = self.0.take();
        let is_set = hook.is_some();
        self.0.set(hook);
        is_set
    }

    /// Drops the hook, as one of the last things before the heap's state goes.
    pub(crate) fn clear(&self) {
        drop_quietly(self.0.take());
    }
}

impl fmt::Debug for UnraisableHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnraisableHook")
    }
}
