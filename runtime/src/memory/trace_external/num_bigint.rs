//! Big integers, of `num-bigint`.

use ::num_bigint::{BigInt, BigUint, Sign};

use crate::object::{Shape, Trace, Tracer};

macro_rules! plain {
    ($($ty:ty)*) => {$(
        // SAFETY: owns no handle.
        unsafe impl Trace for $ty {
            #[inline]
            fn trace(&self, _: &mut Tracer<'_>) {}

            #[inline]
            fn shape(_: u32) -> Shape {
                Shape::PLAIN
            }
        }
    )*};
}

plain! { BigInt BigUint Sign }
