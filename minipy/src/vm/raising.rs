//! What `raise` and `except` mean.

use super::Vm;
use super::frame::Frame;
use crate::compile::code::Code;
use crate::object::class::Class;
use crate::object::class_table::Builtin;
use crate::object::exception::ExceptionData;
use crate::object::symbol::Symbol;
use crate::object::{Args, R, Raised, Value, tuple};

impl Vm {
    pub(super) fn raise_statement(&self, frame: &mut Frame, count: u8) -> Raised {
        if count == 0 {
            return match self.current_handled() {
                Some(exception) => {
                    frame.reraising = true;
                    Raised(exception)
                }
                None => self.runtime_error("No active exception to reraise"),
            };
        }
        let cause = (count == 2).then(|| frame.pop());
        let value = frame.pop();
        self.raise(&value, cause).unwrap_or_else(|raised| raised)
    }

    fn raise(&self, value: &Value, cause: Option<Value>) -> R<Raised> {
        let raised = self.raised_from(value)?;
        if let Some(cause) = cause {
            let cause = if self.is_none(&cause) { cause } else { self.cause_from(&cause)? };
            self.set_cause(&raised.0, &cause);
        }
        self.set_context(&raised.0);
        Ok(raised)
    }

    fn cause_from(&self, cause: &Value) -> R {
        match self.raised_from(cause) {
            Ok(raised) => Ok(raised.0),
            Err(_) => Err(self.type_error("exception causes must derive from BaseException")),
        }
    }

    /// The exception that an exception class or instance stands for.
    pub(crate) fn raised_from(&self, value: &Value) -> R<Raised> {
        if ExceptionData::of(value).is_some() {
            return Ok(Raised(value.clone()));
        }
        if let Some(class) = value.downcast_ref::<Class>()
            && class.is_subclass_of_builtin(Builtin::BaseException)
        {
            let exception = self.call(value, Args::default())?;
            if ExceptionData::of(&exception).is_some() {
                return Ok(Raised(exception));
            }
        }
        Err(self.type_error("exceptions must derive from BaseException"))
    }

    pub(crate) fn set_cause(&self, exception: &Value, cause: &Value) {
        if let Some(data) = ExceptionData::of(exception) {
            data.suppress_context.set(true);
            let cause = Some(cause.clone()).filter(|cause| !self.is_none(cause));
            let old = data.cause.replace(cause);
            drop(old);
        }
    }

    /// What is being handled is the context of what is raised now; a chain never leads back to itself.
    pub(super) fn set_context(&self, exception: &Value) {
        let Some(handled) = self.current_handled() else {
            return;
        };
        let Some(data) = ExceptionData::of(exception) else {
            return;
        };
        if Value::ptr_eq(&handled, exception) {
            return;
        }
        let mut link = Some(handled.clone());
        while let Some(current) = link {
            let Some(current) = ExceptionData::of(&current) else {
                break;
            };
            let next = current.context.borrow().clone();
            if next.as_ref().is_some_and(|next| Value::ptr_eq(next, exception)) {
                let cut = current.context.take();
                drop(cut);
                break;
            }
            link = next;
        }
        let old = data.context.replace(Some(handled));
        drop(old);
    }

    /// Whether `except class` catches an exception.
    pub(super) fn exception_matches(&self, exception: &Value, class: &Value) -> R<bool> {
        if let Some(classes) = tuple::of(class) {
            for class in classes {
                if self.exception_matches(exception, class)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        match class.downcast_ref::<Class>() {
            Some(class) if class.is_subclass_of_builtin(Builtin::BaseException) => {
                Ok(self.class_of(exception).is_subclass_of(class))
            }
            _ => {
                let message = "catching classes that do not inherit from BaseException is not allowed";
                Err(self.type_error(message))
            }
        }
    }

    pub(super) fn name_error(&self, name: Symbol) -> Raised {
        self.exception(Builtin::NameError, format!("name '{name}' is not defined"))
    }

    pub(super) fn unbound_local(&self, name: Symbol) -> Raised {
        let message = format!("cannot access local variable '{name}' where it is not associated with a value");
        self.exception(Builtin::UnboundLocalError, message)
    }

    pub(super) fn unbound_cell(&self, code: &Code, index: usize) -> Raised {
        let name = code.cells[index];
        if index < code.own_cells {
            return self.unbound_local(name);
        }
        let message =
            format!("cannot access free variable '{name}' where it is not associated with a value in enclosing scope");
        self.exception(Builtin::NameError, message)
    }
}
