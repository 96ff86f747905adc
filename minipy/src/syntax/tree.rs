//! The syntax tree that the compiler reads: Python's, without what minipy leaves out.

use num_bigint::BigInt;

use crate::object::symbol::Symbol;

/// Numbers the scopes of a source file in the order they are lowered; 0 is the module.
pub(crate) type ScopeId = usize;

#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) body: Vec<Stmt>,
    /// How many scopes the file has.
    pub(crate) scopes: usize,
}

#[derive(Debug)]
pub(crate) struct Stmt {
    pub(crate) line: u32,
    pub(crate) kind: StmtKind,
}

#[derive(Debug)]
pub(crate) enum StmtKind {
    Expr(Expr),
    Assign(Vec<Expr>, Expr),
    AugAssign(Expr, BinOp, Expr),
    /// An annotation without a value only makes its name local.
    Annotation(Expr),
    Delete(Vec<Expr>),
    Pass,
    Break,
    Continue,
    Return(Option<Expr>),
    Global(Vec<Symbol>),
    Nonlocal(Vec<Symbol>),
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    While(Expr, Vec<Stmt>, Vec<Stmt>),
    For(Box<For>),
    Try(Box<Try>),
    With(Vec<WithItem>, Vec<Stmt>),
    Raise(Option<Expr>, Option<Expr>),
    Assert(Expr, Option<Expr>),
    Import(Vec<Import>),
    ImportFrom(Symbol, Vec<Import>),
    Function(Box<Function>),
    Class(Box<Class>),
}

#[derive(Debug)]
pub(crate) struct For {
    pub(crate) target: Expr,
    pub(crate) iter: Expr,
    pub(crate) body: Vec<Stmt>,
    pub(crate) orelse: Vec<Stmt>,
}

#[derive(Debug)]
pub(crate) struct Try {
    pub(crate) body: Vec<Stmt>,
    pub(crate) handlers: Vec<Handler>,
    pub(crate) orelse: Vec<Stmt>,
    pub(crate) finalbody: Vec<Stmt>,
}

#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) line: u32,
    pub(crate) class: Option<Expr>,
    pub(crate) name: Option<Symbol>,
    pub(crate) body: Vec<Stmt>,
}

#[derive(Debug)]
pub(crate) struct WithItem {
    pub(crate) context: Expr,
    pub(crate) target: Option<Expr>,
}

#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) name: Symbol,
    pub(crate) alias: Option<Symbol>,
}

/// A `def` or a `lambda`.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) line: u32,
    pub(crate) scope: ScopeId,
    pub(crate) name: Symbol,
    pub(crate) decorators: Vec<Expr>,
    pub(crate) parameters: Parameters,
    pub(crate) body: Vec<Stmt>,
}

#[derive(Debug, Default)]
pub(crate) struct Parameters {
    /// Positional-only ones first.
    pub(crate) positional: Vec<Parameter>,
    pub(crate) positional_only: usize,
    pub(crate) vararg: Option<Symbol>,
    pub(crate) keyword_only: Vec<Parameter>,
    pub(crate) kwarg: Option<Symbol>,
}

#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: Symbol,
    pub(crate) default: Option<Expr>,
}

#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) scope: ScopeId,
    pub(crate) name: Symbol,
    pub(crate) decorators: Vec<Expr>,
    pub(crate) bases: Vec<Expr>,
    pub(crate) body: Vec<Stmt>,
}

#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) line: u32,
    pub(crate) kind: ExprKind,
}

#[derive(Debug)]
pub(crate) enum ExprKind {
    Constant(Constant),
    Name(Symbol),
    FString(Vec<FormatPart>),
    Bool(BoolOp, Vec<Expr>),
    Binary(Box<Expr>, BinOp, Box<Expr>),
    Unary(UnaryOp, Box<Expr>),
    Compare(Box<Expr>, Vec<(CmpOp, Expr)>),
    Call(Box<Expr>, Vec<Expr>, Vec<(Option<Symbol>, Expr)>),
    Attribute(Box<Expr>, Symbol),
    Subscript(Box<Expr>, Box<Expr>),
    Slice([Option<Box<Expr>>; 3]),
    Starred(Box<Expr>),
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    Set(Vec<Expr>),
    /// A key of `None` is `**mapping`.
    Dict(Vec<(Option<Expr>, Expr)>),
    Comprehension(Box<Comprehension>),
    Lambda(Box<Function>),
    If(Box<(Expr, Expr, Expr)>),
    Named(Symbol, Box<Expr>),
    Yield(Option<Box<Expr>>),
    YieldFrom(Box<Expr>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Constant {
    None,
    Ellipsis,
    Bool(bool),
    Int(BigInt),
    Float(f64),
    Str(String),
    Bytes(Vec<u8>),
}

#[derive(Debug)]
pub(crate) enum FormatPart {
    Literal(String),
    Value { value: Expr, conversion: Option<char>, spec: Option<Vec<FormatPart>> },
}

#[derive(Debug)]
pub(crate) struct Comprehension {
    pub(crate) scope: ScopeId,
    pub(crate) kind: ComprehensionKind,
    pub(crate) clauses: Vec<Clause>,
}

#[derive(Debug)]
pub(crate) enum ComprehensionKind {
    List(Expr),
    Set(Expr),
    Dict(Expr, Expr),
    Generator(Expr),
}

#[derive(Debug)]
pub(crate) struct Clause {
    pub(crate) target: Expr,
    pub(crate) iter: Expr,
    pub(crate) conditions: Vec<Expr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BoolOp {
    And,
    Or,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum BinOp {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
    LShift,
    RShift,
    And,
    Or,
    Xor,
    MatMul,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnaryOp {
    Neg,
    Pos,
    Invert,
    Not,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CmpOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Is,
    IsNot,
    In,
    NotIn,
}
