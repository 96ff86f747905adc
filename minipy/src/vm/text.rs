//! Text in the making.

use super::Vm;
use super::room::Room;
use crate::object::R;
use crate::object::storage::{Refused, SLACK, is_left};

/// A string that grows while there is memory: what is counted is what it has room for.
pub(crate) struct Text<'a> {
    vm: &'a Vm,
    text: String,
    room: Room,
}

impl<'a> Text<'a> {
    pub(crate) fn new(vm: &'a Vm) -> Text<'a> {
        Text { vm, text: String::new(), room: Room::default() }
    }

    /// With room for so many bytes.
    pub(crate) fn with_room(vm: &'a Vm, bytes: usize) -> R<Text<'a>> {
        let mut text = Text::new(vm);
        text.reserve(bytes)?;
        Ok(text)
    }

    fn reserve(&mut self, more: usize) -> R<()> {
        if self.text.capacity() - self.text.len() >= more {
            return Ok(());
        }
        let Some(least) = self.text.len().checked_add(more) else {
            return Err(self.vm.memory_error());
        };
        let wanted = least.max(self.text.capacity().saturating_mul(2));
        // Twice as much is a convenience that memory may be too short for.
        if self.grow_to(wanted).is_err() {
            let vm = self.vm;
            vm.granted(|| if is_left(least.saturating_add(SLACK)) { self.grow_to(least) } else { Err(Refused) })?;
        }
        Ok(())
    }

    fn grow_to(&mut self, bytes: usize) -> Result<(), Refused> {
        self.room.resize_temporary(self.vm, bytes)?;
        self.text.try_reserve_exact(bytes - self.text.len()).map_err(|_| Refused)
    }

    pub(crate) fn push_str(&mut self, text: &str) -> R<()> {
        self.reserve(text.len())?;
        self.text.push_str(text);
        Ok(())
    }

    pub(crate) fn push(&mut self, c: char) -> R<()> {
        self.reserve(c.len_utf8())?;
        self.text.push(c);
        Ok(())
    }

    pub(crate) fn extend(&mut self, chars: impl IntoIterator<Item = char>) -> R<()> {
        chars.into_iter().try_for_each(|c| self.push(c))
    }

    /// Repeats a text.
    pub(crate) fn push_times(&mut self, text: &str, count: usize) -> R<()> {
        if text.is_empty() {
            return Ok(());
        }
        match text.len().checked_mul(count) {
            Some(size) => self.reserve(size)?,
            None => return Err(self.vm.memory_error()),
        }
        for _ in 0..count {
            self.text.push_str(text);
        }
        Ok(())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The text alone: what is done with it is counted by whoever does it.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// The text as an object, which counts in place of this.
    pub(crate) fn into_object(self) -> R {
        drop(self.room);
        self.vm.str(&self.text)
    }
}

impl Vm {
    /// A copy of a text.
    pub(crate) fn copy_text(&self, text: &str) -> R<String> {
        let mut copy = Text::with_room(self, text.len())?;
        copy.push_str(text)?;
        Ok(copy.finish())
    }

    /// An empty vector of bytes with room.
    pub(crate) fn byte_buffer(&self, bytes: usize) -> R<Vec<u8>> {
        let mut buffer = Vec::new();
        self.granted(|| buffer.try_reserve_exact(bytes))?;
        Ok(buffer)
    }
}
