//! Shared ownership may hold handles; it is not looked into.

use std::rc::Rc;
use std::sync::{Arc, Mutex, RwLock};

use tailbite::{Gc, Trace};

struct NotTraced;

#[derive(Trace)]
struct Holder {
    rc: Rc<Gc<u8>>,
    weak: std::rc::Weak<NotTraced>,
    arc: Arc<Mutex<NotTraced>>,
    lock: RwLock<Option<Gc<Holder>>>,
    closure: Rc<dyn Fn() -> u8>,
    name: &'static str,
}

fn main() {
    let holder = Gc::new(Holder {
        rc: Rc::new(Gc::new(1)),
        weak: std::rc::Weak::new(),
        arc: Arc::new(Mutex::new(NotTraced)),
        lock: RwLock::new(None),
        closure: Rc::new(|| 3),
        name: "name",
    });
    assert_eq!(**holder.rc + (holder.closure)(), 4);
    assert!(holder.weak.upgrade().is_none());
    assert!(holder.arc.lock().is_ok());
    assert!(holder.lock.read().unwrap().is_none());
    assert_eq!(holder.name, "name");
}
