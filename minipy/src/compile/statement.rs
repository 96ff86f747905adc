//! Statements and assignment targets.

use super::code::Op;
use super::exception_flow::Block;
use super::{Compiled, Compiler, Patch};
use crate::syntax::SyntaxError;
use crate::syntax::tree::*;

impl<'a> Compiler<'a> {
    pub(super) fn block(&mut self, body: &'a [Stmt]) -> Compiled {
        body.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn stmt(&mut self, stmt: &'a Stmt) -> Compiled {
        self.line = stmt.line;
        match &stmt.kind {
            StmtKind::Expr(Expr { kind: ExprKind::Constant(_), .. })
            | StmtKind::Pass
            | StmtKind::Annotation(_)
            | StmtKind::Global(_)
            | StmtKind::Nonlocal(_) => {}
            StmtKind::Expr(e) => {
                self.expr(e)?;
                self.emit(Op::Pop);
            }
            StmtKind::Assign(targets, value) => {
                self.expr(value)?;
                for (index, target) in targets.iter().enumerate() {
                    if index + 1 < targets.len() {
                        self.emit(Op::Dup);
                    }
                    self.assign(target)?;
                }
            }
            StmtKind::AugAssign(target, op, value) => self.augmented(target, *op, value)?,
            StmtKind::Delete(targets) => {
                for target in targets {
                    self.delete(target)?;
                }
            }
            StmtKind::Break => self.leave_loop(true)?,
            StmtKind::Continue => self.leave_loop(false)?,
            StmtKind::Return(value) => self.return_statement(value.as_ref())?,
            StmtKind::If(test, body, orelse) => {
                let skip = self.jump_unless(test)?;
                self.block(body)?;
                if orelse.is_empty() {
                    self.land(skip);
                } else {
                    let done = self.jump(Op::Jump);
                    self.land(skip);
                    self.block(orelse)?;
                    self.land(done);
                }
            }
            StmtKind::While(test, body, orelse) => {
                let start = self.here();
                let endless = matches!(test.kind, ExprKind::Constant(Constant::Bool(true)));
                let exit = if endless { None } else { Some(self.jump_unless(test)?) };
                self.loop_body(start, false, body)?;
                let block = self.unit().blocks.pop();
                if let Some(exit) = exit {
                    self.land(exit);
                }
                self.block(orelse)?;
                self.land_breaks(block);
            }
            StmtKind::For(f) => {
                self.expr(&f.iter)?;
                self.emit(Op::GetIter);
                let start = self.here();
                let exit = self.jump(Op::ForIter);
                self.assign(&f.target)?;
                self.loop_body(start, true, &f.body)?;
                let block = self.unit().blocks.pop();
                self.land(exit);
                self.block(&f.orelse)?;
                self.land_breaks(block);
            }
            StmtKind::Try(t) => self.try_statement(t)?,
            StmtKind::With(items, body) => self.with_statement(items, body)?,
            StmtKind::Raise(exception, cause) => {
                let parts = [exception, cause];
                for part in parts.into_iter().flatten() {
                    self.expr(part)?;
                }
                let count = parts.iter().filter(|part| part.is_some()).count();
                self.emit(Op::Raise(count as u8));
            }
            StmtKind::Assert(test, message) => {
                self.expr(test)?;
                let fine = self.jump(Op::JumpIfTrue);
                if let Some(message) = message {
                    self.expr(message)?;
                }
                self.line = stmt.line;
                self.emit(Op::RaiseAssertion(message.is_some()));
                self.land(fine);
            }
            StmtKind::Import(imports) => {
                for import in imports {
                    self.emit(Op::Import(import.name));
                    let name = import.alias.unwrap_or_else(|| super::scope::first_part(import.name));
                    self.store_name(name);
                }
            }
            StmtKind::ImportFrom(module, imports) => {
                self.emit(Op::Import(*module));
                for import in imports {
                    self.emit(Op::ImportFrom(import.name));
                    self.store_name(import.alias.unwrap_or(import.name));
                }
                self.emit(Op::Pop);
            }
            StmtKind::Function(f) => {
                for decorator in &f.decorators {
                    self.expr(decorator)?;
                }
                self.function(f)?;
                self.decorate(&f.decorators);
                self.store_name(f.name);
            }
            StmtKind::Class(c) => {
                for decorator in &c.decorators {
                    self.expr(decorator)?;
                }
                self.class(c, stmt.line)?;
                self.decorate(&c.decorators);
                self.store_name(c.name);
            }
        }
        Ok(())
    }

    fn decorate(&mut self, decorators: &[Expr]) {
        let line = self.line;
        for decorator in decorators.iter().rev() {
            self.line = decorator.line;
            self.emit(Op::Call(1));
        }
        self.line = line;
    }

    /// The body of a loop and its jump back. Leaves the loop's block open: `else` is outside of the loop.
    fn loop_body(&mut self, start: usize, iterator: bool, body: &'a [Stmt]) -> Compiled {
        let line = self.line;
        self.unit().blocks.push(Block::Loop { start, iterator, breaks: Vec::new() });
        self.block(body)?;
        self.line = line;
        self.emit(Op::JumpBack(start as u32));
        Ok(())
    }

    pub(super) fn jump_unless(&mut self, test: &'a Expr) -> Result<Patch, SyntaxError> {
        if let ExprKind::Unary(UnaryOp::Not, inner) = &test.kind {
            self.expr(inner)?;
            return Ok(self.jump(Op::JumpIfTrue));
        }
        self.expr(test)?;
        Ok(self.jump(Op::JumpIfFalse))
    }

    /// Stores the value on the stack.
    pub(super) fn assign(&mut self, target: &'a Expr) -> Compiled {
        match &target.kind {
            ExprKind::Name(name) => self.store_name(*name),
            ExprKind::Attribute(object, name) => {
                self.expr(object)?;
                self.emit(Op::StoreAttr(*name));
            }
            ExprKind::Subscript(object, key) => {
                self.expr(object)?;
                self.expr(key)?;
                self.emit(Op::StoreItem);
            }
            ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                let starred = |target: &Expr| matches!(target.kind, ExprKind::Starred(_));
                match targets.iter().position(starred) {
                    None => self.emit(Op::Unpack(targets.len() as u32)),
                    Some(at) => {
                        let after = targets.len() - at - 1;
                        if targets[at + 1..].iter().any(starred) {
                            let message = "multiple starred expressions in assignment";
                            return Err(SyntaxError::at_line(target.line, message));
                        }
                        if at > u16::MAX.into() || after > u16::MAX.into() {
                            return Err(SyntaxError::at_line(target.line, "too many expressions in star-unpacking"));
                        }
                        self.emit(Op::UnpackStarred(at as u16, after as u16))
                    }
                };
                for target in targets {
                    self.assign(target)?;
                }
            }
            ExprKind::Starred(inner) => self.assign(inner)?,
            _ => return Err(SyntaxError::at_line(target.line, "cannot assign to expression")),
        }
        Ok(())
    }

    fn augmented(&mut self, target: &'a Expr, op: BinOp, value: &'a Expr) -> Compiled {
        let line = self.line;
        match &target.kind {
            ExprKind::Name(name) => {
                self.load_name(*name);
                self.expr(value)?;
                self.line = line;
                self.emit(Op::InPlace(op));
                self.store_name(*name);
            }
            ExprKind::Attribute(object, name) => {
                self.expr(object)?;
                self.emit(Op::Dup);
                self.emit(Op::LoadAttr(*name));
                self.expr(value)?;
                self.line = line;
                self.emit(Op::InPlace(op));
                self.emit(Op::Swap);
                self.emit(Op::StoreAttr(*name));
            }
            ExprKind::Subscript(object, key) => {
                self.expr(object)?;
                self.expr(key)?;
                self.emit(Op::Dup2);
                self.emit(Op::LoadItem);
                self.expr(value)?;
                self.line = line;
                self.emit(Op::InPlace(op));
                self.emit(Op::Rot3);
                self.emit(Op::StoreItem);
            }
            _ => {
                let message = "illegal expression for augmented assignment";
                return Err(SyntaxError::at_line(target.line, message));
            }
        }
        Ok(())
    }

    fn delete(&mut self, target: &'a Expr) -> Compiled {
        match &target.kind {
            ExprKind::Name(name) => self.delete_name(*name),
            ExprKind::Attribute(object, name) => {
                self.expr(object)?;
                self.emit(Op::DeleteAttr(*name));
            }
            ExprKind::Subscript(object, key) => {
                self.expr(object)?;
                self.expr(key)?;
                self.emit(Op::DeleteItem);
            }
            ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                for target in targets {
                    self.delete(target)?;
                }
            }
            _ => return Err(SyntaxError::at_line(target.line, "cannot delete expression")),
        }
        Ok(())
    }
}
