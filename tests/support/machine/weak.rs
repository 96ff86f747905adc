//! Weak references of the machine: `Weak`, `WeakRef`, `Proxy`.

use tailbite::{AnyGc, Gc, Proxy, WeakRef, callback};

use super::objects::id;
use super::{Machine, Watch};
use crate::{Log, Op};

impl Watch {
    pub(super) fn is_alive(&self) -> bool {
        match self {
            Watch::Reference(reference) => reference.is_alive(),
            Watch::Proxy(proxy) => proxy.is_alive(),
        }
    }

    pub(super) fn get(&self) -> Option<AnyGc> {
        match self {
            Watch::Reference(reference) => reference.get(),
            Watch::Proxy(proxy) => proxy.get().ok(),
        }
    }
}

/// A callback that logs the number of its reference, which is dead by then.
fn logging(log: &Log, number: usize) -> impl Fn(&AnyGc) + 'static {
    let log = log.clone();
    move |reference| {
        let alive = match reference.downcast_ref::<WeakRef>() {
            Some(reference) => reference.is_alive(),
            None => reference.downcast_ref::<Proxy>().expect("the callback gets its reference").is_alive(),
        };
        log.push(if alive { format!("callback {number} too early") } else { format!("callback {number}") });
    }
}

impl Machine {
    pub(super) fn make_weak(&mut self, op: Op) -> Option<()> {
        match op {
            Op::Downgrade(handle) => {
                let (handle, knot) = self.pick_knot(handle)?;
                self.weaks.push(Gc::downgrade(&knot));
                self.model.weaks.push(self.model.handles[handle]);
            }
            Op::Watch(handle, proxy) => {
                let handle = self.pick(handle)?;
                let number = self.model.watch(self.model.handles[handle], proxy, true);
                let (object, callback) = (&self.handles[handle], callback(logging(&self.log, number)));
                self.watches.push(match proxy {
                    false => Watch::Reference(WeakRef::with_callback(object, callback)),
                    true => Watch::Proxy(Proxy::with_callback(object, callback)),
                });
            }
            Op::WeakRef(handle, proxy) => {
                let handle = self.pick(handle)?;
                self.model.watch(self.model.handles[handle], proxy, false);
                let object = &self.handles[handle];
                self.watches.push(match proxy {
                    false => Watch::Reference(WeakRef::new(object)),
                    true => Watch::Proxy(Proxy::new(object)),
                });
            }
            _ => {}
        }
        Some(())
    }

    pub(super) fn use_weak(&mut self, op: Op) -> Option<()> {
        match op {
            Op::DropWeak(weak) => {
                let weak = weak.checked_rem(self.weaks.len())?;
                self.weaks.swap_remove(weak);
                self.model.weaks.swap_remove(weak);
            }
            Op::DropWatch(watch) => {
                let watch = watch.checked_rem(self.watches.len())?;
                drop(self.watches.swap_remove(watch));
                self.model.drop_watch(watch);
            }
            Op::Upgrade(weak) => {
                let weak = weak.checked_rem(self.weaks.len())?;
                if let Some(knot) = self.weaks[weak].upgrade() {
                    let handle = Gc::erase(knot);
                    let object = id(&handle);
                    assert_eq!(object, self.model.weaks[weak], "a weak reference finds its own object");
                    self.handles.push(handle);
                    self.model.add_handle(object);
                }
            }
            _ => {}
        }
        Some(())
    }
}
