//! Containers and iteration.

use super::Vm;
use crate::object::class::Class;
use crate::object::dict::Dict;
use crate::object::instance::{self, Instance};
use crate::object::items::Items;
use crate::object::list::List;
use crate::object::module::Module;
use crate::object::{Object, R, Value, symbol, tuple};

impl Vm {
    pub(crate) fn len(&self, value: &Value) -> R<usize> {
        match value.slots().len {
            Some(len) => len(self, value),
            None => Err(self.type_error(format!("object of type '{}' has no len()", self.type_name(value)))),
        }
    }

    pub(crate) fn get_item(&self, object: &Value, key: &Value) -> R {
        match object.slots().get_item {
            Some(get_item) => get_item(self, object, key),
            None => Err(self.type_error(format!("'{}' object is not subscriptable", self.type_name(object)))),
        }
    }

    /// Sets an item, or with `None` deletes it.
    pub(crate) fn set_item(&self, object: &Value, key: Value, value: Option<Value>) -> R<()> {
        match object.slots().set_item {
            Some(set_item) => set_item(self, object, key, value),
            None => {
                let what =
                    if value.is_some() { "does not support item assignment" } else { "doesn't support item deletion" };
                Err(self.type_error(format!("'{}' object {what}", self.type_name(object))))
            }
        }
    }

    pub(crate) fn contains(&self, container: &Value, item: &Value) -> R<bool> {
        let slots = container.slots();
        if let Some(contains) = slots.contains {
            return contains(self, container, item);
        }
        if slots.iter.is_none() {
            let name = self.type_name(container);
            return Err(self.type_error(format!("argument of type '{name}' is not iterable")));
        }
        let iterator = self.iter(container)?;
        while let Some(candidate) = self.next(&iterator)? {
            if self.same_or_equal(&candidate, item)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(crate) fn iter(&self, value: &Value) -> R {
        match value.slots().iter {
            Some(iter) => iter(self, value),
            None => Err(self.type_error(format!("'{}' object is not iterable", self.type_name(value)))),
        }
    }

    /// The next value of an iterator, or `None` at its end.
    #[inline]
    pub(crate) fn next(&self, iterator: &Value) -> R<Option<Value>> {
        match iterator.slots().next {
            Some(next) => next(self, iterator),
            None => Err(self.type_error(format!("'{}' object is not an iterator", self.type_name(iterator)))),
        }
    }

    pub(crate) fn is_iterable(&self, value: &Value) -> bool {
        match value.downcast_ref::<Instance>() {
            Some(instance) => {
                let has = |name| instance.class.lookup(name).is_some_and(|function| !self.is_none(&function));
                has(symbol::ITER) || has(symbol::GETITEM)
            }
            None => value.slots().iter.is_some(),
        }
    }

    pub(crate) fn is_iterator(&self, value: &Value) -> bool {
        match value.downcast_ref::<Instance>() {
            Some(instance) => instance.class.lookup(symbol::NEXT).is_some(),
            None => value.slots().next.is_some(),
        }
    }

    pub(crate) fn is_mapping(&self, value: &Value) -> bool {
        Dict::of(value).is_some() || self.class_of(value).lookup(symbol::KEYS).is_some()
    }

    pub(crate) fn is_callable(&self, value: &Value) -> bool {
        match value.downcast_ref::<Instance>() {
            Some(instance) => instance.class.lookup(symbol::CALL).is_some(),
            None => value.slots().call.is_some(),
        }
    }

    /// All values of an iterable.
    pub(crate) fn collect(&self, iterable: &Value) -> R<Items> {
        let plain = instance::native(iterable).is_none();
        if plain && let Some(list) = List::of(iterable) {
            return list.copy(self);
        }
        if plain && let Some(items) = tuple::of(iterable) {
            return Items::copy(self, items);
        }
        let iterator = self.iter(iterable)?;
        let mut items = Items::new(self);
        while let Some(item) = self.next(&iterator)? {
            items.push(self, item)?;
        }
        Ok(items)
    }

    /// `items * count`.
    pub(crate) fn repeat(&self, items: &[Value], count: &Value) -> R<Items> {
        let count = self.repeat_count(count)?;
        let Some(size) = items.len().checked_mul(count) else {
            return Err(self.memory_error());
        };
        let mut repeated = Items::with_room(self, size)?;
        for _ in 0..count {
            repeated.extend_from_slice(items);
            if items.is_empty() {
                break;
            }
        }
        Ok(repeated)
    }

    /// The variables of a module, instance or class as a dict: `vars(object)`.
    pub(crate) fn vars(&self, object: &Value) -> R {
        if object.is::<Instance>() || object.is::<Module>() || object.is::<Class>() {
            return self.get_attr(object, symbol::DICT);
        }
        match self.find_attr(object, symbol::DICT)? {
            Some(dict) => Ok(dict),
            None => Err(self.type_error("vars() argument must have __dict__ attribute")),
        }
    }
}
