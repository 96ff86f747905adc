//! S4: handles and heaps stay on their thread.

use tailbite::{AnyGc, Factory, Gc, GcMut, Heap, Weak};

fn send<T: Send>() {}
fn sync<T: Sync>() {}

fn main() {
    send::<Gc<u8>>();
    sync::<Gc<u8>>();
    send::<AnyGc>();
    sync::<AnyGc>();
    send::<Weak<u8>>();
    sync::<Weak<u8>>();
    send::<GcMut<'static, u8>>();
    sync::<GcMut<'static, u8>>();
    send::<Factory<u8>>();
    sync::<Factory<u8>>();
    send::<Heap>();
    sync::<Heap>();

    let handle = Gc::new(1_u8);
    std::thread::spawn(move || println!("{handle}"));
}
