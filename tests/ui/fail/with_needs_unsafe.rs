//! S2: a function that receives a `Tracer` is vouched for by the word `unsafe`.

use tailbite::{Gc, Trace, Tracer};

#[derive(Trace)]
struct Node {
    #[trace(with = report)]
    next: Option<Gc<u8>>,
}

#[derive(Trace)]
struct Other {
    #[trace(unsafe(report))]
    next: Option<Gc<u8>>,
}

unsafe fn report(next: &Option<Gc<u8>>, tracer: &mut Tracer<'_>) {
    next.trace(tracer);
}

fn main() {}
