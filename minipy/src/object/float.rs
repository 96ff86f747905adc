//! Floating point numbers.

use num_bigint::BigInt;
use num_traits::{FromPrimitive, ToPrimitive};
use tailbite::Trace;

use crate::object::class_table::Builtin;
use crate::object::instance::Native;
use crate::object::int::Int;
use crate::object::string::Str;
use crate::object::{Args, R, Slots, Value, float_text, instance, int, symbol};
use crate::syntax::tree::{BinOp, CmpOp, UnaryOp};
use crate::vm::Vm;

#[derive(Trace, Clone, Copy, Debug)]
#[trace(leaf, protocol = &SLOTS)]
pub(crate) struct Float(pub(crate) f64);

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::Float,
    atom: true,
    repr: |_, this| Ok(float_text::repr(this_float(this))),
    hash: Some(|_, this| Ok(hash(this_float(this)))),
    truth: Some(|_, this| Ok(this_float(this) != 0.0)),
    compare: Some(compare),
    binary: Some(binary),
    unary: Some(|vm, op, this| {
        let x = this_float(this);
        Ok(match op {
            UnaryOp::Neg => Some(vm.float(-x)?),
            UnaryOp::Pos => Some(vm.float(x)?),
            _ => None,
        })
    }),
    get_attr: Some(|vm, this, name| {
        Ok(match name.name() {
            "real" => Some(vm.float(this_float(this))?),
            "imag" => Some(vm.float(0.0)?),
            _ => None,
        })
    }),
    ..Slots::DEFAULT
};

fn this_float(this: &Value) -> f64 {
    Float::of(this).expect("a float")
}

impl Float {
    /// The float that `value` is; an instance of a subclass counts.
    #[inline]
    pub(crate) fn of(value: &Value) -> Option<f64> {
        if let Some(float) = value.downcast_ref::<Float>() {
            return Some(float.0);
        }
        match instance::native(value)? {
            Native::Float(float) => Some(*float),
            _ => None,
        }
    }

    /// A float or an integer, as a float.
    pub(crate) fn of_number(value: &Value) -> Option<f64> {
        Float::of(value).or_else(|| Int::of(value).map(Int::to_f64))
    }
}

/// CPython's: equal to the hash of an equal integer.
fn hash(x: f64) -> i64 {
    if x.is_infinite() {
        return if x > 0.0 { 314_159 } else { -314_159 };
    }
    if x.is_nan() {
        return 0;
    }
    if x.fract() == 0.0 {
        return match BigInt::from_f64(x) {
            Some(big) => int::hash_of(&big),
            None => 0,
        };
    }
    let bits = x.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    let (mut mantissa, exponent) = match exponent {
        0 => ((bits & ((1 << 52) - 1)), -1074),
        _ => ((bits & ((1 << 52) - 1)) | 1 << 52, exponent - 1075),
    };
    // mantissa * 2^exponent modulo 2^61 - 1: multiplying by a power of two rotates 61 bits.
    const MODULUS: u64 = (1 << 61) - 1;
    let rotate = exponent.rem_euclid(61) as u32;
    mantissa %= MODULUS;
    let rotated = (mantissa << rotate | mantissa >> (61 - rotate)) & MODULUS;
    let hash = if x < 0.0 { -(rotated as i64) } else { rotated as i64 };
    if hash == -1 { -2 } else { hash }
}

fn compare(vm: &Vm, op: CmpOp, a: &Value, b: &Value) -> R<Option<Value>> {
    let order = match (Float::of(a), Float::of(b)) {
        (Some(a), Some(b)) => a.partial_cmp(&b),
        (Some(a), None) => match Int::of(b) {
            Some(b) => compare_int(b, a).map(std::cmp::Ordering::reverse),
            None => return Ok(None),
        },
        (None, Some(b)) => match Int::of(a) {
            Some(a) => compare_int(a, b),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    let holds = match order {
        Some(order) => op.holds(order),
        None => op == CmpOp::Ne,
    };
    Ok(Some(vm.bool(holds)))
}

fn compare_int(a: &Int, b: f64) -> Option<std::cmp::Ordering> {
    if b.is_nan() {
        return None;
    }
    if b.is_infinite() {
        return 0.0.partial_cmp(&b);
    }
    match a {
        Int::Small(small) if small.unsigned_abs() < 1 << 53 => (*small as f64).partial_cmp(&b),
        _ => {
            let whole = BigInt::from_f64(b.trunc())?;
            Some(a.to_big().as_ref().cmp(&whole).then_with(|| 0f64.total_cmp(&(b.fract() + 0.0))))
        }
    }
}

fn binary(vm: &Vm, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
    let (Some(x), Some(y)) = (operand(vm, a)?, operand(vm, b)?) else {
        return Ok(None);
    };
    arithmetic(vm, op, x, y)
}

fn operand(vm: &Vm, value: &Value) -> R<Option<f64>> {
    if let Some(float) = Float::of(value) {
        return Ok(Some(float));
    }
    match Int::of(value) {
        Some(int) => Ok(Some(finite(vm, int)?)),
        None => Ok(None),
    }
}

/// An integer as a float, if it fits.
pub(crate) fn finite(vm: &Vm, int: &Int) -> R<f64> {
    let float = int.to_f64();
    if float.is_finite() { Ok(float) } else { Err(vm.overflow_error("int too large to convert to float")) }
}

pub(crate) fn arithmetic(vm: &Vm, op: BinOp, x: f64, y: f64) -> R<Option<Value>> {
    let result = match op {
        BinOp::Add => x + y,
        BinOp::Sub => x - y,
        BinOp::Mul => x * y,
        BinOp::Div if y == 0.0 => return Err(vm.zero_division("float division by zero")),
        BinOp::Div => x / y,
        BinOp::FloorDiv | BinOp::Mod if y == 0.0 => {
            let message = match op {
                BinOp::Mod => "float modulo",
                _ => "float floor division by zero",
            };
            return Err(vm.zero_division(message));
        }
        BinOp::FloorDiv => floor_divide(x, y),
        BinOp::Mod => modulo(x, y),
        BinOp::Pow => return power(vm, x, y).map(Some),
        _ => return Ok(None),
    };
    Ok(Some(vm.float(result)?))
}

pub(crate) fn modulo(x: f64, y: f64) -> f64 {
    let remainder = x % y;
    if remainder == 0.0 {
        0f64.copysign(y)
    } else if (remainder < 0.0) != (y < 0.0) {
        remainder + y
    } else {
        remainder
    }
}

fn floor_divide(x: f64, y: f64) -> f64 {
    let quotient = (x - modulo(x, y)) / y;
    let floor = quotient.floor();
    if quotient - floor > 0.5 { floor + 1.0 } else { floor }
}

pub(crate) fn power(vm: &Vm, x: f64, y: f64) -> R {
    if x == 0.0 && y < 0.0 {
        return Err(vm.zero_division("0.0 cannot be raised to a negative power"));
    }
    if x < 0.0 && x.is_finite() && y.is_finite() && y.fract() != 0.0 {
        return Err(vm.value_error("minipy has no complex numbers: negative number raised to a fraction"));
    }
    let result = x.powf(y);
    if result.is_infinite() && x.is_finite() && y.is_finite() {
        return Err(vm.overflow_error("(34, 'Numerical result out of range')"));
    }
    vm.float(result)
}

/// `/` of integers.
pub(crate) fn divide_ints(vm: &Vm, x: &Int, y: &Int) -> R {
    if matches!(y, Int::Small(0)) {
        return Err(vm.zero_division("division by zero"));
    }
    let (a, b) = (x.to_f64(), y.to_f64());
    if a.is_finite() && b.is_finite() && a.abs() < 9e15 && b.abs() < 9e15 {
        return vm.float(a / b);
    }
    // Scale so that the quotient has more bits than a float, and let the conversion round.
    let _room = vm.room(x.bytes().saturating_add(y.bytes()).saturating_mul(4))?;
    let (a, b) = (x.to_big().into_owned(), y.to_big().into_owned());
    let shift = 66 + b.bits() as i64 - a.bits() as i64;
    let mut quotient = if shift >= 0 { (a << shift) / b } else { a / (b << -shift) };
    if quotient.bits() > 64 {
        quotient |= BigInt::from(1);
    }
    let float = quotient.to_f64().unwrap_or(f64::INFINITY);
    let result = if shift > 1000 {
        float * 2f64.powi(-1000) * 2f64.powi((1000 - shift).max(-2000) as i32)
    } else {
        float * 2f64.powi((-shift).min(2000) as i32)
    };
    if result.is_infinite() {
        return Err(vm.overflow_error("integer division result too large for a float"));
    }
    vm.float(result)
}

/// `int(x)`.
pub(crate) fn truncate(vm: &Vm, x: f64) -> R<Int> {
    if x.is_nan() {
        return Err(vm.value_error("cannot convert float NaN to integer"));
    }
    match BigInt::from_f64(x) {
        Some(big) => vm.integer(big),
        None => Err(vm.overflow_error("cannot convert float infinity to integer")),
    }
}

/// `float(x)`.
pub(crate) fn from_args(vm: &Vm, args: &Args) -> R<f64> {
    let Some(value) = args.get(0) else {
        return Ok(0.0);
    };
    if let Some(float) = Float::of(value) {
        return Ok(float);
    }
    if let Some(int) = Int::of(value) {
        return finite(vm, int);
    }
    if let Some(text) = Str::of(value) {
        return parse(vm, text.as_str());
    }
    if let Some(result) = vm.call_special(value, symbol::FLOAT, [])? {
        return match Float::of(&result) {
            Some(float) => Ok(float),
            None => {
                let (this, that) = (vm.type_name(value), vm.type_name(&result));
                Err(vm.type_error(format!("{this}.__float__ returned non-float (type {that})")))
            }
        };
    }
    Err(vm.type_error(format!("float() argument must be a string or a real number, not '{}'", vm.type_name(value))))
}

fn parse(vm: &Vm, text: &str) -> R<f64> {
    let plain = text.trim().replace('_', "").to_ascii_lowercase();
    let unsigned = plain.trim_start_matches(['+', '-']);
    let known = matches!(unsigned, "inf" | "infinity" | "nan");
    let numeric = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    match plain.parse::<f64>() {
        Ok(float) if known || numeric => Ok(float),
        _ => {
            let literal = crate::object::string::repr_text(vm, text)?;
            Err(vm.value_error(format!("could not convert string to float: {literal}")))
        }
    }
}

pub(crate) fn make(vm: &Vm, args: Args) -> R {
    vm.float(from_args(vm, &args)?)
}

pub(crate) fn is_integer(vm: &Vm, args: Args) -> R {
    Ok(vm.bool(this_float(args.this()).fract() == 0.0))
}

/// `round(x, digits)`, half to even.
pub(crate) fn round(vm: &Vm, x: f64, digits: Option<i64>) -> R {
    let Some(digits) = digits else {
        return vm.int_value(truncate(vm, x.round_ties_even())?);
    };
    if !x.is_finite() || digits > 320 {
        return vm.float(x);
    }
    let rounded = if digits >= 0 {
        // Formatting rounds the exact binary value correctly.
        format!("{x:.*}", digits as usize).parse().unwrap_or(x)
    } else if digits < -310 {
        0f64.copysign(x)
    } else {
        let scale = 10f64.powi(-digits as i32);
        (x / scale).round_ties_even() * scale
    };
    vm.float(rounded)
}
