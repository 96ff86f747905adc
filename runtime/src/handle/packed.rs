//! `Packed`: an object, an integer, a float or a tag in one word that owns its count.
//!
//! ```text
//! 0x0000 aaaa aaaa aaaa             the object at that address
//! 0x0001 ...                        never
//! 0x0002 ... to 0xFFF2 ...          the float whose bits are 2^49 less
//! 0xFFF3 ... to 0xFFFD ...          never
//! 0xFFFE iiii iiii iiii             an integer of 48 bits, signed
//! 0xFFFF 0000 tttt tttt             a tag
//! ```
//!
//! Objects stand as they are, so that a packed object is an `AnyGc` in place, and the word stays a pointer, so that
//! its provenance survives. `docs/decisions/015-packed-values.md` weighs the alternatives.

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::num::NonZeroUsize;
use core::ptr::NonNull;

use super::{AnyGc, Gc};
use crate::object::{Shape, Trace, Tracer};

/// Bits below the 16 that tell the kinds apart.
const PAYLOAD_BITS: u32 = 48;
const PAYLOAD: u64 = (1 << PAYLOAD_BITS) - 1;
/// Added to a float's bits: its sign and exponent then never look like those of an object, an integer or a tag.
const FLOAT_OFFSET: u64 = 2 << PAYLOAD_BITS;
/// The one NaN that is stored.
const NAN: u64 = 0x7FF8 << PAYLOAD_BITS;
const INT: u64 = 0xFFFE << PAYLOAD_BITS;
const TAG: u64 = 0xFFFF << PAYLOAD_BITS;

const _: () = {
    assert!(size_of::<Packed>() == size_of::<u64>() && size_of::<Option<Packed>>() == size_of::<u64>());
    // What `as_object` and `drop` rest on: both are transparent over one pointer.
    assert!(size_of::<Packed>() == size_of::<AnyGc>() && align_of::<Packed>() == align_of::<AnyGc>());
    // The largest float, which is the negative infinity, ends below the integers.
    assert!(f64::NEG_INFINITY.to_bits() + FLOAT_OFFSET < INT && FLOAT_OFFSET > PAYLOAD);
};

/// An object, an integer of 48 bits, a float, or a tag of the host's, in one word ("NaN boxing"). It owns a reference
/// to its object: cloning and dropping it count, and it is traced. On 64-bit targets only.
///
/// Equal are two values with the same word: the same object, the same integer, the same tag, floats of the same bits.
/// The integer 1 and the float 1.0 differ, as do 0.0 and -0.0; a NaN equals itself, since all NaNs are stored as one.
/// What *equal* means to a script is the host's to say.
///
/// ```
/// #![forbid(unsafe_code)]
/// use tailbite::{AnyGc, Gc, Packed, Trace, Unpacked};
///
/// /// A script's value: numbers and constants inline, everything else an object.
/// #[derive(Clone, PartialEq, Trace)]
/// struct Value(Packed);
///
/// impl Value {
///     const NONE: Value = Value(Packed::tag(0));
///     const FALSE: Value = Value(Packed::tag(1));
///     const TRUE: Value = Value(Packed::tag(2));
///
///     /// Integers that don't fit go into an object.
///     fn int(value: i64) -> Value {
///         Value(Packed::int(value).unwrap_or_else(|| Gc::new(value).into()))
///     }
///
///     fn add(&self, other: &Value) -> Option<Value> {
///         match (self.0.unpack(), other.0.unpack()) {
///             (Unpacked::Int(a), Unpacked::Int(b)) => Some(Value::int(a + b)),
///             (Unpacked::Float(a), Unpacked::Float(b)) => Some(Value(Packed::float(a + b))),
///             _ => None,
///         }
///     }
/// }
///
/// assert_eq!(size_of::<Option<Value>>(), 8);
/// assert!(Value::int(40).add(&Value::int(2)) == Some(Value::int(42)));
/// assert!(Value::TRUE != Value::FALSE && Value::NONE.add(&Value::TRUE).is_none());
///
/// let text = Gc::new(String::from("text"));
/// let value = Value(text.clone().into());
/// assert_eq!(Gc::strong_count(&text), 2);
/// assert_eq!(value.0.as_object().and_then(AnyGc::downcast_ref::<String>), Some(&*text));
/// drop(value);
/// assert_eq!(Gc::strong_count(&text), 1);
/// ```
///
/// Invariant *packed*: the word is one of the table in this file's head; if it is an object's, it is that of an `AnyGc` which
/// this owns.
#[repr(transparent)]
pub struct Packed {
    word: NonNull<u8>,
    /// Neither `Send` nor `Sync` (S4).
    marker: PhantomData<*mut ()>,
}

/// What a [`Packed`] is.
///
/// ```
/// use tailbite::{Gc, Packed, Unpacked};
/// let values = [Packed::from(1), Packed::from(0.5), Packed::tag(2), Gc::new("three").into()];
/// let names = values.each_ref().map(|value| match value.unpack() {
///     Unpacked::Int(number) => format!("integer {number}"),
///     Unpacked::Float(number) => format!("float {number}"),
///     Unpacked::Tag(tag) => format!("tag {tag}"),
///     Unpacked::Object(object) => object.type_name().to_owned(),
/// });
/// assert_eq!(names, ["integer 1", "float 0.5", "tag 2", "&str"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unpacked<'a> {
    /// An object, borrowed.
    Object(&'a AnyGc),
    /// An integer, from [`Packed::MIN_INT`] to [`Packed::MAX_INT`].
    Int(i64),
    /// A float. Every NaN is the same one.
    Float(f64),
    /// A constant of the host's.
    Tag(u32),
}

impl Packed {
    /// The least integer: -2^47.
    pub const MIN_INT: i64 = -(1 << (PAYLOAD_BITS - 1));
    /// The greatest integer: 2^47 - 1.
    pub const MAX_INT: i64 = (1 << (PAYLOAD_BITS - 1)) - 1;

    /// # Panics
    /// At zero, which no kind of value is encoded as.
    const fn from_word(word: u64) -> Packed {
        let word = NonZeroUsize::new(word as usize).expect("no packed value is zero");
        Packed { word: NonNull::without_provenance(word), marker: PhantomData }
    }

    #[inline(always)]
    fn word(&self) -> u64 {
        self.word.addr().get() as u64
    }

    /// An object. Takes the reference over.
    ///
    /// # Panics
    /// If the object's address is not below 2^48. Linux gives no such memory to a process that doesn't ask for it by
    /// its address.
    ///
    /// ```
    /// use tailbite::{Gc, Packed};
    /// let text = Gc::new("text");
    /// let packed = Packed::object(Gc::as_any(&text));
    /// assert_eq!(Gc::strong_count(&text), 2, "it owns a reference");
    /// assert!(packed.as_object().is_some_and(|object| *object == Gc::as_any(&text)));
    /// ```
    #[inline]
    #[must_use]
    pub fn object(object: AnyGc) -> Packed {
        let address = object.address() as u64;
        assert!(address <= PAYLOAD, "an object at {address:#x} can't be packed: its address has more than 48 bits");
        Packed { word: ManuallyDrop::new(object).object().block(), marker: PhantomData }
    }

    /// An integer; `None` if it is not between [`MIN_INT`](Packed::MIN_INT) and [`MAX_INT`](Packed::MAX_INT).
    ///
    /// ```
    /// use tailbite::Packed;
    /// assert_eq!(Packed::int(-5).and_then(|packed| packed.as_int()), Some(-5));
    /// assert!(Packed::int(Packed::MAX_INT).is_some() && Packed::int(Packed::MAX_INT + 1).is_none());
    /// ```
    #[inline]
    #[must_use]
    pub const fn int(value: i64) -> Option<Packed> {
        if value < Packed::MIN_INT || value > Packed::MAX_INT {
            return None;
        }
        Some(Packed::from_word(INT | (value as u64 & PAYLOAD)))
    }

    /// A float. The sign and payload of a NaN are lost.
    ///
    /// ```
    /// use tailbite::Packed;
    /// assert_eq!(Packed::float(-0.5).as_float(), Some(-0.5));
    /// assert!(Packed::float(-f64::NAN) == Packed::float(f64::NAN));
    /// assert!(Packed::float(1.0) != Packed::from(1));
    /// ```
    #[inline]
    #[must_use]
    pub const fn float(value: f64) -> Packed {
        let bits = if value.is_nan() { NAN } else { value.to_bits() };
        Packed::from_word(bits + FLOAT_OFFSET)
    }

    /// A constant of the host's, such as none, true and false.
    ///
    /// ```
    /// use tailbite::Packed;
    /// const NONE: Packed = Packed::tag(0);
    /// assert!(NONE == Packed::tag(0) && NONE != Packed::tag(1));
    /// assert_eq!(NONE.as_tag(), Some(0));
    /// ```
    #[inline]
    #[must_use]
    pub const fn tag(tag: u32) -> Packed {
        Packed::from_word(TAG | tag as u64)
    }

    /// What this is.
    ///
    /// ```
    /// use tailbite::{Packed, Unpacked};
    /// assert_eq!(Packed::from(7).unpack(), Unpacked::Int(7));
    /// ```
    #[inline]
    #[must_use]
    pub fn unpack(&self) -> Unpacked<'_> {
        let word = self.word();
        match word >> PAYLOAD_BITS {
            // SAFETY: no top bits: an object.
            0 => Unpacked::Object(unsafe { self.as_object_unchecked() }),
            0xFFFE => Unpacked::Int(sign_extend(word)),
            0xFFFF => Unpacked::Tag(word as u32),
            _ => Unpacked::Float(f64::from_bits(word - FLOAT_OFFSET)),
        }
    }

    /// The integer, if this is one.
    ///
    /// ```
    /// use tailbite::Packed;
    /// let packed = Packed::from(7);
    /// assert_eq!((packed.as_int(), packed.as_float(), packed.as_tag(), packed.as_object()), (Some(7), None, None, None));
    /// ```
    #[inline]
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        (self.word() >> PAYLOAD_BITS == 0xFFFE).then(|| sign_extend(self.word()))
    }

    /// The float, if this is one.
    #[inline]
    #[must_use]
    pub fn as_float(&self) -> Option<f64> {
        match self.unpack() {
            Unpacked::Float(value) => Some(value),
            _ => None,
        }
    }

    /// The tag, if this is one.
    #[inline]
    #[must_use]
    pub fn as_tag(&self) -> Option<u32> {
        (self.word() >> PAYLOAD_BITS == 0xFFFF).then_some(self.word() as u32)
    }

    #[inline(always)]
    fn is_object(&self) -> bool {
        self.word() <= PAYLOAD
    }

    /// The object, if this is one.
    #[inline]
    #[must_use]
    pub fn as_object(&self) -> Option<&AnyGc> {
        // SAFETY: just asked.
        self.is_object().then(|| unsafe { self.as_object_unchecked() })
    }

    /// # Safety
    /// This is an object.
    #[inline(always)]
    unsafe fn as_object_unchecked(&self) -> &AnyGc {
        // SAFETY: both types are transparent over one non-null pointer; by the caller's promise and the invariant it is
        // that of an `AnyGc`, provenance and all.
        unsafe { &*core::ptr::from_ref(self).cast::<AnyGc>() }
    }

    /// The object, with the reference that this owned.
    ///
    /// # Errors
    /// The value back, if it isn't an object.
    ///
    /// ```
    /// use tailbite::{Gc, Packed};
    /// let text = Gc::new("text");
    /// let object = Packed::from(text.clone()).into_object().unwrap();
    /// assert_eq!((object.downcast_ref(), Gc::strong_count(&text)), (Some(&"text"), 2));
    /// assert_eq!(Packed::from(7).into_object().unwrap_err().as_int(), Some(7));
    /// ```
    #[inline]
    pub fn into_object(self) -> Result<AnyGc, Packed> {
        if !self.is_object() {
            return Err(self);
        }
        let this = ManuallyDrop::new(self);
        // SAFETY: as in `as_object_unchecked`; read once, and `this` is not dropped.
        Ok(unsafe { core::ptr::from_ref(&*this).cast::<AnyGc>().read() })
    }

    /// Whether both are the same: what `==` says, usable as a path.
    ///
    /// ```
    /// use tailbite::Packed;
    /// let (haystack, needle) = ([Packed::from(1), Packed::from(2)], Packed::from(2));
    /// assert_eq!(haystack.iter().position(|value| Packed::same(value, &needle)), Some(1));
    /// ```
    #[inline]
    #[must_use]
    pub fn same(this: &Packed, other: &Packed) -> bool {
        this.word == other.word
    }
}

/// The signed integer in the lower 48 bits.
#[inline(always)]
const fn sign_extend(word: u64) -> i64 {
    ((word << (u64::BITS - PAYLOAD_BITS)) as i64) >> (u64::BITS - PAYLOAD_BITS)
}

impl Clone for Packed {
    #[inline(always)]
    fn clone(&self) -> Packed {
        if let Some(object) = self.as_object() {
            // The reference of the new value.
            core::mem::forget(object.clone());
        }
        Packed { word: self.word, marker: PhantomData }
    }
}

impl Drop for Packed {
    #[inline(always)]
    fn drop(&mut self) {
        if self.is_object() {
            // SAFETY: as in `as_object_unchecked`; nobody uses the word afterwards.
            unsafe { core::ptr::from_mut(self).cast::<AnyGc>().drop_in_place() };
        }
    }
}

// SAFETY: reports the one handle that it may be. `Drop` lets that handle go, as an `AnyGc`'s does, and looks at nothing
// behind it (the exception of rule 5).
unsafe impl Trace for Packed {
    #[inline(always)]
    fn trace(&self, tracer: &mut Tracer<'_>) {
        if let Some(object) = self.as_object() {
            AnyGc::trace(object, tracer);
        }
    }

    fn shape(_: u32) -> Shape {
        Shape::EDGES
    }

    fn owns_only_handles() -> bool {
        true
    }
}

impl PartialEq for Packed {
    #[inline]
    fn eq(&self, other: &Packed) -> bool {
        Packed::same(self, other)
    }
}

impl Eq for Packed {}

impl core::hash::Hash for Packed {
    fn hash<S: core::hash::Hasher>(&self, state: &mut S) {
        self.word().hash(state);
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.unpack(), f)
    }
}

impl From<AnyGc> for Packed {
    /// As [`Packed::object`].
    #[inline]
    fn from(object: AnyGc) -> Packed {
        Packed::object(object)
    }
}

impl<T: ?Sized> From<Gc<T>> for Packed {
    /// As [`Packed::object`].
    #[inline]
    fn from(object: Gc<T>) -> Packed {
        Packed::object(Gc::erase(object))
    }
}

macro_rules! from_numbers {
    ($($ty:ty)*; $($float:ty)*) => {
        $(impl From<$ty> for Packed {
            /// As an integer, which always fits.
            #[inline]
            fn from(value: $ty) -> Packed {
                Packed::from_word(INT | (i64::from(value) as u64 & PAYLOAD))
            }
        })*
        $(impl From<$float> for Packed {
            /// As [`Packed::float`].
            #[inline]
            fn from(value: $float) -> Packed {
                Packed::float(f64::from(value))
            }
        })*
    };
}

from_numbers! { i8 i16 i32 u8 u16 u32; f32 f64 }
