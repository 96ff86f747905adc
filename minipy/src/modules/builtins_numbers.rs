//! The builtin functions about numbers and characters.

use crate::object::builtin_function::{Method, method};
use crate::object::float::{self, Float};
use crate::object::int::Int;
use crate::object::string::Str;
use crate::object::symbol::{self, Symbol};
use crate::object::{Args, R, Value};
use crate::syntax::tree::BinOp;
use crate::vm::Vm;

pub(super) const FUNCTIONS: &[Method] = &[
    method("abs", 1, 1, |vm, args| vm.absolute(&args[0])),
    method("sum", 1, 2, sum).with_keywords(),
    method("round", 1, 2, round).with_keywords(),
    method("pow", 2, 3, power),
    method("divmod", 2, 2, |vm, args| {
        let quotient = vm.binary(BinOp::FloorDiv, &args[0], &args[1])?;
        let remainder = vm.binary(BinOp::Mod, &args[0], &args[1])?;
        vm.tuple_of([quotient, remainder])
    }),
    method("hex", 1, 1, |vm, args| in_base(vm, &args[0], "#x")),
    method("oct", 1, 1, |vm, args| in_base(vm, &args[0], "#o")),
    method("bin", 1, 1, |vm, args| in_base(vm, &args[0], "#b")),
    method("chr", 1, 1, |vm, args| {
        let code = u32::try_from(vm.index(&args[0])?).ok().and_then(char::from_u32);
        match code {
            Some(c) => vm.char(c),
            None => Err(vm.value_error("chr() arg not in range(0x110000)")),
        }
    }),
    method("ord", 1, 1, |vm, args| match Str::of(&args[0]) {
        Some(text) if text.len() == 1 => vm.int(text.char_at(0).map_or(0, |c| i64::from(c as u32))),
        Some(text) => {
            let message = format!("ord() expected a character, but string of length {} found", text.len());
            Err(vm.type_error(message))
        }
        None => {
            let name = vm.type_name(&args[0]);
            Err(vm.type_error(format!("ord() expected string of length 1, but {name} found")))
        }
    }),
];

fn in_base(vm: &Vm, value: &Value, spec: &str) -> R {
    let int = vm.int_value(vm.index_int(value)?)?;
    vm.string(vm.format(&int, spec)?)
}

fn sum(vm: &Vm, mut args: Args) -> R {
    let start = args.take_keyword(symbol::START).or_else(|| args.get(1).cloned());
    let mut total = start.map_or_else(|| vm.int(0), Ok)?;
    if Str::of(&total).is_some() {
        return Err(vm.type_error("sum() can't sum strings [use ''.join(seq) instead]"));
    }
    let iterator = vm.iter(&args[0])?;
    while let Some(item) = vm.next(&iterator)? {
        total = vm.binary(BinOp::Add, &total, &item)?;
    }
    Ok(total)
}

fn round(vm: &Vm, mut args: Args) -> R {
    let digits = args.take_keyword(Symbol::new("ndigits")).or_else(|| args.get(1).cloned());
    let digits = match digits.filter(|digits| !vm.is_none(digits)) {
        Some(digits) => Some(vm.index(&digits)?),
        None => None,
    };
    if let Some(float) = Float::of(&args[0]) {
        return float::round(vm, float, digits);
    }
    if let Some(int) = Int::of(&args[0]) {
        let Some(digits) = digits.filter(|digits| *digits < 0) else {
            return vm.int_value(int.clone());
        };
        let _room = vm.room(int.bytes().saturating_mul(4).saturating_add(100_000))?;
        let unit = num_bigint::BigInt::from(10).pow(digits.unsigned_abs().min(100_000) as u32);
        let (quotient, remainder) = num_integer::Integer::div_mod_floor(&*int.to_big(), &unit);
        let twice: num_bigint::BigInt = remainder * 2;
        let up = twice > unit || twice == unit && num_integer::Integer::is_odd(&quotient);
        return vm.big((quotient + i32::from(up)) * unit);
    }
    let result = match digits {
        Some(digits) => vm.call_special(&args[0], symbol::ROUND, [vm.int(digits)?])?,
        None => vm.call_special(&args[0], symbol::ROUND, [])?,
    };
    result.ok_or_else(|| {
        let name = vm.type_name(&args[0]);
        vm.type_error(format!("type {name} doesn't define __round__ method"))
    })
}

fn power(vm: &Vm, args: Args) -> R {
    let Some(modulus) = args.get(2) else {
        return vm.binary(BinOp::Pow, &args[0], &args[1]);
    };
    let (base, exponent, modulus) = (vm.index_int(&args[0])?, vm.index_int(&args[1])?, vm.index_int(modulus)?);
    if modulus == Int::Small(0) {
        return Err(vm.value_error("pow() 3rd argument cannot be 0"));
    }
    if exponent.is_negative() {
        return Err(vm.value_error("minipy has no modular inverses: negative exponent with a modulus"));
    }
    let _room = vm.room(base.bytes().saturating_add(modulus.bytes().saturating_mul(8)))?;
    vm.big(base.to_big().modpow(&exponent.to_big(), &modulus.to_big()))
}
