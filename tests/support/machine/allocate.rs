//! Allocations of the machine, and the finalizers that they get.

use tailbite::{Gc, Generation};

use super::objects::{Knot, Part, Tuple};
use super::{Machine, panic_on_purpose};
use crate::{FinalizerKind, ObjectKind};

impl Machine {
    /// An object of a kind; a slice gets an edge to what a handle of the host's names.
    pub(super) fn alloc(&mut self, heap: usize, kind: ObjectKind, edge: Option<usize>) {
        let kind = match kind {
            ObjectKind::Knot(FinalizerKind::None) => kind,
            ObjectKind::Knot(_) if self.automatic => ObjectKind::Knot(FinalizerKind::Log),
            other => other,
        };
        let takes_edge = matches!(kind, ObjectKind::Tuple | ObjectKind::Row);
        let edge = edge.filter(|_| takes_edge);
        let target = edge.map(|edge| self.model.handles[edge]);
        let edge = edge.map(|edge| self.handles[edge].clone());
        let number = self.model.alloc(heap, kind, target);
        let (place, probe) = (self.heap(heap), || self.log.probe(number.to_string()));
        let object = match kind {
            ObjectKind::Knot(finalizer) => {
                let knot = place.alloc(Knot::new(place, &self.log, number));
                self.arm(&knot, heap, number, finalizer);
                Gc::erase(knot)
            }
            ObjectKind::Tuple => {
                let tuple: Gc<Tuple> = place.alloc_with_slice(probe(), edge.into_iter().collect::<Vec<_>>());
                Gc::erase(tuple)
            }
            ObjectKind::Row => {
                let parts = [Part::Probe(probe())].into_iter().chain(edge.map(Part::Edge));
                Gc::erase(place.alloc_slice(parts.collect::<Vec<_>>()))
            }
            ObjectKind::Leaf => Gc::erase(place.alloc(probe())),
        };
        self.handles.push(object);
    }

    fn arm(&self, knot: &Gc<Knot>, heap: usize, number: usize, finalizer: FinalizerKind) {
        let (rescued, collecting) = (self.rescued.clone(), self.collecting.clone());
        match finalizer {
            FinalizerKind::None => {}
            FinalizerKind::Log => Knot::on_finalize(knot, |_| {}),
            FinalizerKind::Resurrect => {
                Knot::on_finalize(knot, move |this| {
                    rescued.borrow_mut().push(Gc::as_any(this));
                });
            }
            FinalizerKind::Unlink => Knot::on_finalize(knot, |this| this.unlink()),
            FinalizerKind::Panic => Knot::on_finalize(knot, |_| panic_on_purpose()),
            FinalizerKind::Allocate => Knot::on_finalize(knot, move |this| {
                let child = Gc::with_heap(this, |heap| heap.alloc(Knot::new(heap, this.log(), number + 1)));
                rescued.borrow_mut().push(Gc::erase(child));
            }),
            FinalizerKind::Collect => Knot::on_finalize(knot, move |this| {
                if collecting.get() == Some(heap) {
                    let collected = Gc::with_heap(this, |heap| heap.collect(Generation::Old));
                    this.log().push(format!("nested {collected}"));
                }
            }),
            FinalizerKind::Unwrap => Knot::on_finalize(knot, |this| {
                let temporary = Gc::with_heap(this, |heap| heap.alloc(this.log().probe("temporary")));
                drop(Gc::into_inner(temporary));
            }),
        }
    }

    pub(super) fn alloc_cyclic(&mut self, heap: usize) {
        let number = self.model.alloc(heap, ObjectKind::Knot(FinalizerKind::None), None);
        let mut outside = None;
        let place = self.heap(heap);
        let knot = place.alloc_cyclic(|weak| {
            assert!(weak.upgrade().is_none(), "an object under construction is not visible");
            outside = Some(weak.clone());
            Knot::new(place, &self.log, number)
        });
        self.weaks.push(outside.expect("the constructor ran"));
        self.model.weaks.push(number);
        self.handles.push(Gc::erase(knot));
    }

    /// The value comes back, and nothing else has changed.
    pub(super) fn alloc_refused(&mut self, heap: usize) {
        if self.automatic {
            // A refusal collects there.
            return;
        }
        let place = self.heap(heap);
        // (A large object: small ones may find a free block.)
        place.set_memory_limit(Some(0));
        let Err(error) = place.try_alloc([7_u8; 1 << 16]) else { panic!("there is no memory for it") };
        assert!(error.into_value() == [7; 1 << 16], "the value comes back");
        place.set_memory_limit(None);
    }
}
