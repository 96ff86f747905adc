//! The state of one running function, module or class body.

use std::rc::Rc;

use tailbite::{Gc, Trace};

use crate::compile::code::Code;
use crate::object::attrs::Attrs;
use crate::object::cell::CellObject;
use crate::object::items::Items;
use crate::object::module::Namespace;
use crate::object::{R, Value};
use crate::vm::Vm;

/// Lives on the interpreter's own stack, or inside a generator. What it holds it owns; nothing else is kept per call.
/// The fields are dropped in this order.
#[derive(Trace)]
pub(crate) struct Frame {
    pub(crate) locals: Vec<Option<Value>>,
    /// Own cells, then captured ones.
    pub(crate) cells: Vec<Gc<CellObject>>,
    pub(crate) stack: Vec<Value>,
    /// The exceptions being handled in it, while it is suspended.
    pub(crate) handled: Vec<Value>,
    /// The names of a class body.
    pub(crate) class_names: Option<Attrs>,
    pub(crate) globals: Gc<Namespace>,
    /// The function it runs.
    pub(crate) function: Option<Value>,
    #[trace(skip)]
    pub(crate) code: Rc<Code>,
    /// The next instruction.
    #[trace(skip)]
    pub(crate) ip: usize,
    #[trace(skip)]
    pub(crate) blocks: Vec<TryBlock>,
    /// How many exceptions were being handled outside of it when it began to run.
    #[trace(skip)]
    pub(crate) handled_base: usize,
    /// The exception just raised was raised here before: it has this frame in its traceback already.
    #[trace(skip)]
    pub(crate) reraising: bool,
}

/// An open `SetupTry`.
#[derive(Clone, Copy)]
pub(crate) struct TryBlock {
    pub(crate) handler: usize,
    pub(crate) stack: usize,
    /// How many exceptions this frame was handling.
    pub(crate) handled: usize,
}

/// How a frame stopped running without an exception.
pub(crate) enum Outcome {
    Returned(Value),
    Yielded(Value),
}

impl Frame {
    pub(crate) fn new(code: Rc<Code>, globals: Gc<Namespace>) -> Frame {
        Frame {
            locals: Vec::new(),
            cells: Vec::new(),
            stack: Vec::new(),
            handled: Vec::new(),
            class_names: None,
            globals,
            function: None,
            code,
            ip: 0,
            blocks: Vec::new(),
            handled_base: 0,
            reraising: false,
        }
    }

    /// About what it takes, with a usual stack.
    pub(crate) fn bytes(&self) -> usize {
        const STACK: usize = 16;
        size_of::<Frame>() + (self.locals.capacity() + self.cells.capacity() + STACK) * size_of::<Value>()
    }

    /// The source line of the instruction that runs.
    pub(crate) fn line(&self) -> u32 {
        self.code.lines[self.ip.saturating_sub(1)]
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Value {
        self.stack.pop().expect("compiled code never pops an empty stack")
    }

    /// The topmost values, for a container.
    pub(crate) fn pop_items(&mut self, vm: &Vm, count: usize) -> R<Items> {
        let mut items = Items::with_room(vm, count)?;
        items.extend(self.pop_many(count));
        Ok(items)
    }

    /// The topmost values, for the interpreter's own use: their number is part of the program.
    pub(crate) fn pop_many(&mut self, count: usize) -> impl Iterator<Item = Value> {
        let at = self.stack.len() - count;
        self.stack.drain(at..)
    }
}
