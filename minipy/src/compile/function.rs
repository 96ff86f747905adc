//! Functions, classes and comprehensions: what has scopes of its own.

use super::code::{CodeKind, Op, ParameterShape};
use super::exception_flow::Block;
use super::{Compiled, Compiler, docstring};
use crate::object::symbol::{self, Symbol};
use crate::syntax::SyntaxError;
use crate::syntax::tree::*;

impl<'a> Compiler<'a> {
    /// A `def` or `lambda`: leaves the function on the stack.
    pub(super) fn function(&mut self, f: &'a Function) -> Compiled {
        let parameters = &f.parameters;
        let mut defaults = 0;
        for default in parameters.positional.iter().filter_map(|p| p.default.as_ref()) {
            self.expr(default)?;
            defaults += 1;
        }
        if defaults > 0 {
            self.emit(Op::BuildTuple(defaults));
        }
        let mut keyword_defaults = 0;
        for parameter in &parameters.keyword_only {
            if let Some(default) = &parameter.default {
                self.constant(&Constant::Str(parameter.name.to_string()))?;
                self.expr(default)?;
                keyword_defaults += 1;
            }
        }
        if keyword_defaults > 0 {
            self.emit(Op::BuildDict(keyword_defaults));
        }
        let named = parameters.positional.iter().chain(&parameters.keyword_only).map(|p| p.name);
        let names: Vec<Symbol> = named.chain(parameters.vararg).chain(parameters.kwarg).collect();
        let kind = match self.scopes.scope(f.scope).generator {
            true => CodeKind::Generator,
            false => CodeKind::Function,
        };
        let outer_line = self.line;
        self.open_unit(f.scope, kind, f.name, &names)?;
        let code = &mut self.unit().code;
        code.parameters = ParameterShape {
            positional: parameters.positional.len(),
            positional_only: parameters.positional_only,
            keyword_only: parameters.keyword_only.len(),
            vararg: parameters.vararg.is_some(),
            kwarg: parameters.kwarg.is_some(),
        };
        if let Some(doc) = docstring(&f.body) {
            let doc = self.vm.constant(&Constant::Str(doc.to_owned()))?;
            self.unit().code.doc = Some(doc);
        }
        self.block(&f.body)?;
        self.constant(&Constant::None)?;
        self.emit(Op::Return);
        self.line = outer_line;
        self.make_function(defaults > 0, keyword_defaults > 0);
        Ok(())
    }

    /// Ends the innermost unit and makes a function of it.
    fn make_function(&mut self, defaults: bool, keyword_defaults: bool) {
        let code = self.close_unit();
        let codes = &mut self.unit().code.codes;
        codes.push(code);
        let code = codes.len() as u32 - 1;
        self.emit(Op::MakeFunction { code, defaults, keyword_defaults });
    }

    pub(super) fn class(&mut self, c: &'a Class, line: u32) -> Compiled {
        for base in &c.bases {
            if let ExprKind::Starred(_) = base.kind {
                return Err(SyntaxError::unsupported(base.line, "unpacked base classes"));
            }
            self.expr(base)?;
        }
        let outer_line = self.line;
        self.open_unit(c.scope, CodeKind::Class, c.name, &[])?;
        if let Some(doc) = docstring(&c.body) {
            self.constant(&Constant::Str(doc.to_owned()))?;
            self.emit(Op::StoreClassName(symbol::DOC));
        }
        self.block(&c.body)?;
        self.constant(&Constant::None)?;
        self.emit(Op::Return);
        let code = self.close_unit();
        self.line = outer_line;
        let codes = &mut self.unit().code.codes;
        codes.push(code);
        let code = codes.len() as u32 - 1;
        let Ok(bases) = u16::try_from(c.bases.len()) else {
            return Err(SyntaxError::at_line(line, "too many base classes"));
        };
        self.emit(Op::BuildClass(code, bases));
        Ok(())
    }

    pub(super) fn comprehension(&mut self, c: &'a Comprehension) -> Compiled {
        let (first, rest) = c.clauses.split_first().expect("a comprehension has a clause");
        if let ComprehensionKind::Generator(element) = &c.kind {
            self.generator_unit(c, first, rest, element)?;
            self.expr(&first.iter)?;
            self.emit(Op::GetIter);
            self.emit(Op::Call(1));
            return Ok(());
        }
        self.expr(&first.iter)?;
        self.emit(Op::GetIter);
        self.emit(match c.kind {
            ComprehensionKind::Dict(..) => Op::BuildDict(0),
            ComprehensionKind::Set(_) => Op::BuildSet(0),
            _ => Op::BuildList(0),
        });
        self.emit(Op::Swap);
        let outer = std::mem::replace(&mut self.unit().scope, c.scope);
        let mut slots = Vec::new();
        for name in self.scopes.bound_names(c.scope) {
            let variable = (c.scope, name);
            if self.scopes.is_captured(variable) {
                let cell = self.cell(variable);
                self.emit(Op::NewCell(cell));
            } else {
                slots.push(self.local(variable));
            }
        }
        // The targets die with the comprehension; if an exception ends it, only a handler in this frame could tell.
        let guarded = self.unit().blocks.iter().any(|block| !matches!(block, Block::Loop { .. }));
        let cleanup = guarded.then(|| self.setup(Block::Try));
        self.clause_loop(c, first, rest, 1)?;
        if guarded {
            self.close();
        }
        for slot in &slots {
            self.emit(Op::ClearLocal(*slot));
        }
        if let Some(cleanup) = cleanup {
            let done = self.jump(Op::Jump);
            self.land(cleanup);
            for slot in &slots {
                self.emit(Op::ClearLocal(*slot));
            }
            self.emit(Op::Reraise);
            self.land(done);
        }
        self.unit().scope = outer;
        Ok(())
    }

    fn generator_unit(&mut self, c: &'a Comprehension, first: &'a Clause, rest: &'a [Clause], _: &Expr) -> Compiled {
        let line = self.line;
        let parameter = Symbol::new(".0");
        self.open_unit(c.scope, CodeKind::Generator, symbol::GENEXPR, &[parameter])?;
        self.unit().code.parameters.positional = 1;
        self.emit(Op::LoadLocal(0));
        self.clause_loop(c, first, rest, 0)?;
        self.constant(&Constant::None)?;
        self.emit(Op::Return);
        self.line = line;
        self.make_function(false, false);
        Ok(())
    }

    /// The loop of one clause, its iterator on the stack, with the loops of the rest inside.
    fn clause_loop(&mut self, c: &'a Comprehension, clause: &'a Clause, rest: &'a [Clause], depth: u32) -> Compiled {
        let start = self.here();
        let exit = self.jump(Op::ForIter);
        self.assign(&clause.target)?;
        for condition in &clause.conditions {
            let go_on = self.jump_unless(condition)?;
            // A failing condition goes on with the next value.
            self.jump_back_landing(go_on, start);
        }
        match rest.split_first() {
            Some((next, rest)) => {
                self.expr(&next.iter)?;
                self.emit(Op::GetIter);
                self.clause_loop(c, next, rest, depth + 1)?;
            }
            None => match &c.kind {
                ComprehensionKind::List(e) => {
                    self.expr(e)?;
                    self.emit(Op::ListAppend(depth));
                }
                ComprehensionKind::Set(e) => {
                    self.expr(e)?;
                    self.emit(Op::SetAdd(depth));
                }
                ComprehensionKind::Dict(key, value) => {
                    self.expr(key)?;
                    self.expr(value)?;
                    self.emit(Op::MapAdd(depth));
                }
                ComprehensionKind::Generator(e) => {
                    self.expr(e)?;
                    self.emit(Op::Yield);
                    self.emit(Op::Pop);
                }
            },
        }
        self.emit(Op::JumpBack(start as u32));
        self.land(exit);
        Ok(())
    }

    /// Sends a conditional jump back to `start`.
    fn jump_back_landing(&mut self, super::Patch(at): super::Patch, start: usize) {
        let op = &mut self.unit().code.ops[at];
        *op = match *op {
            Op::JumpIfTrue(_) => Op::JumpIfTrue(start as u32),
            _ => Op::JumpIfFalse(start as u32),
        };
    }
}
