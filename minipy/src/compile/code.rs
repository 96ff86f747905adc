//! Code objects and their instructions.

use std::rc::Rc;

use tailbite::Gc;

use crate::object::Value;
use crate::object::symbol::Symbol;
use crate::syntax::tree::{BinOp, CmpOp, UnaryOp};

/// What runs when a code object is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeKind {
    Module,
    Function,
    Class,
    Generator,
}

/// A compiled module, function or class body. Immutable; its constants are atoms, so it holds nothing that could be
/// part of a cycle and is itself no managed object.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) name: Symbol,
    pub(crate) name_text: Gc<str>,
    pub(crate) qualname: Gc<str>,
    pub(crate) filename: Rc<str>,
    pub(crate) kind: CodeKind,
    pub(crate) ops: Vec<Op>,
    /// The source line of each instruction.
    pub(crate) lines: Vec<u32>,
    pub(crate) constants: Vec<Value>,
    /// Nested functions and classes.
    pub(crate) codes: Vec<Rc<Code>>,
    /// The keyword names of calls.
    pub(crate) keywords: Vec<Vec<Symbol>>,
    /// Names of the local slots; parameters first.
    pub(crate) locals: Vec<Symbol>,
    /// Names of the cells: own ones, then captured ones.
    pub(crate) cells: Vec<Symbol>,
    pub(crate) own_cells: usize,
    /// Parameters that live in cells: (local slot, cell).
    pub(crate) cell_parameters: Vec<(usize, usize)>,
    /// For each captured cell, its index among the cells of the code around.
    pub(crate) captures: Vec<usize>,
    /// The cell of `__class__`, in a class body whose methods use `super()`.
    pub(crate) class_cell: Option<usize>,
    pub(crate) parameters: ParameterShape,
    pub(crate) doc: Option<Value>,
}

/// How arguments become locals: positional ones, keyword-only ones, `*args`, `**kwargs`, in this order.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ParameterShape {
    pub(crate) positional: usize,
    pub(crate) positional_only: usize,
    pub(crate) keyword_only: usize,
    pub(crate) vararg: bool,
    pub(crate) kwarg: bool,
}

/// One instruction. The comments show the stack before and after, its top on the right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Op {
    /// -> value
    Constant(u32),
    Pop,
    /// a -> a a
    Dup,
    /// a b -> a b a b
    Dup2,
    /// a b -> b a
    Swap,
    /// a b c -> c a b
    Rot3,

    LoadLocal(u32),
    StoreLocal(u32),
    DeleteLocal(u32),
    /// Empties a comprehension's slot, whether it is set or not.
    ClearLocal(u32),
    LoadCell(u32),
    StoreCell(u32),
    DeleteCell(u32),
    /// A fresh, empty cell for a comprehension's variable.
    NewCell(u32),
    LoadGlobal(u32),
    StoreGlobal(u32),
    DeleteGlobal(u32),
    /// Skips the next instruction if the class body has the name.
    LoadClassName(Symbol),
    StoreClassName(Symbol),
    DeleteClassName(Symbol),

    /// object -> value
    LoadAttr(Symbol),
    /// object -> function self, or value null
    LoadMethod(Symbol),
    /// value object ->
    StoreAttr(Symbol),
    DeleteAttr(Symbol),
    /// object key -> value
    LoadItem,
    /// value object key ->
    StoreItem,
    DeleteItem,

    BuildTuple(u32),
    BuildList(u32),
    BuildSet(u32),
    BuildDict(u32),
    BuildSlice(u32),
    BuildString(u32),
    ListToTuple,
    /// list ... value -> list ...; the operand counts what lies between
    ListAppend(u32),
    SetAdd(u32),
    /// dict ... key value -> dict ...
    MapAdd(u32),
    /// list iterable -> list
    ListExtend,
    SetUpdate,
    DictUpdate,
    /// As `DictUpdate`, for the keywords of a call: duplicates are errors.
    DictMerge,

    Binary(BinOp),
    InPlace(BinOp),
    Unary(UnaryOp),
    Compare(CmpOp),

    Jump(u32),
    /// A jump to before: a safepoint.
    JumpBack(u32),
    JumpIfFalse(u32),
    JumpIfTrue(u32),
    JumpIfFalseOrPop(u32),
    JumpIfTrueOrPop(u32),

    /// iterable -> iterator
    GetIter,
    /// iterator -> iterator value, or jumps and pops
    ForIter(u32),
    /// sequence -> values, the first on top
    Unpack(u32),
    /// The same with a starred target: how many before and after it.
    UnpackStarred(u16, u16),

    /// -> dict with a copy of the variables: of the module, or of this frame
    Variables {
        global: bool,
    },
    /// function args... -> result
    Call(u32),
    /// function null-or-self args... -> result
    CallMethod(u32),
    /// function args... keyword values... -> result
    CallKeywords(u32, u16),
    /// function tuple dict? -> result
    CallSpread(bool),

    /// [defaults tuple] [keyword defaults dict] -> function
    MakeFunction {
        code: u32,
        defaults: bool,
        keyword_defaults: bool,
    },
    /// bases... -> class
    BuildClass(u32, u16),
    Return,
    Yield,
    /// iterable -> iterator, for `yield from`
    DelegateIter,
    /// iterator value -> iterator yielded, or jumps with the result
    Delegate(u32),

    /// Until the matching `PopBlock`, exceptions go to the operand with the exception on the stack.
    SetupTry(u32),
    /// The same; the value on top of the stack now is not there for the handler.
    SetupTryBelow(u32),
    PopBlock,
    /// exception class -> exception bool
    MatchException,
    /// The handled exception is done with.
    PopHandled,
    Raise(u8),
    /// exception ->
    Reraise,
    RaiseAssertion(bool),

    /// manager -> exit value-of-enter
    WithEnter,
    /// exit ->
    WithExit,
    /// exit exception -> exit exception suppressed
    WithExitException,

    Import(Symbol),
    /// module -> module attribute
    ImportFrom(Symbol),
    /// value spec? -> string
    Format {
        conversion: Option<char>,
        spec: bool,
    },
}
