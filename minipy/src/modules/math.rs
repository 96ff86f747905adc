//! The basics of the `math` module.

use num_integer::Integer;
use tailbite::Gc;

use super::add_functions;
use crate::object::builtin_function::{Method, method};
use crate::object::float::{self, Float};
use crate::object::int::Int;
use crate::object::module::Namespace;
use crate::object::symbol::Symbol;
use crate::object::{Args, R};
use crate::vm::Vm;

const FUNCTIONS: &[Method] = &[
    method("sqrt", 1, 1, |vm, args| domain(vm, &args, f64::sqrt)),
    method("exp", 1, 1, |vm, args| plain(vm, &args, f64::exp)),
    method("sin", 1, 1, |vm, args| plain(vm, &args, f64::sin)),
    method("cos", 1, 1, |vm, args| plain(vm, &args, f64::cos)),
    method("tan", 1, 1, |vm, args| plain(vm, &args, f64::tan)),
    method("asin", 1, 1, |vm, args| domain(vm, &args, f64::asin)),
    method("acos", 1, 1, |vm, args| domain(vm, &args, f64::acos)),
    method("atan", 1, 1, |vm, args| plain(vm, &args, f64::atan)),
    method("fabs", 1, 1, |vm, args| plain(vm, &args, f64::abs)),
    method("log2", 1, 1, |vm, args| log(vm, vm.number(&args[0])?, f64::log2)),
    method("log10", 1, 1, |vm, args| log(vm, vm.number(&args[0])?, f64::log10)),
    method("log", 1, 2, |vm, args| {
        let value = vm.number(&args[0])?;
        match args.get(1) {
            None => log(vm, value, f64::ln),
            Some(base) => {
                let base = vm.number(base)?;
                log(vm, base, f64::ln)?;
                log(vm, value, f64::ln)?;
                vm.float(value.ln() / base.ln())
            }
        }
    }),
    method("atan2", 2, 2, |vm, args| vm.float(vm.number(&args[0])?.atan2(vm.number(&args[1])?))),
    method("pow", 2, 2, |vm, args| float::power(vm, vm.number(&args[0])?, vm.number(&args[1])?)),
    method("fmod", 2, 2, |vm, args| vm.float(vm.number(&args[0])? % vm.number(&args[1])?)),
    method("hypot", 0, u8::MAX, |vm, args| {
        let mut sum = 0f64;
        for value in &args.positional {
            sum = sum.hypot(vm.number(value)?);
        }
        vm.float(sum)
    }),
    method("degrees", 1, 1, |vm, args| plain(vm, &args, f64::to_degrees)),
    method("radians", 1, 1, |vm, args| plain(vm, &args, f64::to_radians)),
    method("floor", 1, 1, |vm, args| whole(vm, &args, f64::floor)),
    method("ceil", 1, 1, |vm, args| whole(vm, &args, f64::ceil)),
    method("trunc", 1, 1, |vm, args| whole(vm, &args, f64::trunc)),
    method("isnan", 1, 1, |vm, args| Ok(vm.bool(vm.number(&args[0])?.is_nan()))),
    method("isinf", 1, 1, |vm, args| Ok(vm.bool(vm.number(&args[0])?.is_infinite()))),
    method("isfinite", 1, 1, |vm, args| Ok(vm.bool(vm.number(&args[0])?.is_finite()))),
    method("copysign", 2, 2, |vm, args| vm.float(vm.number(&args[0])?.copysign(vm.number(&args[1])?))),
    method("isclose", 2, 2, |vm, args| {
        let (a, b) = (vm.number(&args[0])?, vm.number(&args[1])?);
        Ok(vm.bool(a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())))
    }),
    method("gcd", 0, u8::MAX, |vm, args| {
        let mut divisor = num_bigint::BigInt::from(0);
        for value in &args.positional {
            let value = vm.index_int(value)?;
            let _room = vm.room(value.bytes().saturating_mul(4))?;
            divisor = divisor.gcd(&value.to_big());
        }
        vm.big(divisor)
    }),
    method("isqrt", 1, 1, |vm, args| {
        let int = vm.index_int(&args[0])?;
        if int.is_negative() {
            return Err(vm.value_error("isqrt() argument must be nonnegative"));
        }
        let _room = vm.room(int.bytes().saturating_mul(4))?;
        vm.big(int.to_big().sqrt())
    }),
    method("factorial", 1, 1, |vm, args| {
        let count = vm.index(&args[0])?;
        if count < 0 {
            return Err(vm.value_error("factorial() not defined for negative values"));
        }
        if count > 1_000_000 {
            return Err(vm.memory_error());
        }
        // Stirling's formula, rounded up.
        let bits = (count as f64 + 1.0) * (count as f64 + 2.0).log2();
        let _room = vm.room((bits / 4.0) as usize)?;
        let product = (2..=count).fold(num_bigint::BigInt::from(1), |product, factor| product * factor);
        vm.big(product)
    }),
];

pub(super) fn fill(vm: &Vm, namespace: &Gc<Namespace>) -> R<()> {
    add_functions(vm, namespace, FUNCTIONS)?;
    let constants = [
        ("pi", std::f64::consts::PI),
        ("e", std::f64::consts::E),
        ("tau", std::f64::consts::TAU),
        ("inf", f64::INFINITY),
        ("nan", f64::NAN),
    ];
    for (name, value) in constants {
        namespace.set(vm, Symbol::new(name), vm.float(value)?)?;
    }
    Ok(())
}

fn plain(vm: &Vm, args: &Args, function: fn(f64) -> f64) -> R {
    let value = vm.number(&args[0])?;
    let result = function(value);
    if result.is_infinite() && value.is_finite() {
        return Err(vm.overflow_error("math range error"));
    }
    vm.float(result)
}

fn domain(vm: &Vm, args: &Args, function: fn(f64) -> f64) -> R {
    let value = vm.number(&args[0])?;
    let result = function(value);
    if result.is_nan() && !value.is_nan() {
        return Err(vm.value_error("math domain error"));
    }
    vm.float(result)
}

fn log(vm: &Vm, value: f64, function: fn(f64) -> f64) -> R {
    if value <= 0.0 {
        return Err(vm.value_error("math domain error"));
    }
    vm.float(function(value))
}

fn whole(vm: &Vm, args: &Args, function: fn(f64) -> f64) -> R {
    if let Some(int) = Int::of(&args[0]) {
        return vm.int_value(int.clone());
    }
    match Float::of(&args[0]) {
        Some(float) => vm.int_value(float::truncate(vm, function(float))?),
        None => vm.int_value(float::truncate(vm, function(vm.number(&args[0])?))?),
    }
}
