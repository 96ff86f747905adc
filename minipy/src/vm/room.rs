//! Memory outside of the heap that counts against its limit.

use tailbite::External;

use super::Vm;
use crate::object::R;
use crate::object::storage::{Refused, SLACK, is_left};

/// Temporaries of fewer bytes are not counted.
const SMALL: usize = 1024;

/// So many bytes, counted while this lives: of what the interpreter works with, or of what belongs to an object but lies elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Room(Option<External>);

impl Room {
    pub(crate) fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, External::bytes)
    }

    /// Counts another number of bytes from now on.
    pub(crate) fn resize(&mut self, vm: &Vm, bytes: usize) -> Result<(), Refused> {
        if bytes >= SLACK && !is_left(bytes) {
            return Err(Refused);
        }
        match &mut self.0 {
            Some(external) => external.resize(bytes).map_err(|_| Refused)?,
            None if bytes == 0 => {}
            None => self.0 = Some(vm.heap().try_add_external(bytes).map_err(|_| Refused)?),
        }
        Ok(())
    }

    /// The same for what is worked with.
    pub(super) fn resize_temporary(&mut self, vm: &Vm, bytes: usize) -> Result<(), Refused> {
        if bytes < SMALL && self.0.is_none() { Ok(()) } else { self.resize(vm, bytes) }
    }
}

impl Vm {
    /// Counts so many bytes for what is about to be worked with.
    pub(crate) fn room(&self, bytes: usize) -> R<Room> {
        let mut room = Room::default();
        self.granted(|| room.resize_temporary(self, bytes))?;
        Ok(room)
    }

    /// Counts so many bytes for what belongs to an object.
    pub(crate) fn lasting_room(&self, bytes: usize) -> R<Room> {
        let mut room = Room::default();
        self.granted(|| room.resize(self, bytes))?;
        Ok(room)
    }
}
