//! Memory that may be refused: whatever a script causes to be allocated is asked for here.
//!
//! A refusal is not the end: all garbage is collected, which may run script code, and the request is made once more. So no borrow
//! is held across a request. What is refused even then is a `MemoryError`, and raising that takes no memory.

use std::cell::RefCell;

use tailbite::{Gc, Generation, OutOfMemory, Trace};

use super::Vm;
use crate::object::class_table::Builtin;
use crate::object::exception::ExceptionData;
use crate::object::storage::{Refused, SLACK, is_left};
use crate::object::{R, Raised, Value};

/// How many objects are made between two looks at what the system has left.
const OBJECTS_PER_CHECK: u32 = 2048;

/// How many `MemoryError`s are kept for when there is no memory to make one.
const RESERVE: usize = 16;

/// `MemoryError`s made in better times.
#[derive(Default)]
pub(super) struct Reserve {
    unused: RefCell<Vec<Value>>,
    /// Raised again and again when all others are in use.
    last: RefCell<Option<Value>>,
}

impl Vm {
    /// A new managed object.
    #[inline]
    pub(crate) fn alloc<T: Trace>(&self, value: T) -> R {
        self.make(value).map(Gc::erase)
    }

    /// The same with its type.
    #[inline]
    pub(crate) fn make<T: Trace>(&self, value: T) -> R<Gc<T>> {
        match self.until_check.get() {
            0 => self.check_slack()?,
            left => self.until_check.set(left - 1),
        }
        self.granted_with(value, |value| self.heap.try_alloc(value))
    }

    /// Objects come in small portions: they may not take the last of the system's memory, which the interpreter needs for small
    /// things of its own.
    #[cold]
    fn check_slack(&self) -> R<()> {
        self.until_check.set(OBJECTS_PER_CHECK);
        self.granted(|| if is_left(SLACK) { Ok(()) } else { Err(Refused) })
    }

    /// What `attempt` asks for; a refused one is made once more after a collection.
    #[inline]
    pub(crate) fn granted<T, E>(&self, mut attempt: impl FnMut() -> Result<T, E>) -> R<T> {
        match attempt() {
            Ok(granted) => Ok(granted),
            Err(_) => self.granted_after_collection(attempt),
        }
    }

    #[cold]
    fn granted_after_collection<T, E>(&self, mut attempt: impl FnMut() -> Result<T, E>) -> R<T> {
        self.relieve();
        attempt().map_err(|_| self.memory_error())
    }

    /// The same where `attempt` gives back what it could not use.
    #[inline]
    pub(crate) fn granted_with<V, T>(&self, value: V, attempt: impl Fn(V) -> Result<T, OutOfMemory<V>>) -> R<T> {
        match attempt(value) {
            Ok(granted) => Ok(granted),
            Err(refused) => self.granted_with_after_collection(refused.into_value(), attempt),
        }
    }

    #[cold]
    fn granted_with_after_collection<V, T>(&self, value: V, attempt: impl Fn(V) -> Result<T, OutOfMemory<V>>) -> R<T> {
        self.relieve();
        attempt(value).map_err(|refused| {
            drop(refused.into_value());
            self.memory_error()
        })
    }

    /// Frees what can be freed, whether or not the script lets the collector run by itself.
    pub(crate) fn relieve(&self) {
        self.heap.collect(Generation::Old);
        self.heap.trim();
    }

    /// A `MemoryError`: a new one, else one from the reserve. Needs no memory.
    #[cold]
    pub(crate) fn memory_error(&self) -> Raised {
        if let Some(error) = self.new_memory_error() {
            self.fill_reserve();
            return Raised(error);
        }
        let unused = self.reserve.unused.borrow_mut().pop();
        if let Some(error) = unused {
            return Raised(error);
        }
        let last = self.reserve.last.borrow().clone().expect("the interpreter has started");
        if let Some(data) = ExceptionData::of(&last) {
            data.forget();
        }
        Raised(last)
    }

    /// Makes as many as there is memory for.
    pub(super) fn fill_reserve(&self) {
        while self.reserve.unused.borrow().len() < RESERVE {
            let Some(error) = self.new_memory_error() else {
                return;
            };
            let mut unused = self.reserve.unused.borrow_mut();
            if unused.try_reserve(RESERVE).is_ok() {
                unused.push(error);
            }
        }
        if self.reserve.last.borrow().is_none() {
            let last = self.new_memory_error();
            self.reserve.last.replace(last);
        }
    }

    /// Whether it is one that waits to be raised.
    pub(crate) fn is_reserved(&self, value: &Value) -> bool {
        let is = |error: &Value| Value::ptr_eq(error, value);
        self.reserve.unused.borrow().iter().any(is) || self.reserve.last.borrow().iter().any(is)
    }

    /// `None` if there is no memory for it.
    fn new_memory_error(&self) -> Option<Value> {
        let instance = self.exception_instance(Builtin::MemoryError, self.empty_tuple.clone())?;
        self.heap.try_alloc(instance).ok().map(Gc::erase)
    }
}
