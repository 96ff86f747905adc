//! Broken rules: what a checker found first, without memory of its own.
#![forbid(unsafe_code)]

use core::fmt;
use core::ptr::NonNull;

/// A rule that does not hold. Checkers return the first one that they find, and ask for no memory to say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// What should be so.
    pub(crate) rule: &'static str,
    pub(crate) detail: Detail,
    /// The objects concerned, by their headers' addresses: the one that is wrong, then one that shows it.
    pub(crate) objects: [Option<NonNull<u8>>; 2],
}

/// What can be said of a broken rule in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    Nothing,
    /// What was found, and what is known.
    Numbers(usize, usize),
    /// The address of what is wrong, if that is no object.
    Place(usize),
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Detail::Nothing => Ok(()),
            Detail::Numbers(found, known) => write!(f, " (found {found}, known {known})"),
            Detail::Place(place) => write!(f, " (at {place:#x})"),
        }
    }
}

impl Broken {
    #[cold]
    pub(crate) fn new(rule: &'static str) -> Broken {
        Broken { rule, detail: Detail::Nothing, objects: [None, None] }
    }

    /// With what was found, and what is known.
    pub(crate) fn numbers(self, found: usize, known: usize) -> Broken {
        Broken { detail: Detail::Numbers(found, known), ..self }
    }

    /// With the place of what is wrong, unless more is known already.
    pub(crate) fn at<T>(self, place: NonNull<T>) -> Broken {
        let detail = if self.detail == Detail::Nothing { Detail::Place(place.addr().get()) } else { self.detail };
        Broken { detail, ..self }
    }

    /// With an object that is concerned, behind those that are known already.
    pub(crate) fn of(self, object: NonNull<u8>) -> Broken {
        let objects = match self.objects {
            [None, _] => [Some(object), None],
            [first, _] => [first, Some(object)],
        };
        Broken { objects, ..self }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is broken: {}{}", self.rule, self.detail)
    }
}

/// Ends the process: what stress builds check stands in the middle of collections, where panics are caught and reported
/// as the user's.
#[cfg(tailbite_stress)]
#[cold]
pub(crate) fn stop(message: &str) -> ! {
    eprintln!("stress: {message}");
    std::process::abort()
}

/// Returns from a checker unless the condition holds; with the objects concerned.
macro_rules! holds {
    ($condition:expr, $rule:expr $(, $object:expr)*) => {
        let holds: bool = $condition;
        if !holds {
            return Err($crate::base::Broken::new($rule)$(.of($object.block()))*);
        }
    };
}

/// Returns from a checker unless what was found is what is known.
macro_rules! agrees {
    ($found:expr, $known:expr, $rule:expr $(, $object:expr)*) => {
        let (found, known): (usize, usize) = ($found, $known);
        if found != known {
            return Err($crate::base::Broken::new($rule).numbers(found, known)$(.of($object.block()))*);
        }
    };
}

pub(crate) use {agrees, holds};
