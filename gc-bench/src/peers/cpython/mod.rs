//! CPython in this process: a heap type in C with two references, its own counts, allocator and collector.

mod raw;

use std::ffi::{CString, c_char, c_int, c_longlong};
use std::ptr::{self, NonNull};
use std::sync::OnceLock;

use pyo3_ffi::{
    Py_DECREF, Py_INCREF, PyEval_SaveThread, PyGC_Disable, PyGC_Enable, PyGILState_Ensure, PyGILState_Release,
    PyGILState_STATE, PyObject,
};

pub use self::raw::PyMalloc;
use super::graph::{Abilities, GraphPeer};
use super::mixed::{self, tail_words};

/// The release that is linked.
pub const VERSION: &str = env!("GC_BENCH_PYTHON_VERSION");

// `node.c`. All but the first need the GIL.
unsafe extern "C" {
    fn gc_bench_start(home: *const c_char) -> c_int;
    fn gc_bench_node(a: *mut PyObject, b: *mut PyObject, value: c_longlong, words: c_int) -> *mut PyObject;
    fn gc_bench_set(node: *mut PyObject, second: c_int, to: *mut PyObject);
    fn gc_bench_get(node: *mut PyObject, second: c_int) -> *mut PyObject;
    fn gc_bench_object(a: *mut PyObject, b: *mut PyObject, value: c_longlong) -> *mut PyObject;
    fn gc_bench_object_set(node: *mut PyObject, second: c_int, to: *mut PyObject) -> c_int;
    fn gc_bench_object_get(node: *mut PyObject, second: c_int) -> *mut PyObject;
    fn gc_bench_value(node: *mut PyObject) -> c_longlong;
    fn gc_bench_live() -> usize;
    fn gc_bench_collect(generation: c_int) -> c_int;
    fn gc_bench_safepoint() -> c_int;
}

/// The GIL, held from the making of this to its drop. Everything that touches objects lives beside one.
struct Gil(PyGILState_STATE);

impl Gil {
    /// Takes it; starts the interpreter before, once in the process.
    fn take() -> Gil {
        static STARTED: OnceLock<bool> = OnceLock::new();
        let started = STARTED.get_or_init(|| {
            let home = CString::new(env!("GC_BENCH_PYTHON_HOME")).expect("a path without a zero byte");
            // SAFETY: a string that ends in zero; nobody else starts the interpreter. It has the GIL then, and lets go of it.
            unsafe {
                let started = gc_bench_start(home.as_ptr()) == 0;
                if started {
                    PyEval_SaveThread();
                }
                started
            }
        });
        assert!(started, "CPython does not start");
        // SAFETY: the interpreter is there, and stays until the process ends.
        Gil(unsafe { PyGILState_Ensure() })
    }
}

impl Drop for Gil {
    fn drop(&mut self) {
        // SAFETY: taken by this thread: the type isn't `Send`, as the handles beside it aren't.
        unsafe { PyGILState_Release(self.0) };
    }
}

/// A counted reference to a node.
pub struct Ref(NonNull<PyObject>);

impl Ref {
    fn as_ptr(&self) -> *mut PyObject {
        self.0.as_ptr()
    }

    /// The reference's count goes to the caller.
    fn give(this: Option<Ref>) -> *mut PyObject {
        this.map_or(ptr::null_mut(), |node| std::mem::ManuallyDrop::new(node).as_ptr())
    }

    #[inline]
    fn set<const KIND: u8>(&self, second: c_int, to: Option<Ref>) {
        // SAFETY: a node of the kind, alive; it takes over the reference. The GIL is held as long as there are references.
        unsafe {
            if KIND == OBJECTS {
                assert_eq!(gc_bench_object_set(self.as_ptr(), second, Ref::give(to)), 0, "there is memory");
            } else {
                gc_bench_set(self.as_ptr(), second, Ref::give(to));
            }
        }
    }

    fn get<const KIND: u8>(&self, second: c_int) -> Option<Ref> {
        let get = if KIND == OBJECTS { gc_bench_object_get } else { gc_bench_get };
        // SAFETY: a node of the kind, alive, and the GIL is held as long as there are references.
        let node = NonNull::new(unsafe { get(self.as_ptr(), second) })?;
        // SAFETY: the object is held by this one.
        unsafe { Py_INCREF(node.as_ptr()) };
        Some(Ref(node))
    }
}

impl Clone for Ref {
    #[inline]
    fn clone(&self) -> Ref {
        // SAFETY: the object is alive, and the GIL is held as long as there are references.
        unsafe { Py_INCREF(self.as_ptr()) };
        Ref(self.0)
    }
}

impl Drop for Ref {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: this owns a count, and the GIL is held as long as there are references.
        unsafe { Py_DECREF(self.as_ptr()) };
    }
}

/// Nodes of one size.
pub const PLAIN: u8 = 0;
/// Nodes with tails of different lengths.
pub const MIXED: u8 = 1;
/// Nodes with a list and a dictionary.
pub const OBJECTS: u8 = 2;

/// The interpreter's objects, of one of the kinds.
pub struct CPython<const KIND: u8> {
    roots: Vec<Ref>,
    // Dropped last.
    _gil: Gil,
}

impl<const KIND: u8> GraphPeer for CPython<KIND> {
    type Heap<'gc> = ();
    type Node<'gc> = Ref;
    const ABILITIES: Abilities = Abilities { counts: true, collects: true, generations: true };

    fn new() -> CPython<KIND> {
        let mut peer = CPython { _gil: Gil::take(), roots: Vec::new() };
        // There is one interpreter in a process, and another peer may have left cycles.
        peer.set_automatic(true);
        peer.collect();
        peer
    }

    fn mutate<R>(&mut self, step: impl for<'gc> FnOnce((), &mut Vec<Ref>) -> R) -> R {
        step((), &mut self.roots)
    }

    #[inline]
    fn node<'gc>(
        _: Self::Heap<'gc>,
        a: Option<Self::Node<'gc>>,
        b: Option<Self::Node<'gc>>,
        value: i64,
    ) -> Self::Node<'gc> {
        let (a, b) = (Ref::give(a), Ref::give(b));
        let words = if KIND == MIXED { tail_words(value) as c_int } else { 0 };
        // SAFETY: a node takes over both references; there are types for up to 7 words; the GIL is held by the peer.
        let node =
            unsafe { if KIND == OBJECTS { gc_bench_object(a, b, value) } else { gc_bench_node(a, b, value, words) } };
        Ref(NonNull::new(node).expect("there is memory"))
    }

    #[inline]
    fn set_a<'gc>(_: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
        node.set::<KIND>(0, to);
    }

    #[inline]
    fn set_b<'gc>(_: Self::Heap<'gc>, node: &Self::Node<'gc>, to: Option<Self::Node<'gc>>) {
        node.set::<KIND>(1, to);
    }

    fn a<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
        node.get::<KIND>(0)
    }

    fn b<'gc>(node: &Self::Node<'gc>) -> Option<Self::Node<'gc>> {
        node.get::<KIND>(1)
    }

    fn value(node: &Self::Node<'_>) -> i64 {
        // SAFETY: a node that is alive.
        unsafe { gc_bench_value(node.as_ptr()) }
    }

    fn payload_bytes(value: i64) -> usize {
        if KIND == MIXED { mixed::payload_bytes(value) } else { 24 }
    }

    fn safepoint(&mut self, _made: usize) {
        // SAFETY: the GIL is held.
        assert_eq!(unsafe { gc_bench_safepoint() }, 0, "a function that does nothing succeeds");
    }

    fn collect(&mut self) {
        // SAFETY: the GIL is held.
        assert_eq!(unsafe { gc_bench_collect(2) }, 0, "a collection succeeds");
    }

    fn collect_young(&mut self) {
        // SAFETY: the GIL is held.
        assert_eq!(unsafe { gc_bench_collect(0) }, 0, "a collection succeeds");
    }

    fn set_automatic(&mut self, on: bool) {
        // SAFETY: the GIL is held.
        _ = unsafe { if on { PyGC_Enable() } else { PyGC_Disable() } };
    }

    fn live_nodes(&self) -> Option<usize> {
        // SAFETY: the GIL is held.
        Some(unsafe { gc_bench_live() })
    }

    fn heap_bytes(&self) -> Option<usize> {
        None
    }
}
