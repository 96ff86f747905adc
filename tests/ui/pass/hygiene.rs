//! Generated code uses no name of the user's: not from the prelude, not by method syntax, not by a local's name.
#![no_implicit_prelude]
#![deny(warnings)]

use ::tailbite::Trace;

#[derive(Trace)]
struct Option;
#[derive(Trace)]
#[trace(leaf)]
struct Sized;
#[derive(Trace)]
#[allow(non_camel_case_types, dead_code)]
struct u32;

#[derive(Trace)]
#[allow(dead_code)]
struct Names<T, R> {
    tracer: Option,
    shape: Sized,
    depth: T,
    options: u32,
    r#type: R,
}

impl<T, R> Names<T, R> {
    #[allow(dead_code)]
    fn trace(&self) -> ! {
        ::core::panic!("not this one")
    }
}

#[derive(Trace)]
#[allow(dead_code)]
enum Never {}

fn main() {}
