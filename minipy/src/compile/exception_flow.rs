//! `try`, `with`, and how `return`, `break` and `continue` leave them.
//!
//! A `finally` body is compiled once for each way out: falling through, an exception, and every jump across it.

use super::code::{CodeKind, Op};
use super::{Compiled, Compiler, Patch};
use crate::object::symbol::Symbol;
use crate::syntax::SyntaxError;
use crate::syntax::tree::*;

/// A construct around the code being compiled that a jump out of it has to undo.
#[derive(Debug, Clone)]
pub(super) enum Block<'a> {
    Loop {
        start: usize,
        /// An iterator is on the stack.
        iterator: bool,
        /// Jumps to be landed behind the loop.
        breaks: Vec<usize>,
    },
    /// A `SetupTry` with nothing more to do.
    Try,
    /// A `try` with this `finally` body.
    Finally(&'a [Stmt]),
    /// A `with`, its exit function on the stack.
    With,
    /// An `except` body; its name, if any, is deleted at its end.
    Handler(Option<Symbol>),
    /// A `finally` body that runs because of an exception, which is on the stack.
    FinallyHandler,
}

impl<'a> Compiler<'a> {
    /// Opens a protected range.
    pub(super) fn setup(&mut self, block: Block<'a>) -> Patch {
        let patch = self.jump(Op::SetupTry);
        self.unit().blocks.push(block);
        patch
    }

    /// Closes it on the way that falls through.
    pub(super) fn close(&mut self) {
        self.unit().blocks.pop();
        self.emit(Op::PopBlock);
    }

    pub(super) fn try_statement(&mut self, t: &'a Try) -> Compiled {
        if t.finalbody.is_empty() {
            return self.try_except(t);
        }
        let handler = self.setup(Block::Finally(&t.finalbody));
        if t.handlers.is_empty() {
            self.block(&t.body)?;
        } else {
            self.try_except(t)?;
        }
        self.close();
        self.block(&t.finalbody)?;
        let done = self.jump(Op::Jump);
        self.land(handler);
        self.unit().blocks.push(Block::FinallyHandler);
        self.block(&t.finalbody)?;
        self.unit().blocks.pop();
        self.emit(Op::Reraise);
        self.land(done);
        Ok(())
    }

    fn try_except(&mut self, t: &'a Try) -> Compiled {
        let handlers = self.setup(Block::Try);
        self.block(&t.body)?;
        self.close();
        self.block(&t.orelse)?;
        let mut done = vec![self.jump(Op::Jump)];
        self.land(handlers);
        for (index, handler) in t.handlers.iter().enumerate() {
            self.line = handler.line;
            let next = match &handler.class {
                Some(class) => {
                    self.expr(class)?;
                    self.emit(Op::MatchException);
                    Some(self.jump(Op::JumpIfFalse))
                }
                None if index + 1 < t.handlers.len() => {
                    return Err(SyntaxError::at_line(handler.line, "default 'except:' must be last"));
                }
                None => None,
            };
            match handler.name {
                None => {
                    self.emit(Op::Pop);
                    self.unit().blocks.push(Block::Handler(None));
                    self.block(&handler.body)?;
                    self.unit().blocks.pop();
                }
                Some(name) => {
                    self.store_name(name);
                    let cleanup = self.setup(Block::Handler(Some(name)));
                    self.block(&handler.body)?;
                    self.close();
                    self.forget(name)?;
                    let over = self.jump(Op::Jump);
                    self.land(cleanup);
                    self.forget(name)?;
                    self.emit(Op::Reraise);
                    self.land(over);
                }
            }
            self.emit(Op::PopHandled);
            done.push(self.jump(Op::Jump));
            if let Some(next) = next {
                self.land(next);
            }
        }
        self.emit(Op::Reraise);
        for done in done {
            self.land(done);
        }
        Ok(())
    }

    /// Deletes an `except ... as name`, whether it is still bound or not.
    fn forget(&mut self, name: Symbol) -> Compiled {
        self.constant(&Constant::None)?;
        self.store_name(name);
        self.delete_name(name);
        Ok(())
    }

    pub(super) fn with_statement(&mut self, items: &'a [WithItem], body: &'a [Stmt]) -> Compiled {
        let Some((item, rest)) = items.split_first() else {
            return self.block(body);
        };
        let line = self.line;
        self.expr(&item.context)?;
        self.emit(Op::WithEnter);
        // The result of `__enter__` is stored inside the range: a failing store calls the exit function.
        let handler = match &item.target {
            Some(target) => {
                let handler = self.setup_below_top(Block::With);
                self.assign(target)?;
                handler
            }
            None => {
                self.emit(Op::Pop);
                self.setup(Block::With)
            }
        };
        self.with_statement(rest, body)?;
        self.line = line;
        self.close();
        self.emit(Op::WithExit);
        let done = self.jump(Op::Jump);
        self.land(handler);
        self.emit(Op::WithExitException);
        let suppressed = self.jump(Op::JumpIfTrue);
        self.emit(Op::Reraise);
        self.land(suppressed);
        self.emit(Op::Pop);
        self.emit(Op::Pop);
        self.emit(Op::PopHandled);
        self.land(done);
        Ok(())
    }

    /// A protected range that begins with a value on the stack which its handler does not find there.
    fn setup_below_top(&mut self, block: Block<'a>) -> Patch {
        let patch = self.jump(Op::SetupTryBelow);
        self.unit().blocks.push(block);
        patch
    }

    /// Leaves the innermost `count` blocks; a value to be returned may be on the stack.
    fn unwind(&mut self, count: usize, with_value: bool) -> Compiled {
        let all = self.unit().blocks.clone();
        for left in 0..count {
            let inner = all.len() - left - 1;
            self.unit().blocks.truncate(inner);
            let below_value = |compiler: &mut Compiler<'a>, op: Option<Op>| {
                if with_value {
                    compiler.emit(Op::Swap);
                }
                compiler.emit(op.unwrap_or(Op::Pop));
            };
            match &all[inner] {
                Block::Loop { iterator: true, .. } => below_value(self, None),
                Block::Loop { iterator: false, .. } => {}
                Block::Try => {
                    self.emit(Op::PopBlock);
                }
                Block::Finally(body) => {
                    self.emit(Op::PopBlock);
                    self.block(body)?;
                }
                Block::With => {
                    self.emit(Op::PopBlock);
                    below_value(self, Some(Op::WithExit));
                }
                Block::Handler(name) => {
                    if let Some(name) = *name {
                        self.emit(Op::PopBlock);
                        self.forget(name)?;
                    }
                    self.emit(Op::PopHandled);
                }
                Block::FinallyHandler => {
                    below_value(self, None);
                    self.emit(Op::PopHandled);
                }
            }
        }
        self.unit().blocks = all;
        Ok(())
    }

    pub(super) fn return_statement(&mut self, value: Option<&'a Expr>) -> Compiled {
        if !matches!(self.unit().code.kind, CodeKind::Function | CodeKind::Generator) {
            return Err(SyntaxError::at_line(self.line, "'return' outside function"));
        }
        match value {
            Some(value) => self.expr(value)?,
            None => self.constant(&Constant::None)?,
        }
        let count = self.unit().blocks.len();
        self.unwind(count, true)?;
        self.emit(Op::Return);
        Ok(())
    }

    /// `break` or `continue`.
    pub(super) fn leave_loop(&mut self, is_break: bool) -> Compiled {
        let blocks = &self.unit().blocks;
        let Some(index) = blocks.iter().rposition(|block| matches!(block, Block::Loop { .. })) else {
            let message = match is_break {
                true => "'break' outside loop",
                false => "'continue' not properly in loop",
            };
            return Err(SyntaxError::at_line(self.line, message));
        };
        let count = blocks.len() - index - 1;
        self.unwind(count, false)?;
        let Block::Loop { start, iterator, .. } = self.unit().blocks[index] else {
            unreachable!("the block found is a loop");
        };
        if !is_break {
            self.emit(Op::JumpBack(start as u32));
            return Ok(());
        }
        if iterator {
            self.emit(Op::Pop);
        }
        let Patch(jump) = self.jump(Op::Jump);
        if let Block::Loop { breaks, .. } = &mut self.unit().blocks[index] {
            breaks.push(jump);
        }
        Ok(())
    }

    /// Ends a loop's block and lands its `break`s here.
    pub(super) fn land_breaks(&mut self, block: Option<Block<'a>>) {
        if let Some(Block::Loop { breaks, .. }) = block {
            for jump in breaks {
                self.land(Patch(jump));
            }
        }
    }
}
