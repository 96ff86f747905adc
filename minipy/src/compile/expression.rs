//! Expressions: each leaves its value on the stack.

use super::code::{CodeKind, Op};
use super::scope::Binding;
use super::{Compiled, Compiler, Patch};
use crate::object::Value;
use crate::object::items::Items;
use crate::object::symbol::{self, Symbol};
use crate::syntax::SyntaxError;
use crate::syntax::tree::*;

impl<'a> Compiler<'a> {
    pub(super) fn expr(&mut self, expr: &'a Expr) -> Compiled {
        let outer = std::mem::replace(&mut self.line, expr.line);
        self.expr_kind(expr)?;
        self.line = outer;
        Ok(())
    }

    fn exprs(&mut self, exprs: &'a [Expr]) -> Result<u32, SyntaxError> {
        exprs.iter().try_for_each(|expr| self.expr(expr))?;
        Ok(exprs.len() as u32)
    }

    fn expr_kind(&mut self, expr: &'a Expr) -> Compiled {
        match &expr.kind {
            ExprKind::Constant(constant) => self.constant(constant)?,
            ExprKind::Name(name) => self.load_name(*name),
            ExprKind::FString(parts) => self.format_parts(parts)?,
            ExprKind::Bool(op, values) => {
                let jump = match op {
                    BoolOp::And => Op::JumpIfFalseOrPop as fn(u32) -> Op,
                    BoolOp::Or => Op::JumpIfTrueOrPop,
                };
                let (last, firsts) = values.split_last().expect("an operation has operands");
                let mut done = Vec::new();
                for value in firsts {
                    self.expr(value)?;
                    done.push(self.jump(jump));
                }
                self.expr(last)?;
                self.land_all(done);
            }
            ExprKind::Binary(left, op, right) => {
                self.expr(left)?;
                self.expr(right)?;
                self.emit(Op::Binary(*op));
            }
            ExprKind::Unary(op, operand) => {
                if let Some(value) = self.constant_value(expr)? {
                    let index = self.add_constant(value);
                    self.emit(Op::Constant(index));
                } else {
                    self.expr(operand)?;
                    self.emit(Op::Unary(*op));
                }
            }
            ExprKind::Compare(left, rest) => self.comparison(left, rest)?,
            ExprKind::Call(function, positional, keywords) => self.call(function, positional, keywords)?,
            ExprKind::Attribute(object, name) => {
                self.expr(object)?;
                self.emit(Op::LoadAttr(*name));
            }
            ExprKind::Subscript(object, key) => {
                self.expr(object)?;
                self.expr(key)?;
                self.emit(Op::LoadItem);
            }
            ExprKind::Slice(parts) => {
                let count = if parts[2].is_some() { 3 } else { 2 };
                for part in &parts[..count] {
                    match part {
                        Some(part) => self.expr(part)?,
                        None => self.constant(&Constant::None)?,
                    }
                }
                self.emit(Op::BuildSlice(count as u32));
            }
            ExprKind::Starred(_) => {
                return Err(SyntaxError::at_line(expr.line, "can't use starred expression here"));
            }
            ExprKind::Tuple(items) => {
                if let Some(value) = self.constant_value(expr)? {
                    let index = self.add_constant(value);
                    self.emit(Op::Constant(index));
                } else if has_starred(items) {
                    self.spread_list(items)?;
                    self.emit(Op::ListToTuple);
                } else {
                    let count = self.exprs(items)?;
                    self.emit(Op::BuildTuple(count));
                }
            }
            ExprKind::List(items) if has_starred(items) => self.spread_list(items)?,
            ExprKind::List(items) => {
                let count = self.exprs(items)?;
                self.emit(Op::BuildList(count));
            }
            ExprKind::Set(items) if has_starred(items) => {
                self.emit(Op::BuildSet(0));
                for item in items {
                    if let ExprKind::Starred(inner) = &item.kind {
                        self.expr(inner)?;
                        self.emit(Op::SetUpdate);
                    } else {
                        self.expr(item)?;
                        self.emit(Op::SetAdd(0));
                    }
                }
            }
            // A set of constants is copied from a prepared one, which shows in its order.
            ExprKind::Set(items) if items.len() > 2 && items.iter().all(is_constant) => {
                self.emit(Op::BuildSet(0));
                let count = self.exprs(items)?;
                self.emit(Op::BuildSet(count));
                self.emit(Op::SetUpdate);
            }
            ExprKind::Set(items) => {
                let count = self.exprs(items)?;
                self.emit(Op::BuildSet(count));
            }
            ExprKind::Dict(items) => self.dict(items)?,
            ExprKind::Comprehension(c) => self.comprehension(c)?,
            ExprKind::Lambda(f) => self.function(f)?,
            ExprKind::If(parts) => {
                let (test, body, orelse) = &**parts;
                let skip = self.jump_unless(test)?;
                self.expr(body)?;
                let done = self.jump(Op::Jump);
                self.land(skip);
                self.expr(orelse)?;
                self.land(done);
            }
            ExprKind::Named(name, value) => {
                self.expr(value)?;
                self.emit(Op::Dup);
                self.store_name(*name);
            }
            ExprKind::Yield(value) => {
                match value {
                    Some(value) => self.expr(value)?,
                    None => self.constant(&Constant::None)?,
                }
                self.emit(Op::Yield);
            }
            ExprKind::YieldFrom(value) => {
                self.expr(value)?;
                self.emit(Op::DelegateIter);
                self.constant(&Constant::None)?;
                let start = self.here();
                let done = self.jump(Op::Delegate);
                self.emit(Op::Yield);
                self.emit(Op::Jump(start as u32));
                self.land(done);
            }
        }
        Ok(())
    }

    fn land_all(&mut self, patches: Vec<Patch>) {
        for patch in patches {
            self.land(patch);
        }
    }

    /// The value of an expression made of literals, to be computed once.
    fn constant_value(&mut self, expr: &Expr) -> Result<Option<Value>, SyntaxError> {
        let constant = match &expr.kind {
            ExprKind::Constant(constant) => self.vm.constant(constant)?,
            ExprKind::Unary(UnaryOp::Neg, operand) => match &operand.kind {
                ExprKind::Constant(Constant::Int(int)) => self.vm.constant(&Constant::Int(-int))?,
                ExprKind::Constant(Constant::Float(float)) => self.vm.constant(&Constant::Float(-float))?,
                _ => return Ok(None),
            },
            ExprKind::Tuple(items) => {
                let mut values = Items::new(self.vm);
                for item in items {
                    let Some(value) = self.constant_value(item)? else {
                        return Ok(None);
                    };
                    values.push(self.vm, value)?;
                }
                self.vm.tuple(values)?
            }
            _ => return Ok(None),
        };
        Ok(Some(constant))
    }

    fn comparison(&mut self, left: &'a Expr, rest: &'a [(CmpOp, Expr)]) -> Compiled {
        self.expr(left)?;
        let ((last_op, last), firsts) = rest.split_last().expect("a comparison has operands");
        let mut failed = Vec::new();
        for (op, operand) in firsts {
            self.expr(operand)?;
            // a b -> b (a op b)
            self.emit(Op::Dup);
            self.emit(Op::Rot3);
            self.emit(Op::Compare(*op));
            failed.push(self.jump(Op::JumpIfFalseOrPop));
        }
        self.expr(last)?;
        self.emit(Op::Compare(*last_op));
        if !failed.is_empty() {
            let done = self.jump(Op::Jump);
            self.land_all(failed);
            self.emit(Op::Swap);
            self.emit(Op::Pop);
            self.land(done);
        }
        Ok(())
    }

    fn dict(&mut self, items: &'a [(Option<Expr>, Expr)]) -> Compiled {
        if items.iter().all(|(key, _)| key.is_some()) && items.len() < 1000 {
            for (key, value) in items {
                if let Some(key) = key {
                    self.expr(key)?;
                }
                self.expr(value)?;
            }
            self.emit(Op::BuildDict(items.len() as u32));
            return Ok(());
        }
        self.emit(Op::BuildDict(0));
        for (key, value) in items {
            if let Some(key) = key {
                self.expr(key)?;
                self.expr(value)?;
                self.emit(Op::MapAdd(0));
            } else {
                self.expr(value)?;
                self.emit(Op::DictUpdate);
            }
        }
        Ok(())
    }

    /// A list display with `*iterable` items.
    fn spread_list(&mut self, items: &'a [Expr]) -> Compiled {
        self.emit(Op::BuildList(0));
        for item in items {
            if let ExprKind::Starred(inner) = &item.kind {
                self.expr(inner)?;
                self.emit(Op::ListExtend);
            } else {
                self.expr(item)?;
                self.emit(Op::ListAppend(0));
            }
        }
        Ok(())
    }

    fn call(&mut self, function: &'a Expr, positional: &'a [Expr], keywords: &'a [(Option<Symbol>, Expr)]) -> Compiled {
        if has_starred(positional) || keywords.iter().any(|(name, _)| name.is_none()) {
            return self.spread_call(function, positional, keywords);
        }
        let line = self.line;
        match &function.kind {
            ExprKind::Attribute(object, name) if keywords.is_empty() => {
                self.expr(object)?;
                self.line = function.line;
                self.emit(Op::LoadMethod(*name));
                let count = self.exprs(positional)?;
                self.line = line;
                self.emit(Op::CallMethod(count));
            }
            _ => {
                if positional.is_empty() && keywords.is_empty() && self.variables(function) {
                    return Ok(());
                }
                self.expr(function)?;
                if positional.is_empty() && keywords.is_empty() && self.implicit_super(function) {
                    self.emit(Op::Call(2));
                    return Ok(());
                }
                let count = self.exprs(positional)?;
                for (_, value) in keywords {
                    self.expr(value)?;
                }
                if keywords.is_empty() {
                    self.emit(Op::Call(count));
                } else {
                    let names = keywords.iter().filter_map(|(name, _)| *name).collect();
                    let list = &mut self.unit().code.keywords;
                    list.push(names);
                    let index = list.len() - 1;
                    let Ok(index) = u16::try_from(index) else {
                        return Err(SyntaxError::at_line(line, "too many calls with keywords in one function"));
                    };
                    self.emit(Op::CallKeywords(count, index));
                }
            }
        }
        Ok(())
    }

    /// `globals()`, `locals()`, `vars()` and `dir()` ask for variables of the frame: answers them if this is one.
    fn variables(&mut self, function: &Expr) -> bool {
        let ExprKind::Name(name) = function.kind else {
            return false;
        };
        let text = name.name();
        if !matches!(text, "globals" | "locals" | "vars" | "dir") || self.binding(name) != Binding::Global {
            return false;
        }
        if text == "dir" {
            self.load_global(Symbol::new("sorted"));
        }
        self.emit(Op::Variables { global: text == "globals" });
        if text == "dir" {
            self.emit(Op::Call(1));
        }
        true
    }

    /// `super()` in a method is `super(__class__, self)`: pushes the two if this is one.
    fn implicit_super(&mut self, function: &Expr) -> bool {
        let code = &self.unit().code;
        if !matches!(function.kind, ExprKind::Name(symbol::SUPER))
            || !matches!(code.kind, CodeKind::Function | CodeKind::Generator)
            || code.parameters.positional == 0
            || self.binding(symbol::SUPER) != Binding::Global
        {
            return false;
        }
        let Binding::Cell(_) = self.binding(symbol::CLASS) else {
            return false;
        };
        self.load_name(symbol::CLASS);
        match self.unit().code.cell_parameters.iter().find(|(slot, _)| *slot == 0).copied() {
            Some((_, cell)) => self.emit(Op::LoadCell(cell as u32)),
            None => self.emit(Op::LoadLocal(0)),
        };
        true
    }

    fn spread_call(
        &mut self,
        function: &'a Expr,
        positional: &'a [Expr],
        keywords: &'a [(Option<Symbol>, Expr)],
    ) -> Compiled {
        self.expr(function)?;
        self.spread_list(positional)?;
        self.emit(Op::ListToTuple);
        if !keywords.is_empty() {
            self.emit(Op::BuildDict(0));
            for (name, value) in keywords {
                match name {
                    Some(name) => {
                        self.constant(&Constant::Str(name.to_string()))?;
                        self.expr(value)?;
                        self.emit(Op::BuildDict(1));
                    }
                    None => self.expr(value)?,
                }
                self.emit(Op::DictMerge);
            }
        }
        self.emit(Op::CallSpread(!keywords.is_empty()));
        Ok(())
    }

    fn format_parts(&mut self, parts: &'a [FormatPart]) -> Compiled {
        for part in parts {
            match part {
                FormatPart::Literal(text) => self.constant(&Constant::Str(text.clone()))?,
                FormatPart::Value { value, conversion, spec } => {
                    self.expr(value)?;
                    if let Some(spec) = spec {
                        self.format_parts(spec)?;
                    }
                    self.emit(Op::Format { conversion: *conversion, spec: spec.is_some() });
                }
            }
        }
        self.emit(Op::BuildString(parts.len() as u32));
        Ok(())
    }
}

fn has_starred(items: &[Expr]) -> bool {
    items.iter().any(|item| matches!(item.kind, ExprKind::Starred(_)))
}

fn is_constant(item: &Expr) -> bool {
    matches!(item.kind, ExprKind::Constant(_))
}
