//! Interned names: attribute and variable names are compared as numbers.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use crate::object::storage::Refused;

/// A name, interned for the thread's life.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Symbol(u32);

/// The names live as long as the process: a table of them is never taken down.
#[derive(Default)]
struct Interner {
    by_name: HashMap<&'static str, Symbol>,
    names: Vec<&'static str>,
}

thread_local! {
    static INTERNER: RefCell<Interner> = RefCell::new(Interner::with_known_names());
}

impl Interner {
    fn with_known_names() -> Interner {
        let mut interner = Interner::default();
        for name in KNOWN {
            interner.add(name);
        }
        interner
    }

    fn add(&mut self, name: &'static str) -> Symbol {
        let symbol = Symbol(self.names.len() as u32);
        self.names.push(name);
        self.by_name.insert(name, symbol);
        symbol
    }

    /// A new name, if there is memory for it.
    fn try_add(&mut self, name: &str) -> Result<Symbol, Refused> {
        if let Some(&known) = self.by_name.get(name) {
            return Ok(known);
        }
        self.names.try_reserve(1).map_err(|_| Refused)?;
        self.by_name.try_reserve(1).map_err(|_| Refused)?;
        let mut copy = String::new();
        copy.try_reserve_exact(name.len()).map_err(|_| Refused)?;
        copy.push_str(name);
        Ok(self.add(copy.leak()))
    }
}

impl Symbol {
    /// For names in minipy's own source, and those of a program's text.
    pub(crate) fn new(name: &str) -> Symbol {
        Symbol::known(name).unwrap_or_else(|| INTERNER.with_borrow_mut(|interner| interner.add(name.to_owned().leak())))
    }

    /// The symbol of a name that was met before.
    pub(crate) fn known(name: &str) -> Option<Symbol> {
        INTERNER.with_borrow(|interner| interner.by_name.get(name).copied())
    }

    /// For a name that a script made, which was not met before: see `Vm::symbol`.
    pub(crate) fn make(name: &str) -> Result<Symbol, Refused> {
        INTERNER.with_borrow_mut(|interner| interner.try_add(name))
    }

    pub(crate) fn name(self) -> &'static str {
        INTERNER.with_borrow(|interner| interner.names[self.0 as usize])
    }

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Declares names that the interpreter itself uses, as constants.
macro_rules! known {
    ($($ident:ident = $name:literal,)*) => {
        const KNOWN: &[&str] = &[$($name),*];
        #[allow(dead_code, non_camel_case_types, clippy::upper_case_acronyms, clippy::enum_variant_names, reason = "only numbers the names")]
        enum Number { $($ident),* }
        $(pub(crate) const $ident: Symbol = Symbol(Number::$ident as u32);)*
    };
}

known! {
    INIT = "__init__", NEW = "__new__", DEL = "__del__", REPR = "__repr__", STR = "__str__",
    EQ = "__eq__", NE = "__ne__", LT = "__lt__", LE = "__le__", GT = "__gt__", GE = "__ge__",
    HASH = "__hash__", BOOL = "__bool__", LEN = "__len__", GETITEM = "__getitem__",
    SETITEM = "__setitem__", DELITEM = "__delitem__", CONTAINS = "__contains__", ITER = "__iter__",
    NEXT = "__next__", REVERSED = "__reversed__", CALL = "__call__", GETATTR = "__getattr__",
    GETATTRIBUTE = "__getattribute__", SETATTR = "__setattr__", DELATTR = "__delattr__",
    ENTER = "__enter__", EXIT = "__exit__", GET = "__get__", SET = "__set__", DELETE = "__delete__",
    SET_NAME = "__set_name__", INIT_SUBCLASS = "__init_subclass__", FORMAT = "__format__",
    INDEX = "__index__", INT = "__int__", FLOAT = "__float__", ABS = "__abs__", ROUND = "__round__",
    NEG = "__neg__", POS = "__pos__", INVERT = "__invert__",
    ADD = "__add__", SUB = "__sub__", MUL = "__mul__", TRUEDIV = "__truediv__",
    FLOORDIV = "__floordiv__", MOD = "__mod__", POW = "__pow__", LSHIFT = "__lshift__",
    RSHIFT = "__rshift__", AND = "__and__", OR = "__or__", XOR = "__xor__", MATMUL = "__matmul__",
    RADD = "__radd__", RSUB = "__rsub__", RMUL = "__rmul__", RTRUEDIV = "__rtruediv__",
    RFLOORDIV = "__rfloordiv__", RMOD = "__rmod__", RPOW = "__rpow__", RLSHIFT = "__rlshift__",
    RRSHIFT = "__rrshift__", RAND = "__rand__", ROR = "__ror__", RXOR = "__rxor__",
    RMATMUL = "__rmatmul__",
    IADD = "__iadd__", ISUB = "__isub__", IMUL = "__imul__", ITRUEDIV = "__itruediv__",
    IFLOORDIV = "__ifloordiv__", IMOD = "__imod__", IPOW = "__ipow__", ILSHIFT = "__ilshift__",
    IRSHIFT = "__irshift__", IAND = "__iand__", IOR = "__ior__", IXOR = "__ixor__",
    IMATMUL = "__imatmul__",
    CLASS = "__class__", DICT = "__dict__", NAME = "__name__", QUALNAME = "__qualname__",
    MODULE = "__module__", DOC = "__doc__", SLOTS = "__slots__", MRO = "__mro__", BASES = "__bases__",
    WEAKREF = "__weakref__", FILE = "__file__", ANNOTATIONS = "__annotations__",
    SELF = "__self__", FUNC = "__func__", WRAPPED = "__wrapped__", DEFAULTS = "__defaults__",
    CLOSURE = "__closure__", MAIN = "__main__",
    MISSING = "__missing__", DIR = "__dir__",     ARGS = "args", CAUSE = "__cause__", CONTEXT = "__context__", TRACEBACK = "__traceback__",
    SUPPRESS_CONTEXT = "__suppress_context__", NOTES = "__notes__", CODE_ATTR = "code",
    VALUE = "value",     SUPER = "super", KEYS = "keys", ITEMS = "items", KEY = "key", REVERSE = "reverse", DEFAULT = "default",
    SEP = "sep", END = "end", FILE_ARG = "file", FLUSH = "flush", START = "start", STRICT = "strict",
    WRITE = "write", GENERATION = "generation", CALLBACK = "__callback__", SEND = "send",
    LAMBDA = "<lambda>", GENEXPR = "<genexpr>",
    MODULE_CODE = "<module>",     MAXSPLIT = "maxsplit",
    BASE = "base",             CLASS_GETITEM = "__class_getitem__",         CLASS_BASE = "__base__",
}
