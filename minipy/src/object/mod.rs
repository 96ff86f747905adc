//! The object model: one file per type.
//!
//! Every value is an [`AnyGc`], a counted handle to a managed object. What a type can do is in its [`Slots`], the host
//! protocol table that the runtime reaches from any object. Objects change through `Cell`s and `RefCell`s. No borrow is
//! ever held while a value is dropped or script code runs: values are taken out first.

pub(crate) mod attribute_dict;
pub(crate) mod attrs;
pub(crate) mod bound_method;
pub(crate) mod builtin_function;
pub(crate) mod bytes;
pub(crate) mod cell;
pub(crate) mod class;
pub(crate) mod class_table;
pub(crate) mod descriptors;
pub(crate) mod dict;
pub(crate) mod dict_views;
pub(crate) mod exception;
pub(crate) mod float;
pub(crate) mod float_text;
pub(crate) mod function;
pub(crate) mod generator;
pub(crate) mod hash_table;
pub(crate) mod instance;

pub(crate) mod instance_slots;
pub(crate) mod int;
pub(crate) mod items;
pub(crate) mod iterators;
pub(crate) mod list;
pub(crate) mod list_methods;
pub(crate) mod module;
pub(crate) mod object_class;
pub(crate) mod range;
pub(crate) mod set;
pub(crate) mod set_methods;
mod set_table;
pub(crate) mod singletons;
pub(crate) mod slice;
pub(crate) mod slots;
pub(crate) mod storage;
pub(crate) mod string;
pub(crate) mod string_methods;
pub(crate) mod super_object;
pub(crate) mod symbol;
pub(crate) mod tuple;
pub(crate) mod weak;

use smallvec::SmallVec;
use tailbite::AnyGc;

use crate::object::symbol::Symbol;
pub(crate) use slots::Slots;

/// Any object of a script.
pub(crate) type Value = AnyGc;

/// An exception on its way; holds the exception instance.
#[derive(Debug)]
pub(crate) struct Raised(pub(crate) Value);

/// The result of whatever may raise.
pub(crate) type R<T = Value> = Result<T, Raised>;

/// The arguments of a call. The callee owns them: a temporary dies when the callee is done with it.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) positional: SmallVec<[Value; 4]>,
    pub(crate) keywords: Vec<(Symbol, Value)>,
}

impl Args {
    pub(crate) fn new(positional: impl IntoIterator<Item = Value>) -> Args {
        Args { positional: positional.into_iter().collect(), keywords: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.positional.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Value> {
        self.positional.get(index)
    }

    pub(crate) fn this(&self) -> &Value {
        &self.positional[0]
    }

    pub(crate) fn take_keyword(&mut self, name: Symbol) -> Option<Value> {
        let at = self.keywords.iter().position(|(keyword, _)| *keyword == name)?;
        Some(self.keywords.remove(at).1)
    }
}

impl std::ops::Index<usize> for Args {
    type Output = Value;

    fn index(&self, index: usize) -> &Value {
        &self.positional[index]
    }
}

/// What every object answers.
pub(crate) trait Object {
    fn slots(&self) -> &'static Slots;
}

impl Object for Value {
    fn slots(&self) -> &'static Slots {
        match self.protocol::<Slots>() {
            Some(slots) => slots,
            // The runtime's own types bring no table of ours.
            None => weak::slots_of(self),
        }
    }
}
