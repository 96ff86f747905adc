//! Generators: frames that rest between two values.

use std::cell::{Cell, RefCell};

use tailbite::{Gc, Trace};

use crate::object::builtin_function::{Method, method};
use crate::object::class::Class;
use crate::object::class_table::Builtin;
use crate::object::slots::address;
use crate::object::{Args, R, Raised, Slots, Value, symbol};
use crate::vm::frame::{Frame, Outcome};
use crate::vm::{Room, Vm};

#[derive(Trace)]
#[trace(finalize_on_request = finalize, protocol = &SLOTS)]
pub(crate) struct Generator {
    /// `None` while it runs and when it is finished.
    frame: RefCell<Option<Box<Frame>>>,
    #[trace(skip)]
    running: Cell<bool>,
    #[trace(skip)]
    qualname: Gc<str>,
    /// For the frame, which is outside of the heap.
    #[trace(skip)]
    _room: Room,
}

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::Generator,
    repr: |_, this| Ok(format!("<generator object {} at {}>", this_generator(this).qualname, address(this))),
    next: Some(|vm, this| match resume(vm, this, Resume::Send(None))? {
        Outcome::Yielded(value) => Ok(Some(value)),
        Outcome::Returned(_) => Ok(None),
    }),
    get_attr: Some(|vm, this, name| {
        let generator = this_generator(this);
        Ok(match name.name() {
            "__name__" => Some(vm.str(generator.qualname.rsplit('.').next().unwrap_or_default())?),
            "__qualname__" => Some(vm.str(&generator.qualname)?),
            "gi_running" => Some(vm.bool(generator.running.get())),
            "gi_frame" => Some(vm.none()),
            _ => None,
        })
    }),
    ..Slots::ITERATOR
};

pub(crate) const METHODS: &[Method] = &[
    method("__next__", 0, 0, |vm, args| step(vm, args.this(), Resume::Send(None))),
    method("send", 1, 1, |vm, args| {
        let value = args[1].clone();
        let sent = if vm.is_none(&value) { None } else { Some(value) };
        step(vm, args.this(), Resume::Send(sent))
    }),
    method("throw", 1, 3, |vm, args| {
        let exception = args.get(1).filter(|_| args.len() == 1 || args.len() == 2).unwrap_or(&args[1]);
        let raised = match (exception.is::<Class>(), args.get(2)) {
            (true, Some(value)) => vm.raised_from(&vm.call(exception, Args::new([value.clone()]))?)?,
            _ => vm.raised_from(exception)?,
        };
        step(vm, args.this(), Resume::Throw(raised))
    }),
    method("close", 0, 0, |vm, args| {
        close(vm, args.this())?;
        Ok(vm.none())
    }),
];

fn this_generator(this: &Value) -> &Generator {
    this.downcast_ref::<Generator>().expect("a generator")
}

/// How a generator goes on.
pub(crate) enum Resume {
    Send(Option<Value>),
    Throw(Raised),
}

impl Generator {
    pub(crate) fn make(vm: &Vm, frame: Frame) -> R {
        let room = vm.lasting_room(frame.bytes())?;
        let generator = vm.make(Generator {
            _room: room,
            qualname: frame.code.qualname.clone(),
            frame: RefCell::new(Some(Box::new(frame))),
            running: Cell::new(false),
        })?;
        // A suspended `finally` runs when the generator dies.
        Gc::request_finalizer(&generator);
        Ok(Gc::erase(generator))
    }
}

/// Runs a generator to its next `yield`, its end, or an exception.
pub(crate) fn resume(vm: &Vm, this: &Value, resume: Resume) -> R<Outcome> {
    let generator = this_generator(this);
    if generator.running.get() {
        return Err(vm.value_error("generator already executing"));
    }
    let frame = generator.frame.take();
    let Some(mut frame) = frame else {
        return match resume {
            Resume::Send(_) => Ok(Outcome::Returned(vm.none())),
            Resume::Throw(raised) => Err(raised),
        };
    };
    let fresh = frame.ip == 0;
    if let Resume::Send(Some(_)) = resume
        && fresh
    {
        generator.frame.replace(Some(frame));
        return Err(vm.type_error("can't send non-None value to a just-started generator"));
    }
    generator.running.set(true);
    let outcome = match resume {
        Resume::Send(value) => {
            if !fresh {
                frame.stack.push(value.unwrap_or_else(|| vm.none()));
            }
            vm.resume_frame(&mut frame, None)
        }
        Resume::Throw(raised) => vm.resume_frame(&mut frame, Some(raised)),
    };
    generator.running.set(false);
    match outcome {
        Ok(Outcome::Yielded(value)) => {
            generator.frame.replace(Some(frame));
            Ok(Outcome::Yielded(value))
        }
        Ok(Outcome::Returned(value)) => {
            drop(frame);
            Ok(Outcome::Returned(value))
        }
        Err(raised) => {
            drop(frame);
            if vm.is_instance(&raised.0, Builtin::StopIteration) {
                let error = vm.runtime_error("generator raised StopIteration");
                vm.set_cause(&error.0, &raised.0);
                return Err(error);
            }
            Err(raised)
        }
    }
}

/// As the methods of a generator answer: the end is `StopIteration`.
pub(crate) fn step(vm: &Vm, this: &Value, how: Resume) -> R {
    match resume(vm, this, how)? {
        Outcome::Yielded(value) => Ok(value),
        Outcome::Returned(value) if vm.is_none(&value) => Err(vm.stop_iteration(None)),
        Outcome::Returned(value) => Err(vm.stop_iteration(Some(value))),
    }
}

/// Raises `GeneratorExit` where the generator rests.
pub(crate) fn close(vm: &Vm, this: &Value) -> R<()> {
    let generator = this_generator(this);
    let at_start = match &*generator.frame.borrow() {
        None => return Ok(()),
        Some(frame) => frame.ip == 0,
    };
    if at_start {
        let frame = generator.frame.take();
        drop(frame);
        return Ok(());
    }
    let exit = vm.exception_of(Builtin::GeneratorExit, []);
    match resume(vm, this, Resume::Throw(exit)) {
        Ok(Outcome::Yielded(_)) => Err(vm.runtime_error("generator ignored GeneratorExit")),
        Ok(Outcome::Returned(_)) => Ok(()),
        Err(raised) => {
            let quiet = [Builtin::GeneratorExit, Builtin::StopIteration];
            if quiet.iter().any(|class| vm.is_instance(&raised.0, *class)) { Ok(()) } else { Err(raised) }
        }
    }
}

fn finalize(generator: &Gc<Generator>) {
    let pending = generator.frame.borrow().as_ref().is_some_and(|frame| !frame.blocks.is_empty());
    if !pending {
        return;
    }
    Vm::with_current(|vm| {
        let this = Gc::as_any(generator);
        if let Err(raised) = close(vm, &this) {
            vm.unraisable(&raised, &this);
        }
    });
}

/// Resumes what a `yield from` delegates to. The result is that of the whole expression when it has ended.
pub(crate) fn delegate(vm: &Vm, iterator: &Value, value: Value) -> R<Outcome> {
    if iterator.is::<Generator>() {
        let sent = if vm.is_none(&value) { None } else { Some(value) };
        return resume(vm, iterator, Resume::Send(sent));
    }
    let result = if vm.is_none(&value) {
        vm.call_method(iterator, symbol::NEXT, [])
    } else {
        vm.call_method(iterator, symbol::SEND, [value])
    };
    match result {
        Ok(value) => Ok(Outcome::Yielded(value)),
        Err(raised) if vm.is_instance(&raised.0, Builtin::StopIteration) => {
            Ok(Outcome::Returned(vm.get_attr(&raised.0, symbol::VALUE)?))
        }
        Err(raised) => Err(raised),
    }
}
