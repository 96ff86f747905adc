//! S2: `unsafe(with = ..)` is `unsafe` code of the user's.
#![forbid(unsafe_code)]

use tailbite::{Gc, Trace};

mod elsewhere {
    use tailbite::{Gc, Trace, Tracer};

    pub fn report(next: &Option<Gc<u8>>, tracer: &mut Tracer<'_>) {
        next.trace(tracer);
    }
}

#[derive(Trace)]
struct Node {
    #[trace(unsafe(with = elsewhere::report))]
    next: Option<Gc<u8>>,
}

fn main() {}
