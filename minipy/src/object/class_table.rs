//! The builtin classes: their names, bases, constructors and methods.

use crate::modules::weakref;
use crate::object::builtin_function::{Method, NativeFn, method};
use crate::object::slots::Slots;
use crate::object::{
    bytes, descriptors, dict, exception, float, generator, int, iterators, list, list_methods, object_class, range,
    set, set_methods, singletons, slice, string, string_methods, super_object, tuple, weak,
};

macro_rules! builtin_classes {
    ($($variant:ident $name:literal $base:ident,)*) => {
        /// A builtin class.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        #[repr(u8)]
        #[allow(clippy::enum_variant_names, reason = "the names are Python's")]
        pub(crate) enum Builtin { $($variant),* }

        impl Builtin {
            /// All of them, bases first.
            pub(crate) const ALL: &[Builtin] = &[$(Builtin::$variant),*];

            pub(crate) fn name(self) -> &'static str {
                match self { $(Builtin::$variant => $name),* }
            }

            /// The base class; that of `object` is `object`.
            pub(crate) fn base(self) -> Builtin {
                match self { $(Builtin::$variant => Builtin::$base),* }
            }
        }
    };
}

builtin_classes! {
    Object "object" Object,
    Type "type" Object,
    NoneType "NoneType" Object,
    Ellipsis "ellipsis" Object,
    NotImplemented "NotImplementedType" Object,
    Int "int" Object,
    Bool "bool" Int,
    Float "float" Object,
    Str "str" Object,
    Bytes "bytes" Object,
    Tuple "tuple" Object,
    List "list" Object,
    Dict "dict" Object,
    Set "set" Object,
    FrozenSet "frozenset" Object,
    Range "range" Object,
    Slice "slice" Object,
    Function "function" Object,
    BuiltinFunction "builtin_function_or_method" Object,
    Method "method" Object,
    Property "property" Object,
    StaticMethod "staticmethod" Object,
    ClassMethod "classmethod" Object,
    Super "super" Object,
    Module "module" Object,
    Cell "cell" Object,
    Code "code" Object,
    Traceback "traceback" Object,
    Generator "generator" Object,
    Iterator "iterator" Object,
    ListIterator "list_iterator" Object,
    ListReverseIterator "list_reverseiterator" Object,
    TupleIterator "tuple_iterator" Object,
    StrIterator "str_ascii_iterator" Object,
    BytesIterator "bytes_iterator" Object,
    RangeIterator "range_iterator" Object,
    DictIterator "dict_keyiterator" Object,
    SetIterator "set_iterator" Object,
    CallableIterator "callable_iterator" Object,
    Reversed "reversed" Object,
    Enumerate "enumerate" Object,
    Zip "zip" Object,
    Map "map" Object,
    Filter "filter" Object,
    DictView "dict_view" Object,
    AttributeDict "dict" Object,
    WeakRef "ReferenceType" Object,
    Proxy "ProxyType" Object,
    CallableProxy "CallableProxyType" Object,
    WeakMethod "WeakMethod" WeakRef,
    WeakKeyDictionary "WeakKeyDictionary" Object,
    WeakValueDictionary "WeakValueDictionary" Object,
    WeakSet "WeakSet" Object,
    WeakIterator "generator" Object,
    Finalize "finalize" Object,
    TextStream "TextIOWrapper" Object,
    SimpleNamespace "SimpleNamespace" Object,
    BaseException "BaseException" Object,
    SystemExit "SystemExit" BaseException,
    KeyboardInterrupt "KeyboardInterrupt" BaseException,
    GeneratorExit "GeneratorExit" BaseException,
    Exception "Exception" BaseException,
    StopIteration "StopIteration" Exception,
    ArithmeticError "ArithmeticError" Exception,
    FloatingPointError "FloatingPointError" ArithmeticError,
    OverflowError "OverflowError" ArithmeticError,
    ZeroDivisionError "ZeroDivisionError" ArithmeticError,
    AssertionError "AssertionError" Exception,
    AttributeError "AttributeError" Exception,
    BufferError "BufferError" Exception,
    EOFError "EOFError" Exception,
    ImportError "ImportError" Exception,
    ModuleNotFoundError "ModuleNotFoundError" ImportError,
    LookupError "LookupError" Exception,
    IndexError "IndexError" LookupError,
    KeyError "KeyError" LookupError,
    MemoryError "MemoryError" Exception,
    NameError "NameError" Exception,
    UnboundLocalError "UnboundLocalError" NameError,
    OSError "OSError" Exception,
    FileNotFoundError "FileNotFoundError" OSError,
    PermissionError "PermissionError" OSError,
    TimeoutError "TimeoutError" OSError,
    BrokenPipeError "BrokenPipeError" OSError,
    ReferenceError "ReferenceError" Exception,
    RuntimeError "RuntimeError" Exception,
    NotImplementedError "NotImplementedError" RuntimeError,
    RecursionError "RecursionError" RuntimeError,
    SyntaxError "SyntaxError" Exception,
    IndentationError "IndentationError" SyntaxError,
    SystemError "SystemError" Exception,
    TypeError "TypeError" Exception,
    ValueError "ValueError" Exception,
    UnicodeError "UnicodeError" ValueError,
    Warning "Warning" Exception,
    UserWarning "UserWarning" Warning,
    DeprecationWarning "DeprecationWarning" Warning,
    RuntimeWarning "RuntimeWarning" Warning,
    ResourceWarning "ResourceWarning" Warning,
}

/// What a builtin class consists of.
pub(crate) struct ClassSpec {
    /// Makes an object of exactly this class; `None`: scripts can't.
    pub(crate) make: Option<NativeFn>,
    pub(crate) methods: &'static [&'static [Method]],
    pub(crate) static_methods: &'static [Method],
    /// Whose operations become `__dunder__` methods.
    pub(crate) slots: Option<&'static Slots>,
    /// Whether a script may derive from it.
    pub(crate) is_base: bool,
}

const EMPTY: ClassSpec = ClassSpec { make: None, methods: &[], static_methods: &[], slots: None, is_base: false };

/// An iterator made by calling its class.
const fn iterator(make: NativeFn, slots: &'static Slots) -> ClassSpec {
    ClassSpec { make: Some(make), slots: Some(slots), ..EMPTY }
}

impl Builtin {
    pub(crate) fn is_exception(self) -> bool {
        self as u8 >= Builtin::BaseException as u8
    }

    /// The module it says it is from.
    pub(crate) fn module(self) -> &'static str {
        match self {
            Builtin::WeakRef | Builtin::Proxy | Builtin::CallableProxy => "weakref",
            Builtin::WeakMethod | Builtin::WeakKeyDictionary | Builtin::WeakValueDictionary | Builtin::Finalize => {
                "weakref"
            }
            Builtin::WeakSet => "_weakrefset",
            Builtin::SimpleNamespace => "types",
            Builtin::TextStream => "_io",
            _ => "builtins",
        }
    }

    pub(crate) fn spec(self) -> ClassSpec {
        match self {
            Builtin::Object => ClassSpec {
                make: Some(object_class::make),
                methods: &[object_class::METHODS],
                static_methods: object_class::STATIC_METHODS,
                is_base: true,
                ..EMPTY
            },
            Builtin::Type => {
                ClassSpec { make: Some(object_class::make_type), methods: &[object_class::TYPE_METHODS], ..EMPTY }
            }
            Builtin::Int => ClassSpec {
                make: Some(int::make),
                methods: const { &[&[method("bit_length", 0, 0, int::bit_length)]] },
                slots: Some(&int::SLOTS),
                is_base: true,
                ..EMPTY
            },
            Builtin::Bool => ClassSpec { make: Some(singletons::make_bool), slots: Some(&singletons::BOOL), ..EMPTY },
            Builtin::Float => ClassSpec {
                make: Some(float::make),
                methods: const { &[&[method("is_integer", 0, 0, float::is_integer)]] },
                slots: Some(&float::SLOTS),
                is_base: true,
                ..EMPTY
            },
            Builtin::Str => ClassSpec {
                make: Some(string::make),
                methods: &[string_methods::METHODS],
                slots: Some(&string::SLOTS),
                is_base: true,
                ..EMPTY
            },
            Builtin::Bytes => ClassSpec {
                make: Some(bytes::make),
                methods: const { &[&[method("decode", 0, 2, string_methods::decode)]] },
                slots: Some(&bytes::SLOTS),
                ..EMPTY
            },
            Builtin::Tuple => ClassSpec {
                make: Some(tuple::make),
                methods: const { &[&[method("count", 1, 1, tuple::count), method("index", 1, 1, tuple::index)]] },
                slots: Some(&tuple::SLOTS),
                is_base: true,
                ..EMPTY
            },
            Builtin::List => ClassSpec {
                make: Some(list::make),
                methods: &[list_methods::METHODS],
                slots: Some(&list::SLOTS),
                is_base: true,
                ..EMPTY
            },
            Builtin::Dict => ClassSpec {
                make: Some(dict::make),
                methods: &[dict::METHODS],
                static_methods: const { &[method("fromkeys", 1, 2, dict::from_keys)] },
                slots: Some(&dict::SLOTS),
                is_base: true,
            },
            Builtin::Set => ClassSpec {
                make: Some(set::make),
                methods: &[set_methods::METHODS, set_methods::COMMON],
                slots: Some(&set::SLOTS),
                is_base: true,
                ..EMPTY
            },
            Builtin::FrozenSet => ClassSpec {
                make: Some(set::make_frozen),
                methods: &[set_methods::COMMON],
                slots: Some(&set::FROZEN_SLOTS),
                ..EMPTY
            },
            Builtin::Range => ClassSpec {
                make: Some(range::make),
                methods: const { &[&[method("__reversed__", 0, 0, range::reversed)]] },
                slots: Some(&range::SLOTS),
                ..EMPTY
            },
            Builtin::Slice => ClassSpec {
                make: Some(slice::make),
                methods: const { &[&[method("indices", 1, 1, slice::indices)]] },
                ..EMPTY
            },
            Builtin::Property => {
                ClassSpec { make: Some(descriptors::make_property), methods: &[descriptors::PROPERTY_METHODS], ..EMPTY }
            }
            Builtin::StaticMethod => {
                ClassSpec { make: Some(|vm, args| vm.alloc(descriptors::StaticMethod(args[0].clone()))), ..EMPTY }
            }
            Builtin::ClassMethod => {
                ClassSpec { make: Some(|vm, args| vm.alloc(descriptors::ClassMethod(args[0].clone()))), ..EMPTY }
            }
            Builtin::Super => ClassSpec { make: Some(super_object::make), ..EMPTY },
            Builtin::Generator => ClassSpec { methods: &[generator::METHODS], slots: Some(&generator::SLOTS), ..EMPTY },
            Builtin::Enumerate => iterator(iterators::make_enumerate, &iterators::ENUMERATE),
            Builtin::Zip => iterator(iterators::make_zip, &iterators::ZIP),
            Builtin::Map => iterator(iterators::make_map, &iterators::MAP),
            Builtin::Filter => iterator(iterators::make_filter, &iterators::FILTER),
            Builtin::Reversed => iterator(iterators::make_reversed, &iterators::INDEX),
            Builtin::Iterator
            | Builtin::ListIterator
            | Builtin::ListReverseIterator
            | Builtin::TupleIterator
            | Builtin::StrIterator
            | Builtin::BytesIterator => ClassSpec { slots: Some(&iterators::INDEX), ..EMPTY },
            Builtin::RangeIterator => ClassSpec { slots: Some(&range::ITERATOR), ..EMPTY },
            Builtin::DictIterator => ClassSpec { slots: Some(&crate::object::dict_views::ITERATOR), ..EMPTY },
            Builtin::SetIterator => ClassSpec { slots: Some(&set::ITERATOR), ..EMPTY },
            Builtin::CallableIterator => ClassSpec { slots: Some(&iterators::CALLABLE), ..EMPTY },
            Builtin::DictView => ClassSpec { slots: Some(&crate::object::dict_views::VIEW), ..EMPTY },
            Builtin::WeakRef => ClassSpec { make: Some(weak::make_ref), slots: Some(&weak::REF), ..EMPTY },
            Builtin::AttributeDict => ClassSpec {
                methods: &[crate::object::attribute_dict::METHODS],
                slots: Some(&crate::object::attribute_dict::SLOTS),
                ..EMPTY
            },
            Builtin::BaseException => ClassSpec { methods: &[exception::METHODS], is_base: true, ..EMPTY },
            Builtin::SimpleNamespace => ClassSpec { is_base: true, ..EMPTY },
            class if class.is_exception() => ClassSpec { is_base: true, ..EMPTY },
            class => weakref::spec(class).unwrap_or(EMPTY),
        }
    }

    /// The class whose data an instance of a class derived from this one carries.
    pub(crate) fn layout(self) -> Builtin {
        if self.is_exception() {
            return Builtin::BaseException;
        }
        match self {
            Builtin::SimpleNamespace => Builtin::Object,
            layout => layout,
        }
    }
}
