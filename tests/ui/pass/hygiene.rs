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
#[allow(non_camel_case_types, dead_code)]
struct bool;

#[derive(Trace)]
#[allow(dead_code)]
struct Names<T, R> {
    tracer: Option,
    shape: Sized,
    depth: T,
    options: u32,
    owns_only_handles: bool,
    #[trace(skip)]
    skipped: bool,
    r#type: R,
}

impl<T, R> Names<T, R> {
    #[allow(dead_code)]
    fn trace(&self) -> ! {
        ::core::panic!("not this one")
    }

    #[allow(dead_code)]
    fn owns_only_handles() -> ! {
        ::core::panic!("not this one")
    }
}

#[derive(Trace)]
#[allow(dead_code)]
enum Never {}

#[allow(dead_code)]
struct Foreign;

/// # Safety
/// Reports nothing, which is always safe.
#[allow(dead_code)]
unsafe fn report(_: &Foreign, _: &mut ::tailbite::Tracer<'_>) {}

#[derive(Trace)]
#[allow(dead_code)]
enum Modes<T: ?::core::marker::Sized + 'static> {
    // SAFETY: nothing is reported.
    With(#[trace(unsafe(with = report))] Foreign),
    Skipped(#[trace(skip)] Foreign, ::core::marker::PhantomData<T>),
    Function(fn(&bool) -> bool),
}

#[derive(Trace)]
#[allow(dead_code)]
struct Tailed<T: ?::core::marker::Sized> {
    head: bool,
    tail: T,
}

fn main() {
    ::core::assert!(<Names<Option, Sized> as Trace>::owns_only_handles());
    ::core::assert!(!<Modes<str> as Trace>::owns_only_handles());
}
