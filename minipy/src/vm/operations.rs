//! Arithmetic, comparison and truth.

use super::Vm;
use crate::object::float::Float;
use crate::object::hash_table::quick_equal;
use crate::object::instance::Instance;
use crate::object::instance_slots::{binary_name, reflected_name, special_operation};
use crate::object::int::{self, Int};
use crate::object::singletons::Bool;
use crate::object::{Object, R, Raised, Value, symbol};
use crate::syntax::tree::{BinOp, CmpOp, UnaryOp};

impl Vm {
    pub(crate) fn binary(&self, op: BinOp, a: &Value, b: &Value) -> R {
        let result = if a.is::<Instance>() || b.is::<Instance>() {
            self.instance_binary(op, a, b)?
        } else {
            self.builtin_binary(op, a, b)?
        };
        result.ok_or_else(|| self.unsupported_operands(op, "", a, b))
    }

    fn builtin_binary(&self, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
        let (left, right) = (a.slots().binary, b.slots().binary);
        if let Some(binary) = left
            && let Some(result) = binary(self, op, a, b)?
        {
            return Ok(Some(result));
        }
        match right {
            Some(binary) => binary(self, op, a, b),
            None => Ok(None),
        }
    }

    /// Where an instance takes part: its methods; those of a subclass of the other's class come first.
    fn instance_binary(&self, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
        let (left, right) = (self.class_of(a), self.class_of(b));
        let same_class = left.is(right);
        let right_first = !same_class && right.is_subclass_of(left);
        let reflected = |this: &Value, other: &Value| match this.is::<Instance>() {
            true => special_operation(self, reflected_name(op), this, other),
            false => self.builtin_right(op, other, this),
        };
        if right_first && let Some(result) = reflected(b, a)? {
            return Ok(Some(result));
        }
        let result = match a.is::<Instance>() {
            true => special_operation(self, binary_name(op), a, b)?,
            false => match a.slots().binary {
                Some(binary) => binary(self, op, a, b)?,
                None => None,
            },
        };
        match result {
            None if !right_first && !same_class => reflected(b, a),
            None if same_class => Ok(None),
            result => Ok(result),
        }
    }

    fn builtin_right(&self, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
        match b.slots().binary {
            Some(binary) => binary(self, op, a, b),
            None => Ok(None),
        }
    }

    pub(crate) fn in_place(&self, op: BinOp, a: &Value, b: &Value) -> R {
        if let Some(in_place) = a.slots().in_place
            && let Some(result) = in_place(self, op, a, b)?
        {
            return Ok(result);
        }
        let result = if a.is::<Instance>() || b.is::<Instance>() {
            self.instance_binary(op, a, b)?
        } else {
            self.builtin_binary(op, a, b)?
        };
        result.ok_or_else(|| self.unsupported_operands(op, "=", a, b))
    }

    fn unsupported_operands(&self, op: BinOp, suffix: &str, a: &Value, b: &Value) -> Raised {
        let sign = match op {
            BinOp::Add => "+",
            BinOp::Sub => "-",
            BinOp::Mul => "*",
            BinOp::Div => "/",
            BinOp::FloorDiv => "//",
            BinOp::Mod => "%",
            BinOp::Pow if suffix.is_empty() => "** or pow()",
            BinOp::Pow => "**",
            BinOp::LShift => "<<",
            BinOp::RShift => ">>",
            BinOp::And => "&",
            BinOp::Or => "|",
            BinOp::Xor => "^",
            BinOp::MatMul => "@",
        };
        let (a_name, b_name) = (self.type_name(a), self.type_name(b));
        let sequence = |value: &Value| {
            let slots = value.slots();
            slots.len.is_some() && slots.get_item.is_some() && slots.binary.is_some() && !value.is::<Instance>()
        };
        if op == BinOp::Mul && (sequence(a) || sequence(b)) {
            let other = if sequence(a) { b_name } else { a_name };
            return self.type_error(format!("can't multiply sequence by non-int of type '{other}'"));
        }
        self.type_error(format!("unsupported operand type(s) for {sign}{suffix}: '{a_name}' and '{b_name}'"))
    }

    pub(crate) fn unary(&self, op: UnaryOp, operand: &Value) -> R {
        if let Some(unary) = operand.slots().unary
            && let Some(result) = unary(self, op, operand)?
        {
            return Ok(result);
        }
        let sign = match op {
            UnaryOp::Neg => "unary -",
            UnaryOp::Pos => "unary +",
            _ => "unary ~",
        };
        let name = self.type_name(operand);
        Err(self.type_error(format!("bad operand type for {sign}: '{name}'")))
    }

    /// `a op b` for the six orderings; the result may be any object.
    pub(crate) fn compare(&self, op: CmpOp, a: &Value, b: &Value) -> R {
        if let (Some(Int::Small(x)), Some(Int::Small(y))) = (a.downcast_ref(), b.downcast_ref()) {
            return Ok(self.bool(op.holds(x.cmp(y))));
        }
        let _recursion = self.recurse()?;
        let mirrored = match op {
            CmpOp::Lt => CmpOp::Gt,
            CmpOp::Le => CmpOp::Ge,
            CmpOp::Gt => CmpOp::Lt,
            CmpOp::Ge => CmpOp::Le,
            op => op,
        };
        let (left, right) = (self.class_of(a), self.class_of(b));
        let same_class = left.is(right);
        let right_first = !same_class && b.is::<Instance>() && right.is_subclass_of(left);
        let attempt = |op: CmpOp, a: &Value, b: &Value| match a.slots().compare {
            Some(compare) => compare(self, op, a, b),
            None => Ok(None),
        };
        if right_first && let Some(result) = attempt(mirrored, b, a)? {
            return Ok(result);
        }
        if let Some(result) = attempt(op, a, b)? {
            return Ok(result);
        }
        if !right_first && let Some(result) = attempt(mirrored, b, a)? {
            return Ok(result);
        }
        match op {
            CmpOp::Eq => Ok(self.bool(Value::ptr_eq(a, b))),
            CmpOp::Ne => Ok(self.bool(!Value::ptr_eq(a, b))),
            _ => {
                let sign = match op {
                    CmpOp::Lt => "<",
                    CmpOp::Le => "<=",
                    CmpOp::Gt => ">",
                    _ => ">=",
                };
                let (a, b) = (self.type_name(a), self.type_name(b));
                Err(self.type_error(format!("'{sign}' not supported between instances of '{a}' and '{b}'")))
            }
        }
    }

    /// `a == b` as a truth value.
    pub(crate) fn equal(&self, a: &Value, b: &Value) -> R<bool> {
        let result = self.compare(CmpOp::Eq, a, b)?;
        self.truth(&result)
    }

    /// Identity or equality: how containers compare.
    pub(crate) fn same_or_equal(&self, a: &Value, b: &Value) -> R<bool> {
        match quick_equal(a, b) {
            Some(answer) => Ok(answer),
            None => self.equal(a, b),
        }
    }

    #[inline]
    pub(crate) fn truth(&self, value: &Value) -> R<bool> {
        if let Some(bool) = value.downcast_ref::<Bool>() {
            return Ok(bool.value);
        }
        let slots = value.slots();
        match (slots.truth, slots.len) {
            (Some(truth), _) => truth(self, value),
            (None, Some(len)) => Ok(len(self, value)? != 0),
            (None, None) => Ok(true),
        }
    }

    /// `abs(value)`.
    pub(crate) fn absolute(&self, value: &Value) -> R {
        if let Some(int) = Int::of(value) {
            return int::absolute(self, int);
        }
        if let Some(float) = Float::of(value) {
            return self.float(float.abs());
        }
        match self.call_special(value, symbol::ABS, [])? {
            Some(result) => Ok(result),
            None => {
                let name = self.type_name(value);
                Err(self.type_error(format!("bad operand type for abs(): '{name}'")))
            }
        }
    }
}
