//! Who refers to an object, and to what an object refers.

use hashbrown::HashSet;

use super::walk::{Handles, Walk, for_each_edge};
use crate::alloc::Allocator;
use crate::collect::PERMANENT;
use crate::handle::AnyGc;
use crate::heap::{Heap, OutOfMemory};
use crate::object::RawObject;

/// Objects to be found again. Few are compared one by one, which is quicker than to hash each edge of a heap.
struct Wanted<'a> {
    few: &'a [AnyGc],
    many: HashSet<RawObject>,
}

impl<'a> Wanted<'a> {
    const FEW: usize = 8;

    fn new(objects: &'a [AnyGc], alloc: &Allocator) -> Wanted<'a> {
        let mut many = HashSet::new();
        if objects.len() <= Self::FEW {
            return Wanted { few: objects, many };
        }
        if alloc.refuses_request() || many.try_reserve(objects.len()).is_err() {
            OutOfMemory::new((), size_of_val(objects)).raise();
        }
        many.extend(objects.iter().map(AnyGc::object));
        Wanted { few: &[], many }
    }

    fn contains(&self, object: RawObject) -> bool {
        self.few.iter().any(|wanted| wanted.object() == object) || self.many.contains(&object)
    }
}

impl Heap {
    /// Handles to the objects of this heap that refer to any of `objects`, each once; CPython's `gc.get_referrers`.
    /// `objects` may lie anywhere.
    ///
    /// It finds what the collector sees: handles on the host's stack, in [`Untraced`](crate::Untraced) values, behind an
    /// `Rc`, and in cells that are mutably borrowed right now are opaque, and so are [frozen](Heap::freeze) objects, as in
    /// CPython. What [`get_objects`](Heap::get_objects) doesn't show is no referrer.
    ///
    /// In order of place. Cost: a look at each tracked object and at each of its edges, however many `objects` there
    /// are.
    ///
    /// # Panics
    /// If memory for the handles is refused; if a `Trace` impl panics.
    ///
    /// ```
    /// use tailbite::{Gc, Heap};
    /// let heap = Heap::new();
    /// let leaf = heap.alloc(1);
    /// let pair = heap.alloc((leaf.clone(), leaf.clone()));
    /// assert_eq!(heap.get_referrers(&[Gc::as_any(&leaf)]), [Gc::as_any(&pair)]);
    /// ```
    #[must_use]
    pub fn get_referrers(&self, objects: &[AnyGc]) -> Vec<AnyGc> {
        let wanted = Wanted::new(objects, &self.state().alloc);
        let mut referrers = Handles::of(self.state());
        Walk::over(self.state()).for_each(|object| {
            let mut refers = false;
            if object.header().generation() != PERMANENT {
                // SAFETY: the walk shows objects that are revivable.
                unsafe { for_each_edge(object, |edge| refers = refers || wanted.contains(edge)) };
            }
            if refers {
                referrers.take(object);
            }
        });
        referrers.finish()
    }

    /// Handles to what `objects` refer to, tracked or not: for each object in turn what its `Trace` reports, in that
    /// order, as often as it reports it; CPython's `gc.get_referents`. `objects` may lie anywhere; those whose type owns
    /// no handles contribute nothing.
    ///
    /// What a cell holds that is mutably borrowed right now is not reported, nor anything of an object that is lent
    /// through a [`GcMut`](crate::GcMut), nor a referent that is. Inside a finalizer all that the object refers to is
    /// there: whoever has its handle could reach it anyway.
    ///
    /// # Panics
    /// If memory for the handles is refused; if a `Trace` impl panics.
    ///
    /// ```
    /// use tailbite::{Gc, Heap};
    /// let heap = Heap::new();
    /// let one = heap.alloc(1);
    /// let pair = heap.alloc((one.clone(), one.clone()));
    /// let one = Gc::erase(one);
    /// assert_eq!(heap.get_referents(&[Gc::erase(pair)]), [one.clone(), one]);
    /// ```
    #[must_use]
    pub fn get_referents(&self, objects: &[AnyGc]) -> Vec<AnyGc> {
        let mut referents = Handles::of(self.state());
        for object in objects.iter().map(AnyGc::object) {
            // A handle may be there although the object is lent: after a guard was leaked (S1).
            if object.is_tracked() && object.is_revivable() {
                // SAFETY: just asked.
                unsafe { for_each_edge(object, |edge| referents.take(edge)) };
            }
        }
        referents.finish()
    }
}
