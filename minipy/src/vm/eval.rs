//! The instruction loop.

use super::Vm;
use super::frame::{Frame, Outcome, TryBlock};
use crate::compile::code::Op;
use crate::object::attrs::AttrCell;
use crate::object::cell::CellObject;
use crate::object::class_table::Builtin;
use crate::object::dict::Dict;
use crate::object::function::Function;
use crate::object::int::{self, Int};
use crate::object::list::List;
use crate::object::range::RangeIterator;
use crate::object::set::Set;
use crate::object::slice::Slice;
use crate::object::{Args, R, Raised, Value, generator};
use crate::syntax::tree::{CmpOp, UnaryOp};

impl Vm {
    /// Runs a frame until it returns, yields, or raises something that it does not handle itself.
    pub(super) fn run(&self, frame: &mut Frame) -> R<Outcome> {
        let code = frame.code.clone();
        loop {
            let op = code.ops[frame.ip];
            frame.ip += 1;
            match op {
                Op::Constant(index) => frame.stack.push(code.constants[index as usize].clone()),
                Op::Pop => drop(frame.pop()),
                Op::Dup => {
                    let top = frame.stack.len() - 1;
                    frame.stack.push(frame.stack[top].clone());
                }
                Op::Dup2 => {
                    let at = frame.stack.len() - 2;
                    frame.stack.extend_from_within(at..);
                }
                Op::Swap => {
                    let top = frame.stack.len() - 1;
                    frame.stack.swap(top, top - 1);
                }
                Op::Rot3 => {
                    let at = frame.stack.len() - 3;
                    frame.stack[at..].rotate_right(1);
                }

                Op::LoadLocal(slot) => match &frame.locals[slot as usize] {
                    Some(value) => frame.stack.push(value.clone()),
                    None => return Err(self.unbound_local(code.locals[slot as usize])),
                },
                Op::StoreLocal(slot) => {
                    let value = frame.pop();
                    let old = frame.locals[slot as usize].replace(value);
                    drop(old);
                }
                Op::DeleteLocal(slot) => match frame.locals[slot as usize].take() {
                    Some(old) => drop(old),
                    None => return Err(self.unbound_local(code.locals[slot as usize])),
                },
                Op::ClearLocal(slot) => {
                    let old = frame.locals[slot as usize].take();
                    drop(old);
                }
                Op::LoadCell(index) => match frame.cells[index as usize].get() {
                    Some(value) => frame.stack.push(value),
                    None => return Err(self.unbound_cell(&code, index as usize)),
                },
                Op::StoreCell(index) => {
                    let value = frame.pop();
                    let old = frame.cells[index as usize].replace(Some(value));
                    drop(old);
                }
                Op::DeleteCell(index) => match frame.cells[index as usize].replace(None) {
                    Some(old) => drop(old),
                    None => return Err(self.unbound_cell(&code, index as usize)),
                },
                Op::NewCell(index) => {
                    let cell = self.make(CellObject::default())?;
                    let old = std::mem::replace(&mut frame.cells[index as usize], cell);
                    drop(old);
                }
                Op::LoadGlobal(slot) => {
                    let value = match frame.globals.load(slot) {
                        Some(value) => value,
                        None => match frame.globals.load_builtin(slot, &self.builtins) {
                            Some(value) => value,
                            None => return Err(self.name_error(frame.globals.name_of(slot))),
                        },
                    };
                    frame.stack.push(value);
                }
                Op::StoreGlobal(slot) => {
                    let value = frame.pop();
                    let old = frame.globals.store(slot, Some(value));
                    drop(old);
                }
                Op::DeleteGlobal(slot) => match frame.globals.store(slot, None) {
                    Some(old) => drop(old),
                    None => return Err(self.name_error(frame.globals.name_of(slot))),
                },
                Op::LoadClassName(name) => {
                    let value = frame.class_names.as_ref().and_then(|names| names.get(name).cloned());
                    if let Some(value) = value {
                        frame.stack.push(value);
                        frame.ip += 1;
                    }
                }
                Op::StoreClassName(name) => {
                    let value = frame.pop();
                    frame.class_names.as_mut().expect("a class body has them").set(self, name, value)?;
                }
                Op::DeleteClassName(name) => match frame.class_names.as_mut().and_then(|names| names.remove(name)) {
                    Some(old) => drop(old),
                    None => return Err(self.name_error(name)),
                },

                Op::LoadAttr(name) => {
                    let object = frame.pop();
                    let value = self.get_attr(&object, name)?;
                    drop(object);
                    frame.stack.push(value);
                }
                Op::LoadMethod(name) => {
                    let object = frame.pop();
                    match self.find_method(&object, name) {
                        Some(function) => {
                            frame.stack.push(function);
                            frame.stack.push(object);
                        }
                        None => {
                            let value = self.get_attr(&object, name)?;
                            drop(object);
                            frame.stack.push(value);
                            frame.stack.push(self.null.clone());
                        }
                    }
                }
                Op::StoreAttr(name) => {
                    let object = frame.pop();
                    let value = frame.pop();
                    self.set_attr(&object, name, value)?;
                }
                Op::DeleteAttr(name) => {
                    let object = frame.pop();
                    self.delete_attr(&object, name)?;
                }
                Op::LoadItem => {
                    let key = frame.pop();
                    let object = frame.pop();
                    let value = self.get_item(&object, &key)?;
                    drop(object);
                    drop(key);
                    frame.stack.push(value);
                }
                Op::StoreItem => {
                    let key = frame.pop();
                    let object = frame.pop();
                    let value = frame.pop();
                    self.set_item(&object, key, Some(value))?;
                }
                Op::DeleteItem => {
                    let key = frame.pop();
                    let object = frame.pop();
                    self.set_item(&object, key, None)?;
                }

                Op::BuildTuple(count) => {
                    let items = frame.pop_items(self, count as usize)?;
                    frame.stack.push(self.tuple(items)?);
                }
                Op::BuildList(count) => {
                    let items = frame.pop_items(self, count as usize)?;
                    frame.stack.push(self.list(items)?);
                }
                Op::BuildSet(count) => {
                    let items = frame.pop_items(self, count as usize)?;
                    let set = Set::from_items(self, items)?;
                    frame.stack.push(self.alloc(set)?);
                }
                Op::BuildDict(count) => self.build_dict(frame, count as usize)?,
                Op::BuildSlice(count) => {
                    let step = if count == 3 { frame.pop() } else { self.none() };
                    let stop = frame.pop();
                    let start = frame.pop();
                    frame.stack.push(self.alloc(Slice { start, stop, step })?);
                }
                Op::BuildString(count) => self.build_string(frame, count as usize)?,
                Op::ListToTuple => {
                    let list = frame.pop();
                    let items = List::of(&list).expect("arguments are collected in a list").copy(self)?;
                    drop(list);
                    frame.stack.push(self.tuple(items)?);
                }
                Op::ListAppend(depth) => {
                    let value = frame.pop();
                    let at = frame.stack.len() - 1 - depth as usize;
                    if let Some(list) = List::of(&frame.stack[at]) {
                        list.push(self, value)?;
                    }
                }
                Op::SetAdd(depth) => {
                    let value = frame.pop();
                    let at = frame.stack.len() - 1 - depth as usize;
                    let set = frame.stack[at].clone();
                    if let Some(set) = Set::of(&set) {
                        set.add(self, value)?;
                    }
                }
                Op::MapAdd(depth) => {
                    let value = frame.pop();
                    let key = frame.pop();
                    let at = frame.stack.len() - 1 - depth as usize;
                    let dict = frame.stack[at].clone();
                    if let Some(dict) = Dict::of(&dict) {
                        dict.table.set(self, key, value)?;
                    }
                }
                Op::ListExtend => {
                    let iterable = frame.pop();
                    if !self.is_iterable(&iterable) {
                        let name = self.type_name(&iterable);
                        return Err(self.type_error(format!("Value after * must be an iterable, not {name}")));
                    }
                    let items = self.collect(&iterable)?;
                    drop(iterable);
                    if let Some(list) = frame.stack.last().and_then(List::of) {
                        list.extend(self, items)?;
                    }
                }
                Op::SetUpdate => {
                    let iterable = frame.pop();
                    let set = frame.stack[frame.stack.len() - 1].clone();
                    if let Some(set) = Set::of(&set) {
                        match Set::of(&iterable) {
                            Some(other) => set.merge(self, other)?,
                            None => self.collect(&iterable)?.into_iter().try_for_each(|item| set.add(self, item))?,
                        }
                    }
                }
                Op::DictUpdate => {
                    let mapping = frame.pop();
                    let dict = frame.stack[frame.stack.len() - 1].clone();
                    if !self.is_mapping(&mapping) {
                        let name = self.type_name(&mapping);
                        return Err(self.type_error(format!("'{name}' object is not a mapping")));
                    }
                    if let Some(dict) = Dict::of(&dict) {
                        dict.update(self, &mapping)?;
                    }
                }
                Op::DictMerge => self.merge_keywords(frame)?,

                Op::Binary(op) => {
                    let b = frame.pop();
                    let a = frame.pop();
                    if let (Some(Int::Small(x)), Some(Int::Small(y))) = (a.downcast_ref(), b.downcast_ref())
                        && let Some(result) = int::small(op, *x, *y)
                    {
                        frame.stack.push(self.int(result)?);
                        continue;
                    }
                    let result = self.binary(op, &a, &b)?;
                    drop(a);
                    drop(b);
                    frame.stack.push(result);
                }
                Op::InPlace(op) => {
                    let b = frame.pop();
                    let a = frame.pop();
                    let result = self.in_place(op, &a, &b)?;
                    drop(a);
                    drop(b);
                    frame.stack.push(result);
                }
                Op::Unary(op) => {
                    let operand = frame.pop();
                    let result = match op {
                        UnaryOp::Not => self.bool(!self.truth(&operand)?),
                        _ => self.unary(op, &operand)?,
                    };
                    drop(operand);
                    frame.stack.push(result);
                }
                Op::Compare(op) => {
                    let b = frame.pop();
                    let a = frame.pop();
                    let result = self.comparison(op, &a, &b)?;
                    drop(a);
                    drop(b);
                    frame.stack.push(result);
                }

                Op::Jump(target) => frame.ip = target as usize,
                Op::JumpBack(target) => {
                    frame.ip = target as usize;
                    self.heap().safepoint();
                }
                Op::JumpIfFalse(target) => {
                    let value = frame.pop();
                    if !self.truth(&value)? {
                        frame.ip = target as usize;
                    }
                }
                Op::JumpIfTrue(target) => {
                    let value = frame.pop();
                    if self.truth(&value)? {
                        frame.ip = target as usize;
                    }
                }
                Op::JumpIfFalseOrPop(target) | Op::JumpIfTrueOrPop(target) => {
                    let value = frame.pop();
                    if self.truth(&value)? == matches!(op, Op::JumpIfTrueOrPop(_)) {
                        frame.stack.push(value);
                        frame.ip = target as usize;
                    }
                }

                Op::GetIter => {
                    let iterable = frame.pop();
                    let iterator = self.iter(&iterable)?;
                    drop(iterable);
                    frame.stack.push(iterator);
                }
                Op::ForIter(target) => {
                    let top = frame.stack.len() - 1;
                    let next = match frame.stack[top].downcast_ref::<RangeIterator>() {
                        Some(range) => match range.advance() {
                            Some(value) => Some(self.int(value)?),
                            None => None,
                        },
                        None => {
                            let iterator = frame.stack[top].clone();
                            self.next(&iterator)?
                        }
                    };
                    match next {
                        Some(value) => frame.stack.push(value),
                        None => {
                            drop(frame.pop());
                            frame.ip = target as usize;
                        }
                    }
                }
                Op::Unpack(count) => self.unpack(frame, count as usize)?,
                Op::UnpackStarred(before, after) => self.unpack_starred(frame, before.into(), after.into())?,

                Op::Variables { global } => {
                    let dict = self.variables(frame, global)?;
                    frame.stack.push(dict);
                }
                Op::Call(count) => {
                    let at = frame.stack.len() - count as usize;
                    let args = Args::new(frame.stack.drain(at..));
                    let function = frame.pop();
                    let result = self.invoke(function, args)?;
                    frame.stack.push(result);
                }
                Op::CallMethod(count) => {
                    let at = frame.stack.len() - count as usize - 1;
                    let bound = !Value::ptr_eq(&frame.stack[at], &self.null);
                    let args = Args::new(frame.stack.drain(if bound { at } else { at + 1 }..));
                    if !bound {
                        frame.stack.pop();
                    }
                    let function = frame.pop();
                    let result = self.invoke(function, args)?;
                    frame.stack.push(result);
                }
                Op::CallKeywords(positional, names) => {
                    let names = &code.keywords[names as usize];
                    let values: Vec<Value> = frame.pop_many(names.len()).collect();
                    let at = frame.stack.len() - positional as usize;
                    let mut args = Args::new(frame.stack.drain(at..));
                    args.keywords = names.iter().copied().zip(values).collect();
                    let function = frame.pop();
                    let result = self.invoke(function, args)?;
                    frame.stack.push(result);
                }
                Op::CallSpread(with_keywords) => {
                    let result = self.call_spread(frame, with_keywords)?;
                    frame.stack.push(result);
                }

                Op::MakeFunction { code: index, defaults, keyword_defaults } => {
                    let keyword_defaults = keyword_defaults.then(|| frame.pop());
                    let defaults = defaults.then(|| frame.pop());
                    let inner = code.codes[index as usize].clone();
                    let function = Function {
                        globals: frame.globals.clone(),
                        defaults: defaults.into(),
                        keyword_defaults,
                        closure: self.closure(frame, &inner)?,
                        attrs: AttrCell::new(self.heap()),
                        name: inner.name_text.clone().into(),
                        qualname: inner.qualname.clone().into(),
                        code: inner,
                    };
                    frame.stack.push(self.alloc(function)?);
                }
                Op::BuildClass(index, bases) => {
                    let class = self.class_statement(frame, &code.codes[index as usize], bases.into())?;
                    frame.stack.push(class);
                }
                Op::Return => return Ok(Outcome::Returned(frame.pop())),
                Op::Yield => return Ok(Outcome::Yielded(frame.pop())),
                Op::DelegateIter => {
                    let iterable = frame.pop();
                    let iterator = self.iter(&iterable)?;
                    drop(iterable);
                    frame.stack.push(iterator);
                }
                Op::Delegate(target) => {
                    let value = frame.pop();
                    let iterator = frame.stack[frame.stack.len() - 1].clone();
                    match generator::delegate(self, &iterator, value)? {
                        Outcome::Yielded(value) => frame.stack.push(value),
                        Outcome::Returned(value) => {
                            drop(frame.pop());
                            frame.stack.push(value);
                            frame.ip = target as usize;
                        }
                    }
                }

                Op::SetupTry(handler) => self.open_block(frame, handler, 0),
                Op::SetupTryBelow(handler) => self.open_block(frame, handler, 1),
                Op::PopBlock => {
                    frame.blocks.pop();
                }
                Op::MatchException => {
                    let class = frame.pop();
                    let exception = frame.stack[frame.stack.len() - 1].clone();
                    let matches = self.exception_matches(&exception, &class)?;
                    frame.stack.push(self.bool(matches));
                }
                Op::PopHandled => self.pop_handled(),
                Op::Raise(count) => return Err(self.raise_statement(frame, count)),
                Op::Reraise => {
                    let exception = frame.pop();
                    frame.reraising = true;
                    return Err(Raised(exception));
                }
                Op::RaiseAssertion(with_message) => {
                    return Err(match with_message {
                        true => self.exception_of(Builtin::AssertionError, [frame.pop()]),
                        false => self.exception_of(Builtin::AssertionError, []),
                    });
                }
                Op::WithEnter => self.with_enter(frame)?,
                Op::WithExit => {
                    let exit = frame.pop();
                    let nothing = [self.none(), self.none(), self.none()];
                    let result = self.invoke(exit, Args::new(nothing))?;
                    drop(result);
                }
                Op::WithExitException => {
                    let suppressed = self.with_exit_exception(frame)?;
                    frame.stack.push(self.bool(suppressed));
                }

                Op::Import(name) => {
                    let module = self.import(name)?;
                    frame.stack.push(module);
                }
                Op::ImportFrom(name) => {
                    let module = frame.stack[frame.stack.len() - 1].clone();
                    let value = self.import_from(&module, name)?;
                    frame.stack.push(value);
                }
                Op::Format { conversion, spec } => {
                    let spec = spec.then(|| frame.pop());
                    let value = frame.pop();
                    let text = self.format_value(&value, conversion, spec.as_ref())?;
                    drop(value);
                    frame.stack.push(text);
                }
            }
        }
    }

    #[inline]
    fn comparison(&self, op: CmpOp, a: &Value, b: &Value) -> R {
        match op {
            CmpOp::Is => Ok(self.bool(Value::ptr_eq(a, b))),
            CmpOp::IsNot => Ok(self.bool(!Value::ptr_eq(a, b))),
            CmpOp::In => Ok(self.bool(self.contains(b, a)?)),
            CmpOp::NotIn => Ok(self.bool(!self.contains(b, a)?)),
            _ => self.compare(op, a, b),
        }
    }

    fn open_block(&self, frame: &mut Frame, handler: u32, above: usize) {
        frame.blocks.push(TryBlock {
            handler: handler as usize,
            stack: frame.stack.len() - above,
            handled: self.handled_in(frame),
        });
    }
}
