//! S4: no handle's lifetime can be shortened (or a local's address could be smuggled into the heap).

use tailbite::{Factory, Gc, GcMut, RootKey, Weak};

fn gc<'a>(handle: Gc<&'static str>, _: &'a str) -> Gc<&'a str> {
    handle
}

fn weak<'a>(handle: Weak<&'static str>, _: &'a str) -> Weak<&'a str> {
    handle
}

fn gc_mut<'g, 'a>(guard: GcMut<'g, &'static str>, _: &'a str) -> GcMut<'g, &'a str> {
    guard
}

fn factory<'a>(factory: Factory<&'static str>, _: &'a str) -> Factory<&'a str> {
    factory
}

fn root_key<'a>(key: RootKey<&'static str>, _: &'a str) -> RootKey<&'a str> {
    key
}

fn main() {}
