//! Attributes: finding, binding, setting, deleting.

use tailbite::Gc;

use super::Vm;
use crate::object::builtin_function::{BuiltinFunction, Receiver};
use crate::object::class::Class;
use crate::object::class_table::Builtin;
use crate::object::descriptors::{ClassMethod, Property, StaticMethod};
use crate::object::function::Function;
use crate::object::instance::Instance;
use crate::object::items::Items;
use crate::object::iterators::IndexIterator;
use crate::object::string::Str;
use crate::object::symbol::{self, Symbol};
use crate::object::{Args, Object, R, Raised, Value, exception, weak};

impl Vm {
    #[inline]
    pub(crate) fn class_of<'a>(&'a self, value: &'a Value) -> &'a Gc<Class> {
        if let Some(instance) = value.downcast_ref::<Instance>() {
            return &instance.class;
        }
        if let Some(iterator) = value.downcast_ref::<IndexIterator>() {
            return self.class(iterator.class());
        }
        let class = value.slots().class;
        if class == Builtin::Proxy && weak::is_callable_proxy(self, value) {
            return self.class(Builtin::CallableProxy);
        }
        self.class(class)
    }

    pub(crate) fn type_name(&self, value: &Value) -> String {
        let class = self.class_of(value);
        // CPython names types of modules in full.
        match class.builtin {
            Builtin::WeakRef if class.is_builtin => "weakref.ReferenceType".to_owned(),
            Builtin::Proxy if class.is_builtin => "weakref.ProxyType".to_owned(),
            Builtin::CallableProxy if class.is_builtin => "weakref.CallableProxyType".to_owned(),
            _ => class.name.borrow().to_string(),
        }
    }

    pub(crate) fn is_instance(&self, value: &Value, builtin: Builtin) -> bool {
        self.class_of(value).is_subclass_of_builtin(builtin)
    }

    pub(crate) fn get_attr(&self, object: &Value, name: Symbol) -> R {
        match self.find_attr(object, name)? {
            Some(value) => Ok(value),
            None => Err(self.no_attr(object, name)),
        }
    }

    /// The same without an error where there is no such attribute.
    pub(crate) fn find_attr(&self, object: &Value, name: Symbol) -> R<Option<Value>> {
        let Some(instance) = object.downcast_ref::<Instance>() else {
            return self.default_get_attr(object, name);
        };
        if instance.class.custom_access.get()
            && let Some(hook) = instance.class.lookup(symbol::GETATTRIBUTE)
            && hook.is::<Function>()
        {
            let result = self.call(&hook, Args::new([object.clone(), self.name(name)?]));
            return match result {
                Ok(value) => Ok(Some(value)),
                Err(raised) if self.is_instance(&raised.0, Builtin::AttributeError) => {
                    match self.call_special(object, symbol::GETATTR, [self.name(name)?])? {
                        Some(value) => Ok(Some(value)),
                        None => Err(raised),
                    }
                }
                Err(raised) => Err(raised),
            };
        }
        let found = self.default_get_attr(object, name);
        match found {
            Ok(Some(value)) => Ok(Some(value)),
            Ok(None) => self.call_special(object, symbol::GETATTR, [self.name(name)?]),
            // A property that raises AttributeError counts as missing where there is a `__getattr__`.
            Err(raised) if self.is_instance(&raised.0, Builtin::AttributeError) => {
                match self.call_special(object, symbol::GETATTR, [self.name(name)?])? {
                    Some(value) => Ok(Some(value)),
                    None => Err(raised),
                }
            }
            Err(raised) => Err(raised),
        }
    }

    /// What `object.__getattribute__` does.
    pub(crate) fn default_get_attr(&self, object: &Value, name: Symbol) -> R<Option<Value>> {
        if let Some(class) = object.downcast_ref::<Class>() {
            return self.get_class_attr(object, class, name);
        }
        if let Some(instance) = object.downcast_ref::<Instance>() {
            let in_class = instance.class.lookup(name);
            if let Some(descriptor) = &in_class
                && self.is_data_descriptor(descriptor)
            {
                return self.bind(descriptor.clone(), object).map(Some);
            }
            if let Some(value) = instance.attrs.get(name) {
                return Ok(Some(value));
            }
            if let Some(value) = exception::get_attr(self, object, name)? {
                return Ok(Some(value));
            }
            if let Some(value) = in_class {
                return self.bind(value, object).map(Some);
            }
            return match name {
                symbol::CLASS => Ok(Some(Gc::as_any(&instance.class))),
                symbol::DICT if instance.class.has_dict() => {
                    Ok(Some(self.alloc(crate::object::attribute_dict::InstanceDict(object.clone()))?))
                }
                symbol::DOC => Ok(Some(self.none())),
                _ => Ok(None),
            };
        }
        if let Some(get_attr) = object.slots().get_attr
            && let Some(value) = get_attr(self, object, name)?
        {
            return Ok(Some(value));
        }
        if name == symbol::CLASS {
            return Ok(Some(Gc::as_any(self.class_of(object))));
        }
        match self.class_of(object).lookup(name) {
            Some(value) => self.bind(value, object).map(Some),
            None if name == symbol::DOC => Ok(Some(self.none())),
            None => Ok(None),
        }
    }

    fn get_class_attr(&self, object: &Value, class: &Class, name: Symbol) -> R<Option<Value>> {
        Ok(Some(match name {
            symbol::NAME => self.text_object(&class.name)?,
            symbol::QUALNAME => self.text_object(&class.qualname)?,
            symbol::MRO => self.tuple(Items::collect(self, class.mro().into_iter().map(Gc::erase))?)?,
            symbol::BASES => self.tuple(Items::collect(self, class.bases.iter().map(Gc::as_any))?)?,
            symbol::CLASS_BASE => match class.bases.first() {
                Some(base) => Gc::as_any(base),
                None => self.none(),
            },
            symbol::DICT => self.dict_of_names(&class.attrs)?,
            symbol::CLASS => Gc::as_any(self.class(Builtin::Type)),
            symbol::MODULE if class.is_builtin => self.str(class.builtin.module())?,
            symbol::DOC => class.attrs.get(name).unwrap_or_else(|| self.none()),
            _ => match class.lookup(name) {
                Some(value) => self.bind_class_attr(value, object)?,
                None => match self.class(Builtin::Type).lookup(name) {
                    Some(value) => self.bind(value, object)?,
                    None => return Ok(None),
                },
            },
        }))
    }

    fn is_data_descriptor(&self, value: &Value) -> bool {
        value.is::<Property>()
            || value.downcast_ref::<Instance>().is_some_and(|instance| {
                instance.class.lookup(symbol::SET).is_some() || instance.class.lookup(symbol::DELETE).is_some()
            })
    }

    /// What a class attribute becomes when it is got from an instance.
    pub(crate) fn bind(&self, value: Value, this: &Value) -> R {
        if value.is::<Function>() {
            return self.bound_method(value, this.clone());
        }
        if let Some(function) = value.downcast_ref::<BuiltinFunction>() {
            return Ok(match function.receiver {
                Receiver::Method(_) => self.bound_method(value, this.clone())?,
                _ => value,
            });
        }
        if let Some(property) = value.downcast_ref::<Property>() {
            return match &property.get {
                Some(get) => self.call(get, Args::new([this.clone()])),
                None => Err(self.exception(Builtin::AttributeError, "unreadable attribute")),
            };
        }
        if let Some(function) = value.downcast_ref::<StaticMethod>() {
            return Ok(function.0.clone());
        }
        if let Some(function) = value.downcast_ref::<ClassMethod>() {
            let class = Gc::as_any(self.class_of(this));
            return self.bound_method(function.0.clone(), class);
        }
        if value.is::<Instance>() {
            let class = Gc::as_any(self.class_of(this));
            if let Some(result) = self.call_special(&value, symbol::GET, [this.clone(), class])? {
                return Ok(result);
            }
        }
        Ok(value)
    }

    /// What a class attribute becomes when it is got from the class.
    pub(crate) fn bind_class_attr(&self, value: Value, class: &Value) -> R {
        if let Some(function) = value.downcast_ref::<StaticMethod>() {
            return Ok(function.0.clone());
        }
        if let Some(function) = value.downcast_ref::<ClassMethod>() {
            return self.bound_method(function.0.clone(), class.clone());
        }
        if value.is::<Instance>()
            && let Some(result) = self.call_special(&value, symbol::GET, [self.none(), class.clone()])?
        {
            return Ok(result);
        }
        Ok(value)
    }

    /// A function of the class that `object.name(...)` calls with the object, if nothing else is in the way.
    #[inline]
    pub(crate) fn find_method(&self, object: &Value, name: Symbol) -> Option<Value> {
        let class = match object.downcast_ref::<Instance>() {
            Some(instance) if instance.class.custom_access.get() || instance.attrs.contains(name) => return None,
            Some(instance) => &instance.class,
            None if object.is::<Class>() || object.slots().get_attr.is_some() => return None,
            None => self.class_of(object),
        };
        let function = class.lookup(name)?;
        let is_method = function.is::<Function>()
            || function.downcast_ref::<BuiltinFunction>().is_some_and(BuiltinFunction::is_method);
        is_method.then_some(function)
    }

    pub(crate) fn set_attr(&self, object: &Value, name: Symbol, value: Value) -> R<()> {
        self.change_attr(object, name, Some(value))
    }

    pub(crate) fn delete_attr(&self, object: &Value, name: Symbol) -> R<()> {
        self.change_attr(object, name, None)
    }

    fn change_attr(&self, object: &Value, name: Symbol, value: Option<Value>) -> R<()> {
        if let Some(instance) = object.downcast_ref::<Instance>()
            && instance.class.custom_access.get()
        {
            let hook = if value.is_some() { symbol::SETATTR } else { symbol::DELATTR };
            if let Some(hook) = instance.class.lookup(hook).filter(|hook| hook.is::<Function>()) {
                let args = [object.clone(), self.name(name)?].into_iter().chain(value);
                return self.call(&hook, Args::new(args)).map(drop);
            }
        }
        self.default_set_attr(object, name, value)
    }

    /// What `object.__setattr__` and `object.__delattr__` do.
    pub(crate) fn default_set_attr(&self, object: &Value, name: Symbol, value: Option<Value>) -> R<()> {
        let deleting = value.is_none();
        let found = if let Some(instance) = object.downcast_ref::<Instance>() {
            return self.set_instance_attr(object, instance, name, value);
        } else if let Some(class) = object.downcast_ref::<Class>() {
            self.set_own_class_attr(class, name, value)?
        } else {
            match object.slots().set_attr {
                Some(set_attr) => set_attr(self, object, name, value)?,
                None => false,
            }
        };
        match found {
            true => Ok(()),
            false if deleting || object.slots().set_attr.is_some() => Err(self.no_attr(object, name)),
            false => Err(self.no_dict_for(object, name)),
        }
    }

    fn no_dict_for(&self, object: &Value, name: Symbol) -> Raised {
        let class = self.type_name(object);
        let message = format!("'{class}' object has no attribute '{name}' and no __dict__ for setting new attributes");
        self.exception(Builtin::AttributeError, message)
    }

    fn set_own_class_attr(&self, class: &Class, name: Symbol, value: Option<Value>) -> R<bool> {
        if class.is_builtin {
            let class = class.builtin.name();
            return Err(self.type_error(format!("cannot set '{name}' attribute of immutable type '{class}'")));
        }
        if let (symbol::NAME | symbol::QUALNAME, Some(value)) = (name, &value) {
            let Some(text) = Str::of(value) else {
                return Err(self.type_error("can only assign string to class.__name__"));
            };
            let cell = if name == symbol::NAME { &class.name } else { &class.qualname };
            *cell.borrow_mut() = text.as_str().into();
            return Ok(true);
        }
        class.set_attr(self, name, value)
    }

    fn set_instance_attr(&self, object: &Value, instance: &Instance, name: Symbol, value: Option<Value>) -> R<()> {
        if let Some(descriptor) = instance.class.lookup(name) {
            if let Some(property) = descriptor.downcast_ref::<Property>() {
                let (function, word) = match &value {
                    Some(_) => (&property.set, "setter"),
                    None => (&property.delete, "deleter"),
                };
                let Some(function) = function else {
                    let class = self.type_name(object);
                    let message = format!("property '{name}' of '{class}' object has no {word}");
                    return Err(self.exception(Builtin::AttributeError, message));
                };
                let args = std::iter::once(object.clone()).chain(value);
                return self.call(function, Args::new(args)).map(drop);
            }
            if descriptor.is::<Instance>() {
                let called = match &value {
                    Some(value) => self.call_special(&descriptor, symbol::SET, [object.clone(), value.clone()])?,
                    None => self.call_special(&descriptor, symbol::DELETE, [object.clone()])?,
                };
                if called.is_some() {
                    return Ok(());
                }
            }
        }
        if exception::set_attr(self, object, name, value.clone())? {
            return Ok(());
        }
        match value {
            Some(value) if instance.class.allows_attr(name) => instance.attrs.set(self, name, value),
            None if instance.attrs.remove(name) => Ok(()),
            None => Err(self.no_attr(object, name)),
            Some(_) => {
                let class = self.type_name(object);
                if instance.class.lookup(name).is_none() {
                    return Err(self.no_dict_for(object, name));
                }
                let message = format!("'{class}' object attribute '{name}' is read-only");
                Err(self.exception(Builtin::AttributeError, message))
            }
        }
    }

    /// An attribute name given as an object.
    pub(crate) fn attr_name(&self, name: &Value) -> R<Symbol> {
        match Str::of(name) {
            Some(name) => self.symbol(name.as_str()),
            None => {
                let name = self.type_name(name);
                Err(self.type_error(format!("attribute name must be string, not '{name}'")))
            }
        }
    }

    /// `dir(object)`: the sorted names of what can be got from it.
    pub(crate) fn dir(&self, object: &Value) -> R {
        let mut names: Vec<Symbol> = Vec::new();
        if let Some(instance) = object.downcast_ref::<Instance>() {
            names.extend(instance.attrs.names());
        }
        if let Some(module) = object.downcast_ref::<crate::object::module::Module>() {
            names.extend(module.namespace.names());
        } else {
            let own = object.clone().downcast::<Class>().ok();
            let class = own.unwrap_or_else(|| self.class_of(object).clone());
            for class in class.mro() {
                names.extend(class.attrs.names());
            }
            names.push(symbol::CLASS);
        }
        let mut texts: Vec<_> = names.into_iter().map(Symbol::name).collect();
        texts.sort();
        texts.dedup();
        self.list(Items::try_collect(self, texts.iter().map(|name| self.str(name)))?)
    }
}
