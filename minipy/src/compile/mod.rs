//! From tree to bytecode: names become slots, statements become instructions.

pub(crate) mod code;
mod exception_flow;
mod expression;
mod function;
mod scope;
mod statement;

use std::collections::HashMap;
use std::rc::Rc;

use crate::object::module::Namespace;
use crate::object::symbol::{self, Symbol};
use crate::object::{Raised, Value};
use crate::syntax::tree::*;
use crate::syntax::{self, SyntaxError};
use crate::vm::Vm;
use code::{Code, CodeKind, Op, ParameterShape};
use exception_flow::Block;
use scope::{Binding, Scopes, Variable};

/// Compiles a module whose globals are (to be) in `globals`.
pub(crate) fn compile(vm: &Vm, source: &str, filename: &str, globals: &Namespace) -> Result<Rc<Code>, SyntaxError> {
    let module = syntax::parse(source)?;
    let scopes = Scopes::analyse(&module)?;
    let mut compiler = Compiler { vm, scopes, filename: filename.into(), globals, units: Vec::new(), line: 1 };
    compiler.open_unit(0, CodeKind::Module, symbol::MODULE_CODE, &[])?;
    if let Some(doc) = docstring(&module.body) {
        compiler.constant(&Constant::Str(doc.to_owned()))?;
        compiler.store_name(symbol::DOC);
    }
    compiler.block(&module.body)?;
    compiler.constant(&Constant::None)?;
    compiler.emit(Op::Return);
    Ok(compiler.close_unit())
}

type Compiled = Result<(), SyntaxError>;

/// The objects of a program's constants need memory: nothing else is raised here.
impl From<Raised> for SyntaxError {
    fn from(_: Raised) -> SyntaxError {
        SyntaxError { class: SyntaxError::NO_MEMORY, ..SyntaxError::at_line(0, "") }
    }
}

struct Compiler<'a> {
    vm: &'a Vm,
    scopes: Scopes,
    filename: Rc<str>,
    globals: &'a Namespace,
    /// The code being made, innermost last.
    units: Vec<Unit<'a>>,
    line: u32,
}

/// A code object in the making.
struct Unit<'a> {
    code: Code,
    /// The scope that names are looked up in: the unit's own, or that of a comprehension inside.
    scope: ScopeId,
    locals: HashMap<Variable, u32>,
    cells: HashMap<Variable, u32>,
    constants: HashMap<String, u32>,
    blocks: Vec<Block<'a>>,
}

/// A jump whose target is not known yet.
#[must_use]
struct Patch(usize);

impl<'a> Compiler<'a> {
    fn unit(&mut self) -> &mut Unit<'a> {
        self.units.last_mut().expect("a unit is open")
    }

    fn open_unit(&mut self, scope: ScopeId, kind: CodeKind, name: Symbol, parameters: &[Symbol]) -> Compiled {
        let name_text = self.vm.text(name.name())?;
        let qualname = match self.units.last() {
            None => name_text.clone(),
            Some(unit) => match unit.code.kind {
                CodeKind::Module => name_text.clone(),
                CodeKind::Class => self.vm.text(&format!("{}.{name}", unit.code.qualname))?,
                _ => self.vm.text(&format!("{}.<locals>.{name}", unit.code.qualname))?,
            },
        };
        let analysed = self.scopes.scope(scope);
        let cells: Vec<Variable> = analysed.cells.iter().chain(&analysed.free).copied().collect();
        let own_cells = analysed.cells.len();
        let cell_of = |name: Symbol| cells.iter().take(own_cells).position(|cell| *cell == (scope, name));
        let cell_parameter = |(slot, name): (usize, &Symbol)| Some((slot, cell_of(*name)?));
        let captures = analysed.free.iter().map(|variable| match self.units.last() {
            Some(unit) => unit.cells[variable] as usize,
            None => unreachable!("a module captures nothing"),
        });
        let code = Code {
            name,
            name_text,
            qualname,
            filename: self.filename.clone(),
            kind,
            ops: Vec::new(),
            lines: Vec::new(),
            constants: Vec::new(),
            codes: Vec::new(),
            keywords: Vec::new(),
            locals: parameters.to_vec(),
            cells: cells.iter().map(|(_, name)| *name).collect(),
            own_cells,
            cell_parameters: parameters.iter().enumerate().filter_map(cell_parameter).collect(),
            captures: captures.collect(),
            class_cell: if kind == CodeKind::Class { cell_of(symbol::CLASS) } else { None },
            parameters: ParameterShape::default(),
            doc: None,
        };
        let slots = parameters.iter().enumerate();
        self.units.push(Unit {
            code,
            scope,
            locals: slots.map(|(slot, name)| ((scope, *name), slot as u32)).collect(),
            cells: cells.iter().enumerate().map(|(index, cell)| (*cell, index as u32)).collect(),
            constants: HashMap::new(),
            blocks: Vec::new(),
        });
        Ok(())
    }

    fn close_unit(&mut self) -> Rc<Code> {
        Rc::new(self.units.pop().expect("a unit is open").code)
    }

    fn emit(&mut self, op: Op) -> usize {
        let line = self.line;
        let code = &mut self.unit().code;
        code.ops.push(op);
        code.lines.push(line);
        code.ops.len() - 1
    }

    fn here(&mut self) -> usize {
        self.unit().code.ops.len()
    }

    /// Emits a forward jump, made by `op` from its target.
    fn jump(&mut self, op: fn(u32) -> Op) -> Patch {
        Patch(self.emit(op(u32::MAX)))
    }

    /// Lets a forward jump end here.
    fn land(&mut self, patch: Patch) {
        let here = self.here() as u32;
        let op = &mut self.unit().code.ops[patch.0];
        *op = match *op {
            Op::Jump(_) => Op::Jump(here),
            Op::JumpIfFalse(_) => Op::JumpIfFalse(here),
            Op::JumpIfTrue(_) => Op::JumpIfTrue(here),
            Op::JumpIfFalseOrPop(_) => Op::JumpIfFalseOrPop(here),
            Op::JumpIfTrueOrPop(_) => Op::JumpIfTrueOrPop(here),
            Op::ForIter(_) => Op::ForIter(here),
            Op::SetupTry(_) => Op::SetupTry(here),
            Op::SetupTryBelow(_) => Op::SetupTryBelow(here),
            Op::Delegate(_) => Op::Delegate(here),
            op => unreachable!("{op:?} does not jump"),
        };
    }

    fn constant(&mut self, constant: &Constant) -> Compiled {
        let key = format!("{constant:?}");
        let index = match self.unit().constants.get(&key) {
            Some(&index) => index,
            None => {
                let value = self.vm.constant(constant)?;
                let index = self.add_constant(value);
                self.unit().constants.insert(key, index);
                index
            }
        };
        self.emit(Op::Constant(index));
        Ok(())
    }

    fn add_constant(&mut self, value: Value) -> u32 {
        let constants = &mut self.unit().code.constants;
        constants.push(value);
        constants.len() as u32 - 1
    }

    fn binding(&mut self, name: Symbol) -> Binding {
        let scope = self.unit().scope;
        self.scopes.binding(scope, name)
    }

    /// The slot of a local variable; comprehension variables get theirs on first sight.
    fn local(&mut self, variable: Variable) -> u32 {
        let unit = self.unit();
        *unit.locals.entry(variable).or_insert_with(|| {
            unit.code.locals.push(variable.1);
            unit.code.locals.len() as u32 - 1
        })
    }

    fn cell(&mut self, variable: Variable) -> u32 {
        self.unit().cells[&variable]
    }

    fn load_name(&mut self, name: Symbol) {
        match self.binding(name) {
            Binding::Local(variable) => {
                let slot = self.local(variable);
                self.emit(Op::LoadLocal(slot));
            }
            Binding::Cell(variable) => {
                let cell = self.cell(variable);
                self.emit(Op::LoadCell(cell));
            }
            Binding::Global => self.load_global(name),
            Binding::ClassName => {
                self.emit(Op::LoadClassName(name));
                self.load_global(name);
            }
            Binding::ClassCell(variable) => {
                self.emit(Op::LoadClassName(name));
                let cell = self.cell(variable);
                self.emit(Op::LoadCell(cell));
            }
        }
    }

    fn load_global(&mut self, name: Symbol) {
        let slot = self.globals.slot(name);
        self.emit(Op::LoadGlobal(slot));
    }

    fn store_name(&mut self, name: Symbol) {
        let op = match self.binding(name) {
            Binding::Local(variable) => Op::StoreLocal(self.local(variable)),
            Binding::Cell(variable) => Op::StoreCell(self.cell(variable)),
            Binding::Global => Op::StoreGlobal(self.globals.slot(name)),
            Binding::ClassName | Binding::ClassCell(_) => Op::StoreClassName(name),
        };
        self.emit(op);
    }

    fn delete_name(&mut self, name: Symbol) {
        let op = match self.binding(name) {
            Binding::Local(variable) => Op::DeleteLocal(self.local(variable)),
            Binding::Cell(variable) => Op::DeleteCell(self.cell(variable)),
            Binding::Global => Op::DeleteGlobal(self.globals.slot(name)),
            Binding::ClassName | Binding::ClassCell(_) => Op::DeleteClassName(name),
        };
        self.emit(op);
    }
}

/// The string that a body begins with.
fn docstring(body: &[Stmt]) -> Option<&str> {
    match &body.first()?.kind {
        StmtKind::Expr(Expr { kind: ExprKind::Constant(Constant::Str(doc)), .. }) => Some(doc),
        _ => None,
    }
}
