//! Running a frame with its exception handlers.

use super::Vm;
use super::frame::{Frame, Outcome};
use crate::compile::code::Op;
use crate::object::class_table::Builtin;
use crate::object::exception::ExceptionData;
use crate::object::generator::{self, Generator, Resume};
use crate::object::{Args, R, Raised, Value, symbol};

impl Vm {
    /// Runs a frame from where it is, or from where an exception is thrown into it.
    pub(crate) fn resume_frame(&self, frame: &mut Frame, thrown: Option<Raised>) -> R<Outcome> {
        let _recursion = self.recurse()?;
        let base = self.handled.borrow().len();
        frame.handled_base = base;
        let suspended = std::mem::take(&mut frame.handled);
        self.handled.borrow_mut().extend(suspended);
        let mut outcome = match thrown {
            Some(raised) => self.throw_into(frame, raised),
            None => self.run(frame),
        };
        loop {
            match outcome {
                Ok(outcome) => {
                    let own = self.take_handled(base);
                    if let Outcome::Yielded(_) = outcome {
                        frame.handled = own;
                    }
                    return Ok(outcome);
                }
                Err(raised) => {
                    self.note_frame(frame, &raised.0);
                    let Some(block) = frame.blocks.pop() else {
                        self.leave_by_exception(frame, base, &raised.0);
                        return Err(raised);
                    };
                    drop(self.take_handled(base + block.handled));
                    while frame.stack.len() > block.stack {
                        drop(frame.stack.pop());
                    }
                    self.handled.borrow_mut().push(raised.0.clone());
                    frame.stack.push(raised.0);
                    frame.ip = block.handler;
                }
            }
            outcome = self.run(frame);
        }
    }

    /// Takes the newest handled exceptions off, for the caller to drop.
    #[must_use]
    fn take_handled(&self, from: usize) -> Vec<Value> {
        let mut handled = self.handled.borrow_mut();
        let from = from.min(handled.len());
        if from == handled.len() { Vec::new() } else { handled.split_off(from) }
    }

    pub(super) fn pop_handled(&self) {
        let done = self.handled.borrow_mut().pop();
        drop(done);
    }

    /// How many of the exceptions being handled are this frame's: it runs, so its own are the newest.
    pub(super) fn handled_in(&self, frame: &Frame) -> usize {
        self.handled.borrow().len() - frame.handled_base
    }

    /// The exception that is being handled.
    pub(crate) fn current_handled(&self) -> Option<Value> {
        self.handled.borrow().last().cloned()
    }

    /// Adds the frame to the traceback, and what was being handled as the context of a new exception.
    fn note_frame(&self, frame: &mut Frame, exception: &Value) {
        if std::mem::take(&mut frame.reraising) {
            return;
        }
        let Some(data) = ExceptionData::of(exception) else {
            return;
        };
        if data.traceback.borrow().is_empty() {
            self.set_context(exception);
        }
        data.add_frame(self, &frame.code, frame.line());
    }

    /// The frame is gone: its variables live on in the traceback, its temporaries die. Of a `MemoryError` they die, too: who
    /// catches it needs the memory.
    fn leave_by_exception(&self, frame: &mut Frame, base: usize, exception: &Value) {
        drop(self.take_handled(base));
        while let Some(temporary) = frame.stack.pop() {
            drop(temporary);
        }
        if self.is_instance(exception, Builtin::MemoryError) {
            let variables = (std::mem::take(&mut frame.locals), std::mem::take(&mut frame.cells));
            drop(variables);
            return;
        }
        let mut variables = std::mem::take(&mut frame.locals);
        let cells = std::mem::take(&mut frame.cells);
        if variables.try_reserve(cells.len()).is_ok() {
            variables.extend(cells.into_iter().map(|cell| Some(tailbite::Gc::erase(cell))));
        }
        let data = ExceptionData::of(exception);
        let unused = match data.and_then(|data| data.traceback.try_borrow_mut().ok()) {
            Some(mut traceback) => match traceback.last_mut() {
                Some(entry) => std::mem::replace(&mut entry.variables, variables),
                None => variables,
            },
            None => variables,
        };
        drop(unused);
    }

    /// Raises an exception where a generator rests; if that is a `yield from`, in what it delegates to.
    fn throw_into(&self, frame: &mut Frame, raised: Raised) -> R<Outcome> {
        let delegate = match (frame.ip.checked_sub(1), frame.code.ops.get(frame.ip)) {
            (Some(last), Some(Op::Jump(start))) if frame.code.ops[last] == Op::Yield => {
                match frame.code.ops[*start as usize] {
                    Op::Delegate(end) => Some(end as usize),
                    _ => None,
                }
            }
            _ => None,
        };
        let (Some(end), Some(iterator)) = (delegate, frame.stack.last().cloned()) else {
            return Err(raised);
        };
        if !iterator.is::<Generator>() {
            return Err(raised);
        }
        if self.is_instance(&raised.0, Builtin::GeneratorExit) {
            generator::close(self, &iterator)?;
            return Err(raised);
        }
        match generator::resume(self, &iterator, Resume::Throw(raised))? {
            Outcome::Yielded(value) => Ok(Outcome::Yielded(value)),
            Outcome::Returned(value) => {
                drop(frame.stack.pop());
                frame.stack.push(value);
                frame.ip = end;
                self.run(frame)
            }
        }
    }

    /// `manager` on the stack becomes its exit function and the result of its enter function.
    pub(super) fn with_enter(&self, frame: &mut Frame) -> R<()> {
        let manager = frame.pop();
        let class = self.class_of(&manager).clone();
        let find = |name| match class.lookup(name) {
            Some(function) => Ok(function),
            None => Err(self.type_error(format!(
                "'{}' object does not support the context manager protocol{}",
                class.name.borrow(),
                if name == symbol::EXIT { " (missed __exit__ method)" } else { "" }
            ))),
        };
        let enter = find(symbol::ENTER)?;
        let exit = find(symbol::EXIT)?;
        let exit = self.bind(exit, &manager)?;
        let value = self.call_unbound(&enter, Args::new([manager.clone()]))?;
        drop(manager);
        frame.stack.push(exit);
        frame.stack.push(value);
        Ok(())
    }

    /// Calls the exit function below the exception on the stack: whether it suppresses it.
    pub(super) fn with_exit_exception(&self, frame: &mut Frame) -> R<bool> {
        let top = frame.stack.len() - 1;
        let exception = frame.stack[top].clone();
        let exit = frame.stack[top - 1].clone();
        let class = tailbite::Gc::as_any(self.class_of(&exception));
        let traceback = self.get_attr(&exception, symbol::TRACEBACK)?;
        let result = self.invoke(exit, Args::new([class, exception, traceback]))?;
        self.truth(&result)
    }
}
