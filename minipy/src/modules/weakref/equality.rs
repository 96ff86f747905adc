//! Keys of weak containers are compared as the script says.
//!
//! The runtime asks for a hash and for equality where an error has no way out but a panic. So the hash is made before, and what a
//! comparison raises travels as a panic that nobody reports: the container stays as it is.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use tailbite::{Equivalence, OutOfMemory};

use crate::object::{R, Value};
use crate::vm::Vm;

/// `__eq__` and `__hash__`.
pub(super) struct ScriptEquality;

/// What is panicked with.
struct Interrupted;

impl Equivalence<Value> for ScriptEquality {
    fn hash(&self, _: &Value) -> u64 {
        let mut hash = None;
        Vm::with_current(|vm| hash = vm.weakref.hash.take());
        hash.unwrap_or_default() as u64
    }

    fn equivalent(&self, a: &Value, b: &Value) -> bool {
        let mut equal = false;
        Vm::with_current(|vm| match vm.same_or_equal(a, b) {
            Ok(answer) => equal = answer,
            Err(raised) => {
                let before = vm.weakref.raised.replace(Some(raised));
                drop(before);
                resume_unwind(Box::new(Interrupted));
            }
        });
        equal
    }
}

impl Vm {
    /// Lets `operation` look for `key` in a weak container.
    pub(super) fn look_for<T>(&self, key: &Value, operation: impl FnOnce() -> T) -> R<T> {
        let hash = self.hash(key)?;
        self.weakref.hash.set(Some(hash));
        match catch_unwind(AssertUnwindSafe(operation)) {
            Ok(result) => Ok(result),
            Err(panic) if panic.is::<Interrupted>() => {
                let raised = self.weakref.raised.take();
                Err(raised.unwrap_or_else(|| self.runtime_error("a comparison was interrupted")))
            }
            Err(panic) => resume_unwind(panic),
        }
    }

    /// The same where memory may be refused: once more after a collection.
    pub(super) fn look_for_with<V, T>(
        &self,
        key: &Value,
        value: V,
        operation: impl Fn(V) -> Result<T, OutOfMemory<V>>,
    ) -> R<T> {
        let refused = match self.look_for(key, || operation(value))? {
            Ok(done) => return Ok(done),
            Err(refused) => refused,
        };
        self.relieve();
        self.look_for(key, || operation(refused.into_value()))?.map_err(|refused| {
            drop(refused.into_value());
            self.memory_error()
        })
    }
}
