//! Which variable each name means, before any code is made.
//!
//! A *unit* is what gets a frame of its own: the module, a function, a class body. List, set and dict comprehensions
//! have a scope for their names but run in the frame around them (as in CPython 3.12 and newer).

use std::collections::HashMap;

use crate::object::symbol::{self, Symbol};
use crate::syntax::SyntaxError;
use crate::syntax::tree::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    Module,
    Function,
    Class,
    /// A comprehension that runs in the frame around it.
    Comprehension,
}

#[derive(Debug, Default, Clone, Copy)]
struct Uses {
    /// Assigned, imported, deleted or a parameter here.
    bound: bool,
    global: bool,
    nonlocal: bool,
    /// A unit inside refers to it: it lives in a cell.
    captured: bool,
}

/// A variable: its name and the scope that owns it.
pub(crate) type Variable = (ScopeId, Symbol);

#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) kind: ScopeKind,
    parent: ScopeId,
    names: HashMap<Symbol, Uses>,
    /// Names in the order they appear.
    order: Vec<(Symbol, u32)>,
    /// Variables of outer units that this unit, or one inside it, refers to.
    pub(crate) free: Vec<Variable>,
    /// Own variables (of the unit's comprehensions too) that live in cells.
    pub(crate) cells: Vec<Variable>,
    /// Contains `yield`.
    pub(crate) generator: bool,
}

/// What a name means where it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    /// A slot of the unit's own frame.
    Local(Variable),
    /// A cell, own or captured.
    Cell(Variable),
    Global,
    /// A class body's name: its namespace first, then the module.
    ClassName,
    /// A class body's use of a function's variable: its namespace first, then the cell.
    ClassCell(Variable),
}

#[derive(Debug)]
pub(crate) struct Scopes {
    scopes: Vec<Scope>,
}

type Checked = Result<(), SyntaxError>;

impl Scopes {
    pub(crate) fn analyse(module: &Module) -> Result<Scopes, SyntaxError> {
        let empty = |_| Scope {
            kind: ScopeKind::Module,
            parent: 0,
            names: HashMap::new(),
            order: Vec::new(),
            free: Vec::new(),
            cells: Vec::new(),
            generator: false,
        };
        let mut scopes = Scopes { scopes: (0..module.scopes).map(empty).collect() };
        scopes.block(0, &module.body)?;
        scopes.resolve_all()?;
        Ok(scopes)
    }

    pub(crate) fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id]
    }

    /// The unit a scope runs in.
    pub(crate) fn unit(&self, mut id: ScopeId) -> ScopeId {
        while self.scopes[id].kind == ScopeKind::Comprehension {
            id = self.scopes[id].parent;
        }
        id
    }

    /// The variables of a comprehension's scope.
    pub(crate) fn bound_names(&self, id: ScopeId) -> Vec<Symbol> {
        let scope = &self.scopes[id];
        let bound = |name: &Symbol| scope.names[name].bound;
        scope.order.iter().map(|(name, _)| *name).filter(bound).collect()
    }

    pub(crate) fn is_captured(&self, (scope, name): Variable) -> bool {
        self.scopes[scope].names.get(&name).is_some_and(|uses| uses.captured)
    }

    pub(crate) fn binding(&self, scope: ScopeId, name: Symbol) -> Binding {
        let unit = self.unit(scope);
        let in_class_body = self.scopes[scope].kind == ScopeKind::Class;
        if in_class_body && self.is_bound(scope, name) {
            return Binding::ClassName;
        }
        match self.owner(scope, name) {
            None if in_class_body && !self.uses(scope, name).global => Binding::ClassName,
            None => Binding::Global,
            Some(owner) if in_class_body && !self.uses(scope, name).nonlocal => Binding::ClassCell((owner, name)),
            Some(owner) if self.unit(owner) == unit && !self.is_captured((owner, name)) => {
                Binding::Local((owner, name))
            }
            Some(owner) => Binding::Cell((owner, name)),
        }
    }

    fn uses(&self, scope: ScopeId, name: Symbol) -> Uses {
        self.scopes[scope].names.get(&name).copied().unwrap_or_default()
    }

    fn is_bound(&self, scope: ScopeId, name: Symbol) -> bool {
        let uses = self.uses(scope, name);
        uses.bound && !uses.global && !uses.nonlocal
    }

    /// The function scope whose variable `name` is, seen from `scope`; `None` is the module.
    fn owner(&self, scope: ScopeId, name: Symbol) -> Option<ScopeId> {
        let mut at = scope;
        loop {
            let uses = self.uses(at, name);
            match self.scopes[at].kind {
                ScopeKind::Module => return None,
                ScopeKind::Class if name == symbol::CLASS && at != scope => return Some(at),
                ScopeKind::Class if at != scope => {}
                _ if uses.global => return None,
                ScopeKind::Class => {}
                _ if uses.bound && !uses.nonlocal => return Some(at),
                _ => {}
            }
            at = self.scopes[at].parent;
        }
    }

    fn resolve_all(&mut self) -> Checked {
        for scope in 0..self.scopes.len() {
            for index in 0..self.scopes[scope].order.len() {
                let (name, line) = self.scopes[scope].order[index];
                let nonlocal = self.uses(scope, name).nonlocal;
                if self.is_bound(scope, name) {
                    continue;
                }
                let Some(owner) = self.owner(scope, name) else {
                    if nonlocal {
                        let message = format!("no binding for nonlocal '{name}' found");
                        return Err(SyntaxError::at_line(line, message));
                    }
                    continue;
                };
                self.capture(scope, (owner, name));
            }
        }
        Ok(())
    }

    /// Hands `variable` down through the units between its owner and `scope`.
    fn capture(&mut self, scope: ScopeId, variable: Variable) {
        let owning_unit = self.unit(variable.0);
        let mut unit = self.unit(scope);
        if unit == owning_unit {
            return;
        }
        self.scopes[variable.0].names.entry(variable.1).or_default().captured = true;
        let cells = &mut self.scopes[owning_unit].cells;
        if !cells.contains(&variable) {
            cells.push(variable);
        }
        while unit != owning_unit {
            let free = &mut self.scopes[unit].free;
            if !free.contains(&variable) {
                free.push(variable);
            }
            unit = self.unit(self.scopes[unit].parent);
        }
    }

    fn note(&mut self, scope: ScopeId, name: Symbol, line: u32) -> &mut Uses {
        let scope = &mut self.scopes[scope];
        scope.names.entry(name).or_insert_with(|| {
            scope.order.push((name, line));
            Uses::default()
        })
    }

    fn bind(&mut self, scope: ScopeId, name: Symbol, line: u32) {
        self.note(scope, name, line).bound = true;
    }

    fn block(&mut self, scope: ScopeId, body: &[Stmt]) -> Checked {
        body.iter().try_for_each(|stmt| self.stmt(scope, stmt))
    }

    fn stmt(&mut self, scope: ScopeId, stmt: &Stmt) -> Checked {
        let line = stmt.line;
        match &stmt.kind {
            StmtKind::Expr(e) => self.expr(scope, e)?,
            StmtKind::Annotation(e) => self.target(scope, e)?,
            StmtKind::Assign(targets, value) => {
                self.expr(scope, value)?;
                self.targets(scope, targets)?;
            }
            StmtKind::AugAssign(target, _, value) => {
                self.expr(scope, value)?;
                self.target(scope, target)?;
            }
            StmtKind::Delete(targets) => self.targets(scope, targets)?,
            StmtKind::Pass | StmtKind::Break | StmtKind::Continue => {}
            StmtKind::Return(value) => self.exprs(scope, value)?,
            StmtKind::Global(names) => {
                for name in names {
                    self.declare(scope, *name, line, "global")?.global = true;
                }
            }
            StmtKind::Nonlocal(names) => {
                if self.scopes[scope].kind == ScopeKind::Module {
                    return Err(SyntaxError::at_line(line, "nonlocal declaration not allowed at module level"));
                }
                for name in names {
                    self.declare(scope, *name, line, "nonlocal")?.nonlocal = true;
                }
            }
            StmtKind::If(test, body, orelse) | StmtKind::While(test, body, orelse) => {
                self.expr(scope, test)?;
                self.block(scope, body)?;
                self.block(scope, orelse)?;
            }
            StmtKind::For(f) => {
                self.expr(scope, &f.iter)?;
                self.target(scope, &f.target)?;
                self.block(scope, &f.body)?;
                self.block(scope, &f.orelse)?;
            }
            StmtKind::Try(t) => {
                self.block(scope, &t.body)?;
                for handler in &t.handlers {
                    self.exprs(scope, &handler.class)?;
                    if let Some(name) = handler.name {
                        self.bind(scope, name, handler.line);
                    }
                    self.block(scope, &handler.body)?;
                }
                self.block(scope, &t.orelse)?;
                self.block(scope, &t.finalbody)?;
            }
            StmtKind::With(items, body) => {
                for item in items {
                    self.expr(scope, &item.context)?;
                    if let Some(target) = &item.target {
                        self.target(scope, target)?;
                    }
                }
                self.block(scope, body)?;
            }
            StmtKind::Raise(exception, cause) => {
                self.exprs(scope, exception)?;
                self.exprs(scope, cause)?;
            }
            StmtKind::Assert(test, message) => {
                self.expr(scope, test)?;
                self.exprs(scope, message)?;
            }
            StmtKind::Import(imports) => {
                for import in imports {
                    let name = import.alias.unwrap_or_else(|| first_part(import.name));
                    self.bind(scope, name, line);
                }
            }
            StmtKind::ImportFrom(_, imports) => {
                for import in imports {
                    if import.name.name() == "*" {
                        return Err(SyntaxError::unsupported(line, "'import *'"));
                    }
                    self.bind(scope, import.alias.unwrap_or(import.name), line);
                }
            }
            StmtKind::Function(f) => {
                self.exprs(scope, &f.decorators)?;
                self.function(scope, f)?;
                self.bind(scope, f.name, line);
            }
            StmtKind::Class(c) => {
                self.exprs(scope, &c.decorators)?;
                self.exprs(scope, &c.bases)?;
                self.bind(scope, c.name, line);
                self.open(c.scope, scope, ScopeKind::Class);
                self.block(c.scope, &c.body)?;
            }
        }
        Ok(())
    }

    fn open(&mut self, id: ScopeId, parent: ScopeId, kind: ScopeKind) {
        self.scopes[id].kind = kind;
        self.scopes[id].parent = parent;
    }

    fn declare(&mut self, scope: ScopeId, name: Symbol, line: u32, word: &str) -> Result<&mut Uses, SyntaxError> {
        if let Some(uses) = self.scopes[scope].names.get(&name)
            && !uses.global
            && !uses.nonlocal
        {
            let message = match uses.bound {
                true => format!("name '{name}' is assigned to before {word} declaration"),
                false => format!("name '{name}' is used prior to {word} declaration"),
            };
            return Err(SyntaxError::at_line(line, message));
        }
        Ok(self.note(scope, name, line))
    }

    fn function(&mut self, scope: ScopeId, f: &Function) -> Checked {
        let parameters = &f.parameters;
        let with_default = || parameters.positional.iter().chain(&parameters.keyword_only);
        for parameter in with_default() {
            self.exprs(scope, &parameter.default)?;
        }
        self.open(f.scope, scope, ScopeKind::Function);
        let names = with_default().map(|p| p.name);
        for name in names.chain(parameters.vararg).chain(parameters.kwarg) {
            if self.scopes[f.scope].names.contains_key(&name) {
                let message = format!("duplicate argument '{name}' in function definition");
                return Err(SyntaxError::at_line(f.line, message));
            }
            self.bind(f.scope, name, 0);
        }
        self.block(f.scope, &f.body)
    }

    fn targets(&mut self, scope: ScopeId, targets: &[Expr]) -> Checked {
        targets.iter().try_for_each(|target| self.target(scope, target))
    }

    fn target(&mut self, scope: ScopeId, target: &Expr) -> Checked {
        match &target.kind {
            ExprKind::Name(name) => {
                self.bind(scope, *name, target.line);
                Ok(())
            }
            ExprKind::Tuple(targets) | ExprKind::List(targets) => self.targets(scope, targets),
            ExprKind::Starred(inner) => self.target(scope, inner),
            _ => self.expr(scope, target),
        }
    }

    fn exprs<'e>(&mut self, scope: ScopeId, exprs: impl IntoIterator<Item = &'e Expr>) -> Checked {
        exprs.into_iter().try_for_each(|expr| self.expr(scope, expr))
    }

    fn expr(&mut self, scope: ScopeId, expr: &Expr) -> Checked {
        match &expr.kind {
            ExprKind::Constant(_) => Ok(()),
            ExprKind::Name(name) => {
                self.note(scope, *name, expr.line);
                // `super()` finds its class through the variable `__class__`.
                if *name == symbol::SUPER && self.scopes[self.unit(scope)].kind == ScopeKind::Function {
                    self.note(scope, symbol::CLASS, expr.line);
                }
                Ok(())
            }
            ExprKind::FString(parts) => self.format_parts(scope, parts),
            ExprKind::Bool(_, values) | ExprKind::Tuple(values) | ExprKind::List(values) | ExprKind::Set(values) => {
                self.exprs(scope, values)
            }
            ExprKind::Binary(left, _, right) | ExprKind::Subscript(left, right) => {
                self.expr(scope, left)?;
                self.expr(scope, right)
            }
            ExprKind::Unary(_, e) | ExprKind::Attribute(e, _) | ExprKind::Starred(e) => self.expr(scope, e),
            ExprKind::Yield(value) => {
                self.mark_generator(scope, expr.line)?;
                self.exprs(scope, value.as_deref())
            }
            ExprKind::YieldFrom(value) => {
                self.mark_generator(scope, expr.line)?;
                self.expr(scope, value)
            }
            ExprKind::Compare(left, rest) => {
                self.expr(scope, left)?;
                self.exprs(scope, rest.iter().map(|(_, e)| e))
            }
            ExprKind::Call(func, positional, keywords) => {
                self.expr(scope, func)?;
                self.exprs(scope, positional)?;
                self.exprs(scope, keywords.iter().map(|(_, e)| e))
            }
            ExprKind::Slice(parts) => self.exprs(scope, parts.iter().flatten().map(|part| &**part)),
            ExprKind::Dict(items) => {
                for (key, value) in items {
                    self.exprs(scope, key)?;
                    self.expr(scope, value)?;
                }
                Ok(())
            }
            ExprKind::Comprehension(c) => self.comprehension(scope, c),
            ExprKind::Lambda(f) => self.function(scope, f),
            ExprKind::If(parts) => {
                let (test, body, orelse) = &**parts;
                self.exprs(scope, [test, body, orelse])
            }
            ExprKind::Named(name, value) => {
                self.expr(scope, value)?;
                let mut owner = scope;
                while self.is_comprehension(owner) {
                    owner = self.scopes[owner].parent;
                }
                self.bind(owner, *name, expr.line);
                self.note(scope, *name, expr.line);
                Ok(())
            }
        }
    }

    /// Generator expressions are functions, but `:=` binds around them too: they have no names of their own but targets.
    fn is_comprehension(&self, scope: ScopeId) -> bool {
        self.scopes[scope].kind == ScopeKind::Comprehension || self.scopes[scope].names.contains_key(&symbol::GENEXPR)
    }

    fn mark_generator(&mut self, scope: ScopeId, line: u32) -> Checked {
        match self.scopes[scope].kind {
            ScopeKind::Function => {
                self.scopes[scope].generator = true;
                Ok(())
            }
            ScopeKind::Comprehension => Err(SyntaxError::at_line(line, "'yield' inside list comprehension")),
            _ => Err(SyntaxError::at_line(line, "'yield' outside function")),
        }
    }

    fn comprehension(&mut self, scope: ScopeId, c: &Comprehension) -> Checked {
        // The first iterable belongs to the scope around.
        self.expr(scope, &c.clauses[0].iter)?;
        if let ComprehensionKind::Generator(_) = c.kind {
            self.open(c.scope, scope, ScopeKind::Function);
            self.scopes[c.scope].generator = true;
            self.scopes[c.scope].names.insert(symbol::GENEXPR, Uses::default());
        } else {
            self.open(c.scope, scope, ScopeKind::Comprehension);
        }
        for (index, clause) in c.clauses.iter().enumerate() {
            self.target(c.scope, &clause.target)?;
            if index > 0 {
                self.expr(c.scope, &clause.iter)?;
            }
            self.exprs(c.scope, &clause.conditions)?;
        }
        match &c.kind {
            ComprehensionKind::List(e) | ComprehensionKind::Set(e) | ComprehensionKind::Generator(e) => {
                self.expr(c.scope, e)
            }
            ComprehensionKind::Dict(key, value) => self.exprs(c.scope, [key, value]),
        }
    }

    fn format_parts(&mut self, scope: ScopeId, parts: &[FormatPart]) -> Checked {
        for part in parts {
            if let FormatPart::Value { value, spec, .. } = part {
                self.expr(scope, value)?;
                self.format_parts(scope, spec.as_deref().unwrap_or_default())?;
            }
        }
        Ok(())
    }
}

/// `a` of `import a.b`.
pub(crate) fn first_part(name: Symbol) -> Symbol {
    let name = name.name();
    Symbol::new(name.split('.').next().unwrap_or(name))
}
