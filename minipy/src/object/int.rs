//! Integers of any size.

use std::borrow::Cow;

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};
use tailbite::{Gc, Trace, Untraced};

use crate::object::class_table::Builtin;
use crate::object::float::Float;
use crate::object::instance::Native;
use crate::object::singletons::Bool;
use crate::object::string::Str;
use crate::object::{Args, R, Slots, Value, float, instance, symbol};
use crate::syntax::tree::{BinOp, CmpOp, UnaryOp};
use crate::vm::{Room, Vm};

/// Results of more bits are a `MemoryError`.
const MAX_BITS: u64 = 1 << 32;
const MAX_DIGITS: usize = 4300;

#[derive(Trace, Clone, Debug, PartialEq, Eq)]
#[trace(leaf, protocol = &SLOTS)]
pub(crate) enum Int {
    Small(i64),
    /// Never fits an `i64`.
    Big(Big),
}

/// A number too big for a word: an object of its own, shared by those that hold it.
#[derive(Trace)]
#[trace(leaf)]
pub(crate) struct Big(Untraced<Gc<BigNumber>>);

#[derive(Trace)]
struct BigNumber {
    #[trace(skip)]
    value: BigInt,
    /// For the digits, which are outside of the heap.
    #[trace(skip)]
    _room: Room,
}

impl std::ops::Deref for Big {
    type Target = BigInt;

    fn deref(&self) -> &BigInt {
        &self.0.0.value
    }
}

impl Clone for Big {
    fn clone(&self) -> Big {
        Big(Untraced(self.0.0.clone()))
    }
}

impl std::fmt::Debug for Big {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&**self, f)
    }
}

impl PartialEq for Big {
    fn eq(&self, other: &Big) -> bool {
        **self == **other
    }
}

impl Eq for Big {}

impl Vm {
    /// The integer of this value.
    pub(crate) fn integer(&self, value: BigInt) -> R<Int> {
        if let Some(small) = value.to_i64() {
            return Ok(Int::Small(small));
        }
        let room = self.lasting_room(bytes(value.bits()))?;
        Ok(Int::Big(Big(Untraced(self.make(BigNumber { value, _room: room })?))))
    }

    /// The same as an object.
    pub(crate) fn big(&self, value: BigInt) -> R {
        self.int_value(self.integer(value)?)
    }
}

/// What the digits of a number of so many bits take.
fn bytes(bits: u64) -> usize {
    usize::try_from(bits / 8).unwrap_or(usize::MAX).saturating_add(16)
}

pub(crate) const SLOTS: Slots = Slots {
    class: Builtin::Int,
    atom: true,
    repr: |vm, this| to_text(vm, this_int(this)),
    hash: Some(|_, this| Ok(this_int(this).hash())),
    truth: Some(|_, this| Ok(!matches!(this_int(this), Int::Small(0)))),
    compare: Some(compare),
    binary: Some(binary),
    unary: Some(unary),
    get_attr: Some(|vm, this, name| {
        Ok(match name.name() {
            "real" | "numerator" => Some(vm.int_value(this_int(this).clone())?),
            "imag" => Some(vm.int(0)?),
            "denominator" => Some(vm.int(1)?),
            _ => None,
        })
    }),
    ..Slots::DEFAULT
};

fn this_int(this: &Value) -> &Int {
    Int::of(this).expect("an integer")
}

impl Int {
    /// The integer that `value` is: an `int`, a `bool`, or an instance of a subclass.
    #[inline]
    pub(crate) fn of(value: &Value) -> Option<&Int> {
        if let Some(int) = value.downcast_ref::<Int>() {
            return Some(int);
        }
        if let Some(bool) = value.downcast_ref::<Bool>() {
            return Some(&bool.int);
        }
        match instance::native(value)? {
            Native::Int(int) => Some(int),
            _ => None,
        }
    }

    pub(crate) fn to_big(&self) -> Cow<'_, BigInt> {
        match self {
            Int::Small(small) => Cow::Owned(BigInt::from(*small)),
            Int::Big(big) => Cow::Borrowed(big),
        }
    }

    /// The bytes that the digits take.
    pub(crate) fn bytes(&self) -> usize {
        bytes(self.bits())
    }

    pub(crate) fn to_f64(&self) -> f64 {
        match self {
            Int::Small(small) => *small as f64,
            Int::Big(big) => big.to_f64().unwrap_or(f64::INFINITY),
        }
    }

    pub(crate) fn is_negative(&self) -> bool {
        match self {
            Int::Small(small) => *small < 0,
            Int::Big(big) => big.is_negative(),
        }
    }

    fn bits(&self) -> u64 {
        match self {
            Int::Small(small) => u64::from(64 - small.unsigned_abs().leading_zeros()),
            Int::Big(big) => big.bits(),
        }
    }

    /// CPython's: the value modulo 2^61 - 1, so that equal numbers of any type have equal hashes.
    pub(crate) fn hash(&self) -> i64 {
        match self {
            Int::Small(small) => not_minus_one(small % MODULUS),
            Int::Big(big) => hash_of(big),
        }
    }

    pub(crate) fn compare(&self, other: &Int) -> std::cmp::Ordering {
        match (self, other) {
            (Int::Small(a), Int::Small(b)) => a.cmp(b),
            _ => self.to_big().as_ref().cmp(other.to_big().as_ref()),
        }
    }
}

const MODULUS: i64 = (1 << 61) - 1;

/// As [`Int::hash`].
pub(crate) fn hash_of(big: &BigInt) -> i64 {
    // The remainder has one digit, and so has what it is made of.
    not_minus_one((big % MODULUS).to_i64().unwrap_or(0))
}

/// -1 is no hash in CPython.
fn not_minus_one(hash: i64) -> i64 {
    if hash == -1 { -2 } else { hash }
}

/// Decimal digits; too many are an error as in CPython.
pub(crate) fn to_text(vm: &Vm, int: &Int) -> R<String> {
    match int {
        Int::Small(small) => Ok(small.to_string()),
        Int::Big(big) => {
            let digits = (big.bits() as f64 * std::f64::consts::LOG10_2) as usize;
            if digits > MAX_DIGITS {
                let message = "Exceeds the limit (4300 digits) for integer string conversion; use \
                               sys.set_int_max_str_digits() to increase the limit";
                return Err(vm.value_error(message));
            }
            Ok(big.to_string())
        }
    }
}

fn compare(vm: &Vm, op: CmpOp, a: &Value, b: &Value) -> R<Option<Value>> {
    let (Some(a), Some(b)) = (Int::of(a), Int::of(b)) else {
        return Ok(None);
    };
    Ok(Some(vm.bool(op.holds(a.compare(b)))))
}

impl CmpOp {
    /// Whether an order of two values satisfies the comparison.
    pub(crate) fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            CmpOp::Eq => order.is_eq(),
            CmpOp::Ne => order.is_ne(),
            CmpOp::Lt => order.is_lt(),
            CmpOp::Le => order.is_le(),
            CmpOp::Gt => order.is_gt(),
            CmpOp::Ge => order.is_ge(),
            _ => false,
        }
    }
}

pub(crate) fn binary(vm: &Vm, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
    let (Some(x), Some(y)) = (Int::of(a), Int::of(b)) else {
        return Ok(None);
    };
    if a.is::<Bool>() && b.is::<Bool>() {
        let truths = (matches!(x, Int::Small(1)), matches!(y, Int::Small(1)));
        match op {
            BinOp::And => return Ok(Some(vm.bool(truths.0 & truths.1))),
            BinOp::Or => return Ok(Some(vm.bool(truths.0 | truths.1))),
            BinOp::Xor => return Ok(Some(vm.bool(truths.0 ^ truths.1))),
            _ => {}
        }
    }
    if let (Int::Small(x), Int::Small(y)) = (x, y)
        && let Some(result) = small(op, *x, *y)
    {
        return Ok(Some(vm.int(result)?));
    }
    // What the result and the steps on the way to it take.
    let _room = vm.room(match op {
        BinOp::FloorDiv | BinOp::Mod | BinOp::Div => x.bytes().saturating_add(y.bytes()).saturating_mul(3),
        _ => x.bytes().saturating_add(y.bytes()),
    })?;
    let (left, right) = (x.to_big(), y.to_big());
    let result = match op {
        BinOp::Add => &*left + &*right,
        BinOp::Sub => &*left - &*right,
        BinOp::Mul => {
            check_bits(vm, x.bits().saturating_add(y.bits()))?;
            &*left * &*right
        }
        BinOp::Div => return float::divide_ints(vm, x, y).map(Some),
        BinOp::FloorDiv | BinOp::Mod => {
            if right.is_zero() {
                let message = match op {
                    BinOp::Mod => "integer modulo by zero",
                    _ => "integer division or modulo by zero",
                };
                return Err(vm.zero_division(message));
            }
            let (quotient, remainder) = left.div_mod_floor(&right);
            if op == BinOp::Mod { remainder } else { quotient }
        }
        BinOp::Pow => return power(vm, x, y).map(Some),
        BinOp::LShift | BinOp::RShift => return shift(vm, op == BinOp::LShift, x, y).map(Some),
        BinOp::And => &*left & &*right,
        BinOp::Or => &*left | &*right,
        BinOp::Xor => &*left ^ &*right,
        BinOp::MatMul => return Ok(None),
    };
    vm.big(result).map(Some)
}

/// The cases that stay small.
#[inline]
pub(crate) fn small(op: BinOp, x: i64, y: i64) -> Option<i64> {
    match op {
        BinOp::Add => x.checked_add(y),
        BinOp::Sub => x.checked_sub(y),
        BinOp::Mul => x.checked_mul(y),
        BinOp::FloorDiv if y != 0 && (x != i64::MIN || y != -1) => Some(Integer::div_floor(&x, &y)),
        BinOp::Mod if y != 0 && (x != i64::MIN || y != -1) => Some(Integer::mod_floor(&x, &y)),
        BinOp::And => Some(x & y),
        BinOp::Or => Some(x | y),
        BinOp::Xor => Some(x ^ y),
        BinOp::RShift if (0..64).contains(&y) => Some(x >> y),
        BinOp::Pow if (0..=u32::MAX.into()).contains(&y) => x.checked_pow(y as u32),
        _ => None,
    }
}

fn check_bits(vm: &Vm, bits: u64) -> R<()> {
    if bits > MAX_BITS { Err(vm.memory_error()) } else { Ok(()) }
}

fn power(vm: &Vm, base: &Int, exponent: &Int) -> R {
    if exponent.is_negative() {
        return float::power(vm, base.to_f64(), exponent.to_f64());
    }
    let bits = base.bits();
    if bits <= 1 {
        // 0, 1 and -1.
        let odd = exponent.to_big().is_odd();
        return match base {
            Int::Small(-1) if !odd => vm.int(1),
            Int::Small(0) if matches!(exponent, Int::Small(0)) => vm.int(1),
            _ => vm.int_value(base.clone()),
        };
    }
    let Int::Small(exponent) = exponent else {
        return Err(vm.memory_error());
    };
    let bits = bits.saturating_mul(*exponent as u64);
    check_bits(vm, bits)?;
    let exponent = u32::try_from(*exponent).map_err(|_| vm.memory_error())?;
    let _room = vm.room(bytes(bits).saturating_mul(2))?;
    vm.big(base.to_big().pow(exponent))
}

fn shift(vm: &Vm, left: bool, x: &Int, y: &Int) -> R {
    if y.is_negative() {
        return Err(vm.value_error("negative shift count"));
    }
    let Int::Small(count) = y else {
        let zero = !left || matches!(x, Int::Small(0));
        return if zero { vm.int(if x.is_negative() { -1 } else { 0 }) } else { Err(vm.memory_error()) };
    };
    if left {
        if !matches!(x, Int::Small(0)) {
            let bits = x.bits().saturating_add(*count as u64);
            check_bits(vm, bits)?;
            let _room = vm.room(bytes(bits))?;
            return vm.big(&*x.to_big() << *count);
        }
        return vm.int(0);
    }
    if *count as u64 > x.bits() {
        return vm.int(if x.is_negative() { -1 } else { 0 });
    }
    vm.big(&*x.to_big() >> *count)
}

fn unary(vm: &Vm, op: UnaryOp, this: &Value) -> R<Option<Value>> {
    let int = this_int(this);
    let result = match (op, int) {
        (UnaryOp::Pos, _) => int.clone(),
        (UnaryOp::Invert, Int::Small(small)) => Int::Small(!small),
        (UnaryOp::Invert, Int::Big(big)) => {
            let _room = vm.room(int.bytes())?;
            vm.integer(-&**big - 1)?
        }
        _ => negative(vm, int)?,
    };
    vm.int_value(result).map(Some)
}

fn negative(vm: &Vm, int: &Int) -> R<Int> {
    let _room = vm.room(int.bytes())?;
    vm.integer(-&*int.to_big())
}

/// `int(x)`, `int(text, base)`.
pub(crate) fn from_args(vm: &Vm, args: &Args) -> R<Int> {
    let Some(value) = args.get(0) else {
        return Ok(Int::Small(0));
    };
    let base = args.get(1).or_else(|| args.keywords.iter().find(|(n, _)| *n == symbol::BASE).map(|(_, v)| v));
    if let Some(base) = base {
        let Some(text) = Str::of(value) else {
            return Err(vm.type_error("int() can't convert non-string with explicit base"));
        };
        let base = vm.index(base)?;
        return parse(vm, text.as_str(), base);
    }
    if let Some(int) = Int::of(value) {
        return Ok(int.clone());
    }
    if let Some(float) = Float::of(value) {
        return float::truncate(vm, float);
    }
    if let Some(text) = Str::of(value) {
        return parse(vm, text.as_str(), 10);
    }
    for method in [symbol::INT, symbol::INDEX] {
        if let Some(result) = vm.call_special(value, method, [])? {
            return match Int::of(&result) {
                Some(int) => Ok(int.clone()),
                None => Err(vm.type_error(format!("{method} returned non-int (type {})", vm.type_name(&result)))),
            };
        }
    }
    Err(vm.type_error(format!(
        "int() argument must be a string, a bytes-like object or a real number, not '{}'",
        vm.type_name(value)
    )))
}

fn parse(vm: &Vm, text: &str, base: i64) -> R<Int> {
    let invalid = || -> R<Int> {
        let literal = crate::object::string::repr_text(vm, text)?;
        Err(vm.value_error(format!("invalid literal for int() with base {base}: {literal}")))
    };
    if base != 0 && !(2..=36).contains(&base) {
        return Err(vm.value_error("int() base must be >= 2 and <= 36, or 0"));
    }
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.as_bytes().first() {
        Some(b'-') => (true, &trimmed[1..]),
        Some(b'+') => (false, &trimmed[1..]),
        _ => (false, trimmed),
    };
    let prefix = digits.get(..2).map(str::to_ascii_lowercase);
    let (radix, digits) = match (base, prefix.as_deref()) {
        (0 | 16, Some("0x")) => (16, &digits[2..]),
        (0 | 8, Some("0o")) => (8, &digits[2..]),
        (0 | 2, Some("0b")) => (2, &digits[2..]),
        (0, _) => (10, digits),
        (base, _) => (base as u32, digits),
    };
    let ends_badly = digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
    if digits.is_empty() || ends_badly || digits.starts_with(['-', '+']) {
        return invalid();
    }
    let _room = vm.room(digits.len().saturating_mul(3))?;
    let plain: String = digits.chars().filter(|c| *c != '_').collect();
    if plain.len() > MAX_DIGITS && !radix.is_power_of_two() {
        return Err(vm.value_error(format!(
            "Exceeds the limit (4300 digits) for integer string conversion: value has {} digits; use \
             sys.set_int_max_str_digits() to increase the limit",
            plain.len()
        )));
    }
    match BigInt::parse_bytes(plain.as_bytes(), radix) {
        Some(big) => vm.integer(if negative { -big } else { big }),
        None => invalid(),
    }
}

pub(crate) fn make(vm: &Vm, args: Args) -> R {
    if let [value] = &args.positional[..]
        && value.is::<Int>()
    {
        return Ok(value.clone());
    }
    vm.int_value(from_args(vm, &args)?)
}

pub(crate) fn bit_length(vm: &Vm, args: Args) -> R {
    vm.int(this_int(args.this()).bits() as i64)
}

/// The absolute value, for `abs`.
pub(crate) fn absolute(vm: &Vm, int: &Int) -> R {
    vm.int_value(if int.is_negative() { negative(vm, int)? } else { int.clone() })
}
