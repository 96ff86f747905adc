//! The interpreter: its state, and the values that scripts start with.

mod attributes;
mod calls;
mod class_statement;
mod containers;
mod conversions;
pub(crate) mod eval;
pub(crate) mod exit;
pub(crate) mod format_spec;
pub(crate) mod frame;
mod imports;
mod memory;
mod objects;
mod operations;
pub(crate) mod output;
pub(crate) mod percent;
mod protocols;
mod raising;
mod room;
pub(crate) mod template;
pub(crate) mod text;
pub(crate) mod traceback;
mod unwind;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use tailbite::{Gc, Growth, Heap, Trigger};

use crate::modules;
use crate::modules::gc::GcModule;
use crate::modules::weakref::WeakrefModule;
use crate::object::class::Class;
use crate::object::class_table::Builtin;
use crate::object::int::Int;
use crate::object::module::Namespace;
use crate::object::singletons::{Bool, Ellipsis, NoneObject, NotImplemented, Null};
use crate::object::symbol::{self, Symbol};
use crate::object::tuple::AtomTuple;
use crate::object::{R, Value, object_class};
pub(crate) use conversions::ascii;
use memory::Reserve;
use objects::Start;
use output::Output;
pub(crate) use room::Room;
pub(crate) use text::Text;

/// What a memory limit must leave for the program.
const PROGRAM: usize = 64 << 10;

/// How deep calls may nest at first.
const RECURSION_LIMIT: usize = 1000;
/// What the interpreter's thread has stack for.
pub(crate) const MAX_RECURSION: usize = 30_000;

/// One interpreter. All changes go through cells: script code may run at any call, drop or allocation.
pub(crate) struct Vm {
    none: Value,
    booleans: [Value; 2],
    ellipsis: Value,
    not_implemented: Value,
    null: Value,
    empty_tuple: Value,
    /// -5 to 256.
    small_ints: Vec<Value>,
    empty_str: Value,
    /// Strings of one ASCII character.
    chars: Vec<Value>,
    classes: Vec<Gc<Class>>,
    /// The string object of each symbol that needed one.
    names: RefCell<Vec<Option<Value>>>,
    pub(crate) builtins: Gc<Namespace>,
    pub(crate) modules: RefCell<Vec<(Symbol, Value)>>,
    /// The exceptions being handled, of all running frames.
    handled: RefCell<Vec<Value>>,
    depth: Cell<usize>,
    pub(crate) recursion_limit: Cell<usize>,
    /// Containers whose `repr` is being made.
    in_repr: RefCell<Vec<usize>>,
    pub(crate) gc: GcModule,
    pub(crate) weakref: WeakrefModule,
    pub(crate) output: Output,
    pub(crate) argv: Vec<String>,
    /// Source files that were run, for tracebacks.
    sources: RefCell<HashMap<Rc<str>, Rc<str>>>,
    reserve: Reserve,
    /// What the names take that scripts have made.
    names_room: RefCell<Room>,
    /// Objects to be made until the next look at what memory is left.
    until_check: Cell<u32>,
    heap: Heap,
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<Vm>>> = const { RefCell::new(None) };
}

/// Counts one level of recursion while it lives.
pub(crate) struct Recursion<'a>(&'a Cell<usize>);

impl Drop for Recursion<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Marks a container as being printed while it lives.
pub(crate) struct ReprGuard<'a> {
    vm: &'a Vm,
    _recursion: Recursion<'a>,
}

impl Drop for ReprGuard<'_> {
    fn drop(&mut self) {
        self.vm.in_repr.borrow_mut().pop();
    }
}

impl Vm {
    /// Makes the thread's interpreter, which may use so many bytes.
    pub(crate) fn start(argv: Vec<String>, limit: Option<usize>, debug: bool) -> Result<Rc<Vm>, String> {
        let heap = Heap::new();
        heap.set_debug_heap(debug);
        // Collections start where the interpreter is ready for them, not inside allocations.
        heap.set_trigger(Trigger::Safepoint);
        // In CPython's sequence.
        heap.set_blind_promotion(false);
        heap.set_growth(Growth::percent(25));
        let start = Start(&heap);
        let boolean = |value: bool| start.immortal(Bool { value, int: Int::Small(value.into()) });
        let vm = Rc::new(Vm {
            none: start.immortal(NoneObject),
            booleans: [false, true].map(boolean),
            ellipsis: start.immortal(Ellipsis),
            not_implemented: start.immortal(NotImplemented),
            null: start.immortal(Null),
            small_ints: (-5..=256).map(|int| start.immortal(Int::Small(int))).collect(),
            empty_str: start.str(""),
            chars: (0..128).map(|c| start.str(&char::from(c).to_string())).collect(),
            empty_tuple: start.immortal(AtomTuple::empty(&heap)),
            classes: make_classes(&heap),
            names: RefCell::default(),
            builtins: heap.alloc(Namespace::new(&heap)),
            modules: RefCell::default(),
            handled: RefCell::default(),
            depth: Cell::new(0),
            recursion_limit: Cell::new(RECURSION_LIMIT),
            in_repr: RefCell::default(),
            gc: GcModule::default(),
            weakref: WeakrefModule::default(),
            output: Output::default(),
            argv,
            sources: RefCell::default(),
            reserve: Reserve::default(),
            names_room: RefCell::default(),
            until_check: Cell::new(0),
            heap,
        });
        vm.fill().map_err(|_| "there is not enough memory to start".to_owned())?;
        let used = vm.heap.used_bytes();
        if let Some(limit) = limit.filter(|limit| *limit < used + PROGRAM) {
            return Err(format!(
                "a memory limit of {limit} bytes is too small to start: {} are needed",
                used + PROGRAM
            ));
        }
        vm.heap.set_memory_limit(limit);
        CURRENT.set(Some(vm.clone()));
        Ok(vm)
    }

    fn fill(&self) -> R<()> {
        self.fill_reserve();
        for class in &self.classes {
            object_class::fill(self, class)?;
            self.heap.make_immortal(class);
        }
        modules::builtins::fill(self)
    }

    /// Runs `f` with the thread's interpreter, if it still runs: how callbacks from the runtime find it.
    pub(crate) fn with_current(f: impl FnOnce(&Vm)) {
        let vm = CURRENT.with_borrow(Clone::clone);
        if let Some(vm) = vm {
            f(&vm);
        }
    }

    pub(crate) fn heap(&self) -> &Heap {
        &self.heap
    }

    pub(crate) fn class(&self, builtin: Builtin) -> &Gc<Class> {
        &self.classes[builtin as usize]
    }

    pub(crate) fn none(&self) -> Value {
        self.none.clone()
    }

    #[inline]
    pub(crate) fn is_none(&self, value: &Value) -> bool {
        Value::ptr_eq(value, &self.none)
    }

    #[inline]
    pub(crate) fn bool(&self, value: bool) -> Value {
        self.booleans[usize::from(value)].clone()
    }

    pub(crate) fn ellipsis(&self) -> Value {
        self.ellipsis.clone()
    }

    pub(crate) fn not_implemented(&self) -> Value {
        self.not_implemented.clone()
    }

    pub(crate) fn is_not_implemented(&self, value: &Value) -> bool {
        Value::ptr_eq(value, &self.not_implemented)
    }

    /// One level deeper, or a `RecursionError`.
    pub(crate) fn recurse(&self) -> R<Recursion<'_>> {
        let depth = self.depth.get() + 1;
        if depth > self.recursion_limit.get() {
            return Err(self.exception(Builtin::RecursionError, "maximum recursion depth exceeded"));
        }
        self.depth.set(depth);
        Ok(Recursion(&self.depth))
    }

    /// Begins the `repr` of a container; `None` if it is inside its own.
    pub(crate) fn enter_repr(&self, container: &Value) -> R<Option<ReprGuard<'_>>> {
        let address = container.address();
        if self.in_repr.borrow().contains(&address) {
            return Ok(None);
        }
        let recursion = self.recurse()?;
        self.in_repr.borrow_mut().push(address);
        Ok(Some(ReprGuard { vm: self, _recursion: recursion }))
    }

    pub(crate) fn remember_source(&self, filename: &str, source: &str) {
        self.sources.borrow_mut().insert(filename.into(), source.into());
    }

    /// A line of a source file that was run, without its indentation.
    pub(crate) fn source_line(&self, filename: &str, line: u32) -> Option<String> {
        Some(self.raw_source_line(filename, line)?.trim().to_owned())
    }

    /// The same with its indentation.
    pub(crate) fn raw_source_line(&self, filename: &str, line: u32) -> Option<String> {
        let source = self.sources.borrow().get(filename).cloned()?;
        Some(source.lines().nth(line.checked_sub(1)? as usize)?.to_owned())
    }

    pub(crate) fn clear_handled(&self) {
        let handled = self.handled.take();
        drop(handled);
    }

    /// The value of `__main__.__name__` and the like: a module's variable.
    pub(crate) fn module_name(&self, globals: &Namespace) -> R {
        globals.get(symbol::NAME).map_or_else(|| self.name(symbol::MAIN), Ok)
    }
}

fn make_classes(heap: &Heap) -> Vec<Gc<Class>> {
    let mut classes: Vec<Gc<Class>> = Vec::new();
    for &builtin in Builtin::ALL {
        let base = (builtin != Builtin::Object).then(|| classes[builtin.base() as usize].clone());
        classes.push(Class::new_builtin(heap, builtin, base));
    }
    classes
}
