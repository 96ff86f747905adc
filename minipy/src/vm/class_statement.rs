//! The `class` statement.

use std::rc::Rc;

use tailbite::Gc;

use super::Vm;
use super::frame::Frame;
use crate::compile::code::Code;
use crate::object::attrs::Attrs;
use crate::object::cell::CellObject;
use crate::object::string::Str;
use crate::object::{R, class, symbol};

impl Vm {
    /// Runs a class body and makes a class of its names. The bases are on the stack.
    pub(super) fn class_statement(&self, frame: &mut Frame, code: &Rc<Code>, bases: usize) -> R {
        let bases = frame.pop_items(self, bases)?;
        let mut body = self.inner_frame(frame, code)?;
        let mut names = Attrs::new(self.heap());
        names.set(self, symbol::MODULE, self.module_name(&frame.globals)?)?;
        names.set(self, symbol::QUALNAME, self.alloc(Str::from_text(code.qualname.clone()))?)?;
        body.class_names = Some(names);
        self.resume_frame(&mut body, None)?;
        let mut attrs = body.class_names.take().expect("they were put there");
        drop(attrs.remove(symbol::QUALNAME));
        let class = class::build(self, code.name.name(), &code.qualname, &bases, attrs)?;
        if let Some(cell) = code.class_cell {
            drop(body.cells[cell].replace(Some(class.clone())));
        }
        Ok(class)
    }

    /// A module or class body as a frame of its own, with what it captures from `outer`.
    fn inner_frame(&self, outer: &Frame, code: &Rc<Code>) -> R<Frame> {
        let mut inner = Frame::new(code.clone(), outer.globals.clone());
        inner.locals = vec![None; code.locals.len()];
        inner.cells = self.new_cells(code.own_cells)?;
        inner.cells.extend(code.captures.iter().map(|cell| Gc::clone(&outer.cells[*cell])));
        Ok(inner)
    }

    /// Empty cells: their number is part of the program.
    pub(super) fn new_cells(&self, count: usize) -> R<Vec<Gc<CellObject>>> {
        (0..count).map(|_| self.make(CellObject::default())).collect()
    }
}
