//! S4: handles stay on their thread. (`ui/pass/threads.rs` has the other types.)

use tailbite::Gc;

fn send<T: Send>() {}

fn main() {
    send::<Gc<u8>>();
}
