//! S4: payloads own what they hold.

use tailbite::{Gc, Trace};

#[derive(Trace)]
struct Named<'a> {
    name: &'a str,
}

fn main() {
    let name = String::from("local");
    let borrowed = Gc::new(Named { name: &name });
    println!("{}", borrowed.name);
}
