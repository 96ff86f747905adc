//! S4: what was made for a handle stays on its thread, too. (`ui/pass/threads.rs` has all types, also for `Sync`.)

use tailbite::{Factory, GcMut, Packed, RootKey, WeakRef};

fn send<T: Send>() {}

fn main() {
    send::<RootKey<u8>>();
    send::<Packed>();
    send::<GcMut<'static, u8>>();
    send::<Factory<u8>>();
    send::<WeakRef>();
}
