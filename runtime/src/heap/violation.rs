//! Violations: what `Heap::verify` says is broken, and where.
#![forbid(unsafe_code)]

use core::fmt;

use crate::base::Detail;

/// A rule that does not hold in a heap: the first one that [`Heap::verify`](crate::Heap::verify) found. Displays as the
/// rule, and a line for each object concerned: its type and address, and for the first of them a path that leads to it
/// from an object that is held from outside of the heap's own objects (by a handle on the stack, a root, ...).
///
/// ```text
/// this is broken: no object is referred to more often than it is held (found 2, known 1)
///   `host::Item` at 0x7f5e3a014250
///   shown by `host::List` at 0x7f5e3a018050
///   path: held `host::List` at 0x7f5e3a018050, edge 0 -> `host::Item` at 0x7f5e3a014250
/// ```
///
/// Edges are numbered as the type's [`Trace`](crate::Trace) reports them. The path is a shortest one; of a long one the
/// middle is left out. Where memory is refused for finding it, the violation says so in its place.
#[derive(Debug)]
pub struct Violation {
    pub(super) rule: &'static str,
    pub(super) detail: Detail,
    /// The object that is wrong, and one that shows it.
    pub(super) objects: [Option<Place>; 2],
    pub(super) path: Path,
}

/// An object, by what can be told of it when it is gone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) type_name: &'static str,
    pub(super) address: usize,
}

/// How an object is reached.
#[derive(Debug)]
pub(super) enum Path {
    /// Nobody asked: no object is concerned.
    None,
    /// What the debug heap says in place of it.
    Fault(Box<str>),
    /// It can't be told: memory was refused, or edges can't be followed.
    Unknown,
    /// Nothing that is held leads to it.
    Unreached,
    /// Steps from an object that is held.
    Steps(Vec<Step>),
}

/// A part of a path.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Object(Place),
    /// The number of the edge to the next object.
    Edge(usize),
    /// So many objects are left out.
    Omitted(usize),
}

impl Violation {
    /// What the debug heap found.
    pub(super) fn of_debug_heap(fault: String) -> Violation {
        let rule = "nobody writes beside a block, or to one that was freed, or frees it wrongly";
        Violation { rule, detail: Detail::Nothing, objects: [None, None], path: Path::Fault(fault.into()) }
    }

    /// What should be so: one short sentence, the same for every violation of the rule.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        self.rule
    }

    /// The objects concerned, by type name and address: the one that is wrong, then one that shows it. None if the rule
    /// is about memory.
    pub fn objects(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.objects.iter().flatten().map(|place| (place.type_name, place.address))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` at {:#x}", self.type_name, self.address)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is broken: {}{}", self.rule, self.detail)?;
        let [wrong, shown_by] = &self.objects;
        if let Some(wrong) = wrong {
            write!(f, "\n  {wrong}")?;
        }
        if let Some(shown_by) = shown_by {
            write!(f, "\n  shown by {shown_by}")?;
        }
        match &self.path {
            Path::None => Ok(()),
            Path::Fault(fault) => write!(f, "\n{fault}"),
            Path::Unknown => f.write_str("\n  path: unknown, memory for finding it was refused"),
            Path::Unreached => f.write_str("\n  path: none, no edge leads to it from an object that is held"),
            Path::Steps(steps) => {
                f.write_str("\n  path: held ")?;
                steps.iter().try_for_each(|step| match step {
                    Step::Object(place) => place.fmt(f),
                    Step::Edge(number) => write!(f, ", edge {number} -> "),
                    Step::Omitted(count) => write!(f, "({count} more) -> "),
                })
            }
        }
    }
}

impl core::error::Error for Violation {}
