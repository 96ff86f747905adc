//! Weak reference objects and proxies in the model. The host alone holds them.

use super::Model;

/// A weak reference object or proxy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    object: usize,
    /// It lives in its referent's heap.
    heap: usize,
    pub(super) generation: usize,
    proxy: bool,
    /// Each with a callback is new; without, there is one of each kind per object.
    has_callback: bool,
    /// Whether it still refers to its object.
    alive: bool,
    /// The host's handles: without any it is gone.
    handles: usize,
}

impl Model {
    /// Makes or gets a weak reference object and gives the host a handle. The number is that of its callback.
    pub(crate) fn watch(&mut self, object: usize, proxy: bool, has_callback: bool) -> usize {
        let same = |watch: &Watch| {
            watch.object == object && watch.alive && watch.handles > 0 && watch.proxy == proxy && !watch.has_callback
        };
        let known = self.watches.iter().position(same).filter(|_| !has_callback);
        let number = known.unwrap_or(self.watches.len());
        if known.is_none() {
            let heap = self.objects[object].heap;
            self.watches.push(Watch { object, heap, generation: 0, proxy, has_callback, alive: true, handles: 0 });
        }
        self.watches[number].handles += 1;
        self.watching.push(number);
        number
    }

    pub(crate) fn drop_watch(&mut self, watch: usize) {
        let number = self.watching.swap_remove(watch);
        self.watches[number].handles -= 1;
    }

    pub(crate) fn watch_is_alive(&self, watch: usize) -> bool {
        self.watches[self.watching[watch]].alive
    }

    /// The number of weak reference objects and proxies of an object.
    pub(crate) fn weakref_count(&self, object: usize) -> usize {
        self.watches.iter().filter(|watch| watch.object == object && watch.alive && watch.handles > 0).count()
    }

    pub(super) fn clear_watches(&mut self, object: usize, with_callback: bool) {
        for (number, watch) in self.watches.iter_mut().enumerate() {
            if watch.object == object && watch.alive && watch.has_callback == with_callback {
                watch.alive = false;
                if with_callback && watch.handles > 0 {
                    self.events.push(format!("callback {number}"));
                }
            }
        }
    }

    /// Those of a heap that are there.
    pub(super) fn watches_in(&mut self, heap: usize) -> impl Iterator<Item = &mut Watch> {
        self.watches.iter_mut().filter(move |watch| watch.heap == heap && watch.handles > 0)
    }

    pub(super) fn watch_generations(&self, heap: usize) -> impl Iterator<Item = usize> {
        let there = self.watches.iter().filter(move |watch| watch.heap == heap && watch.handles > 0);
        there.map(|watch| watch.generation)
    }
}
