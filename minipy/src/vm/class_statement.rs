//! The `class` statement.

use std::rc::Rc;

use tailbite::Gc;

use super::Vm;
use super::frame::Frame;
use crate::compile::code::Code;
use crate::object::cell::CellObject;
use crate::object::{R, Value, class, symbol};

impl Vm {
    /// Runs a class body and makes a class of its names. The bases are on the stack.
    pub(super) fn class_statement(&self, frame: &mut Frame, code: &Rc<Code>, bases: usize) -> R {
        let bases: Vec<Value> = frame.pop_many(bases);
        let mut body = self.inner_frame(frame, code);
        drop(body.class_names.set(symbol::MODULE, self.module_name(&frame.globals)));
        drop(body.class_names.set(symbol::QUALNAME, self.str(&code.qualname)));
        self.resume_frame(&mut body, None)?;
        let mut attrs = std::mem::take(&mut body.class_names);
        drop(attrs.remove(symbol::QUALNAME));
        let class = class::build(self, &code.name.name(), &code.qualname, bases, attrs)?;
        if let Some(cell) = code.class_cell {
            drop(body.cells[cell].replace(Some(class.clone())));
        }
        Ok(class)
    }

    /// A module or class body as a frame of its own, with what it captures from `outer`.
    fn inner_frame(&self, outer: &Frame, code: &Rc<Code>) -> Frame {
        let mut inner = Frame::new(code.clone(), outer.globals.clone());
        inner.locals = vec![None; code.locals.len()];
        inner.cells = (0..code.own_cells).map(|_| self.heap().alloc(CellObject::default())).collect();
        inner.cells.extend(code.captures.iter().map(|cell| Gc::clone(&outer.cells[*cell])));
        inner
    }
}
