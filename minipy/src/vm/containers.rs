//! Instructions that build and unpack containers.

use tailbite::Gc;

use super::frame::Frame;
use super::{Text, Vm};
use crate::compile::code::{Code, CodeKind};
use crate::object::attrs::Attrs;
use crate::object::dict::Dict;
use crate::object::items::Items;
use crate::object::list::List;
use crate::object::string::Str;
use crate::object::{R, Value};

impl Vm {
    pub(super) fn build_dict(&self, frame: &mut Frame, count: usize) -> R<()> {
        let mut items = frame.pop_items(self, count * 2)?.into_iter();
        let dict = Dict::new(self);
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            dict.table.set(self, key, value)?;
        }
        frame.stack.push(self.alloc(dict)?);
        Ok(())
    }

    /// The parts of an f-string, in one.
    pub(super) fn build_string(&self, frame: &mut Frame, count: usize) -> R<()> {
        let parts = frame.pop_items(self, count)?;
        let mut text = Text::new(self);
        for part in parts.iter().filter_map(Str::of) {
            text.push_str(part.as_str())?;
        }
        drop(parts);
        frame.stack.push(text.into_object()?);
        Ok(())
    }

    pub(super) fn unpack(&self, frame: &mut Frame, count: usize) -> R<()> {
        let sequence = frame.pop();
        let items = self.collect_to_unpack(&sequence, count)?;
        let got = items.len();
        if got != count {
            return Err(self.value_error(if got < count {
                format!("not enough values to unpack (expected {count}, got {got})")
            } else {
                format!("too many values to unpack (expected {count})")
            }));
        }
        drop(sequence);
        frame.stack.extend(items.into_iter().rev());
        Ok(())
    }

    /// The items of a sequence; of an iterator not more than are needed to see that they are too many.
    fn collect_to_unpack(&self, sequence: &Value, count: usize) -> R<Items> {
        if !self.is_iterable(sequence) {
            let name = self.type_name(sequence);
            return Err(self.type_error(format!("cannot unpack non-iterable {name} object")));
        }
        if List::of(sequence).is_some() {
            return self.collect(sequence);
        }
        let iterator = self.iter(sequence)?;
        let mut items = Items::new(self);
        while items.len() <= count
            && let Some(item) = self.next(&iterator)?
        {
            items.push(self, item)?;
        }
        Ok(items)
    }

    pub(super) fn unpack_starred(&self, frame: &mut Frame, before: usize, after: usize) -> R<()> {
        let sequence = frame.pop();
        if !self.is_iterable(&sequence) {
            let name = self.type_name(&sequence);
            return Err(self.type_error(format!("cannot unpack non-iterable {name} object")));
        }
        let mut items = self.collect(&sequence)?;
        drop(sequence);
        if items.len() < before + after {
            let (least, got) = (before + after, items.len());
            return Err(self.value_error(format!("not enough values to unpack (expected at least {least}, got {got})")));
        }
        let at = items.len() - after;
        let tail = items.split_off(self, at)?;
        let middle = items.split_off(self, before)?;
        frame.stack.extend(tail.into_iter().rev());
        frame.stack.push(self.list(middle)?);
        frame.stack.extend(items.into_iter().rev());
        Ok(())
    }

    /// The cells that an inner function captures, as a tuple.
    pub(super) fn closure(&self, frame: &Frame, inner: &Code) -> R<Option<Value>> {
        if inner.captures.is_empty() {
            return Ok(None);
        }
        let cells = inner.captures.iter().map(|cell| Gc::as_any(&frame.cells[*cell]));
        self.tuple(Items::collect(self, cells)?).map(Some)
    }

    /// A dict with the variables of a frame, or of its module.
    pub(super) fn variables(&self, frame: &Frame, global: bool) -> R {
        match frame.code.kind {
            _ if global => return Ok(Gc::as_any(&frame.globals)),
            CodeKind::Module => return Ok(Gc::as_any(&frame.globals)),
            _ => {}
        }
        let dict = Dict::new(self);
        for (name, value) in frame.class_names.iter().flat_map(Attrs::iter) {
            dict.table.set(self, self.name(*name)?, value.clone())?;
        }
        for (name, value) in frame.code.locals.iter().zip(&frame.locals) {
            if let Some(value) = value {
                dict.table.set(self, self.name(*name)?, value.clone())?;
            }
        }
        for (name, cell) in frame.code.cells.iter().zip(&frame.cells) {
            if let Some(value) = cell.get() {
                dict.table.set(self, self.name(*name)?, value)?;
            }
        }
        self.alloc(dict)
    }
}
