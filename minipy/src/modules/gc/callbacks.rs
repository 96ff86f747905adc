//! `gc.callbacks`: the script hears of collections, and `gc.garbage` gets what they kept.

use tailbite::{CollectionInfo, DebugFlags, Phase};

use crate::object::dict::Dict;
use crate::object::list::List;
use crate::object::symbol::Symbol;
use crate::object::{Args, R, Value};
use crate::vm::Vm;

/// From now on the heap tells of its collections.
pub(super) fn listen(vm: &Vm) -> R<()> {
    if vm.gc.key.get().is_none() {
        let hear =
            |_: &tailbite::Heap, phase: Phase, info: &CollectionInfo| Vm::with_current(|vm| vm.hear(phase, info));
        let key = vm.granted(|| vm.heap().try_add_callback(hear))?;
        vm.gc.key.set(Some(key));
    }
    Ok(())
}

impl Vm {
    fn hear(&self, phase: Phase, info: &CollectionInfo) {
        if phase == Phase::Stop && self.heap().get_debug().contains(DebugFlags::SAVEALL) {
            self.keep_garbage();
        }
        let callbacks = self.gc.callbacks.borrow().clone();
        let Some(callbacks) = callbacks else {
            return;
        };
        let Some(callbacks) = List::of(&callbacks).filter(|callbacks| callbacks.len() > 0) else {
            return;
        };
        // One dict for all of them, as in CPython: what one puts in, the next one sees.
        let made = self.str(&phase.to_string()).and_then(|phase| Ok((phase, self.collection_info(info)?)));
        let (phase, info) = match made {
            Ok(made) => made,
            Err(raised) => return self.unraisable_while(&raised, "Exception ignored while calling GC callbacks"),
        };
        // The list may change meanwhile.
        let mut index = 0;
        while let Some(callback) = callbacks.get(index) {
            if let Err(raised) = self.call(&callback, Args::new([phase.clone(), info.clone()])) {
                let shown = self.repr(&callback).unwrap_or_else(|_| "<object repr() failed>".to_owned());
                self.unraisable_while(&raised, &format!("Exception ignored while calling GC callback {shown}"));
            }
            index += 1;
        }
    }

    /// The dict that callbacks get.
    fn collection_info(&self, info: &CollectionInfo) -> R {
        let dict = Dict::new(self);
        let rows = [
            ("generation", info.generation as usize),
            ("collected", info.collected),
            ("uncollectable", info.uncollectable),
            ("candidates", info.candidates),
        ];
        for (name, count) in rows {
            dict.table.set(self, self.name(Symbol::new(name))?, self.int(count as i64)?)?;
        }
        let duration = self.float(info.duration.as_secs_f64())?;
        dict.table.set(self, self.name(Symbol::new("duration"))?, duration)?;
        self.alloc(dict)
    }

    /// Hands what the collector kept over to `gc.garbage`; where there is no memory for that, the heap keeps it until the next time.
    fn keep_garbage(&self) {
        let list = self.gc.garbage.borrow().clone();
        let Some(list) = list else {
            return;
        };
        let Some(list) = List::of(&list) else {
            return;
        };
        let garbage = self.heap().garbage();
        let kept: R<()> = garbage.iter().filter(|object| self.is_shown(object)).try_for_each(|object| {
            // A nested collection does nothing, so nothing of the script runs here.
            list.push(self, Value::clone(object))
        });
        if kept.is_ok() {
            drop(self.heap().take_garbage());
        }
    }
}
