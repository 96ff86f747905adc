//! The three generations, as the public API names them.

use core::fmt;

/// A generation of objects: 0, 1 or 2 in CPython's `gc` module.
///
/// Collecting a generation collects all younger ones with it; what survives moves on to the next older one.
///
/// ```
/// use tailbite::Generation;
/// assert_eq!(Generation::try_from(2_i64), Ok(Generation::Old));
/// assert_eq!(Generation::try_from(3_i64).unwrap_err().to_string(), "invalid generation");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generation {
    /// Generation 0: allocated since the last collection.
    Young = 0,
    /// Generation 1: survived one collection.
    Middle = 1,
    /// Generation 2: survived two. Collecting it is a *full* collection.
    Old = 2,
}

impl Generation {
    /// All of them, youngest first.
    pub const ALL: [Generation; 3] = [Generation::Young, Generation::Middle, Generation::Old];

    /// 0, 1 or 2: the index into thresholds, counts and statistics.
    ///
    /// ```
    /// use tailbite::Generation;
    /// assert_eq!(Generation::ALL.map(Generation::index), [0, 1, 2]);
    /// ```
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Where survivors of this generation go.
    pub(crate) const fn next(self) -> Generation {
        match self {
            Generation::Young => Generation::Middle,
            Generation::Middle | Generation::Old => Generation::Old,
        }
    }
}

/// What the header of an object says that is in no generation: permanent, after [`Heap::freeze`](crate::Heap::freeze).
pub(crate) const PERMANENT: u8 = 3;

/// A number that names no generation. Displays as CPython's `ValueError` for it: "invalid generation", or what
/// `gc.get_objects` says of its argument.
///
/// ```
/// use tailbite::Generation;
/// let error = Generation::parse_objects_argument(3).unwrap_err();
/// let message = "generation parameter must be less than the number of available generations (3)";
/// assert_eq!(error.to_string(), message);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidGeneration(Reason);

impl InvalidGeneration {
    /// Less than any argument of `gc.get_objects`.
    pub(crate) const NEGATIVE: InvalidGeneration = InvalidGeneration(Reason::Negative);
    /// Greater than any.
    pub(crate) const TOO_LARGE: InvalidGeneration = InvalidGeneration(Reason::TooLarge);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// Of `gc.collect`.
    Invalid,
    /// Of `gc.get_objects`.
    TooLarge,
    Negative,
}

impl fmt::Display for InvalidGeneration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Reason::Invalid => "invalid generation",
            Reason::TooLarge => "generation parameter must be less than the number of available generations (3)",
            Reason::Negative => "generation parameter cannot be negative",
        })
    }
}

impl core::error::Error for InvalidGeneration {}

impl TryFrom<i64> for Generation {
    type Error = InvalidGeneration;

    fn try_from(number: i64) -> Result<Generation, InvalidGeneration> {
        usize::try_from(number).map_err(|_| InvalidGeneration(Reason::Invalid))?.try_into()
    }
}

impl TryFrom<usize> for Generation {
    type Error = InvalidGeneration;

    fn try_from(number: usize) -> Result<Generation, InvalidGeneration> {
        Generation::ALL.get(number).copied().ok_or(InvalidGeneration(Reason::Invalid))
    }
}
