//! S6: no safe way leads to a `Pin` of a handle: `try_unwrap` moves payloads out.

use std::marker::PhantomPinned;
use std::pin::Pin;

use tailbite::{AnyGc, Gc};

fn pinned(handle: Gc<PhantomPinned>) -> Pin<Gc<PhantomPinned>> {
    Pin::new(handle)
}

fn unsized_first(handle: Gc<dyn Future<Output = ()>>) -> Pin<Gc<dyn Future<Output = ()>>> {
    Pin::new(handle)
}

fn erased(handle: AnyGc) -> Pin<AnyGc> {
    Pin::new(handle)
}

fn main() {}
