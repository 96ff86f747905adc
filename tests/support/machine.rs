//! Runs a program on the runtime and on the model side by side, and compares after every operation.

mod allocate;
mod compare;
mod exclusive;
mod objects;
mod weak;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::rc::Rc;

use tailbite::{AnyGc, AnyRootKey, Gc, Generation, Heap, Proxy, Trigger, Weak, WeakRef};

use crate::model::Opaque;
use crate::{Log, Model, Op, Place, Program, ops, replay};
use objects::Knot;

const HEAPS: usize = 3;
const NO_COLLECTION: [i32; 3] = [0, 10, 10];

/// The host: its heaps, handles and weak references.
pub struct Machine {
    log: Log,
    heaps: Vec<Option<Heap>>,
    handles: Vec<AnyGc>,
    weaks: Vec<Weak<Knot>>,
    watches: Vec<Watch>,
    /// By heap and number of the object.
    roots: Vec<(usize, usize, AnyRootKey)>,
    rescued: Rc<RefCell<Vec<AnyGc>>>,
    collecting: Rc<Cell<Option<usize>>>,
    dropped: BTreeSet<usize>,
    model: Model,
    /// With automatic collections the model can't say when garbage goes, only what must not.
    automatic: bool,
    steps: usize,
    /// The machine does something else than it is told, now and then: for tests of what finds that.
    misbehaves: bool,
}

/// A weak reference object or a proxy.
enum Watch {
    Reference(Gc<WeakRef>),
    Proxy(Gc<Proxy>),
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine").field("model", &self.model).finish_non_exhaustive()
    }
}

/// Runs a program of bytes, on its heaps that collect when they are told to, or (if the first byte is odd) on one that collects by itself.
/// The rest are operations of [`MODEL_OPERATION`](crate::MODEL_OPERATION) bytes.
///
/// With the environment variable `TAILBITE_SEEDED_BUG` the machine [misbehaves](Machine::misbehaving).
///
/// # Panics
/// If the runtime and the model disagree.
pub fn run_program(program: &[u8]) {
    let Some((&first, operations)) = program.split_first() else { return };
    let mut machine = if first % 2 == 1 { Machine::automatic() } else { Machine::exact() };
    machine.misbehaves = std::env::var_os("TAILBITE_SEEDED_BUG").is_some();
    machine.run(&ops::read_program(operations));
}

impl Machine {
    /// A host with one heap that collects only when told to.
    pub fn exact() -> Machine {
        Machine::new(false)
    }

    /// A host with one heap whose thresholds are tiny.
    pub fn automatic() -> Machine {
        Machine::new(true)
    }

    /// One that takes another edge out of a list than the operation says.
    pub fn misbehaving() -> Machine {
        Machine { misbehaves: true, ..Machine::exact() }
    }

    fn new(automatic: bool) -> Machine {
        let mut machine = Machine {
            log: Log::new(),
            heaps: Vec::new(),
            handles: Vec::new(),
            weaks: Vec::new(),
            watches: Vec::new(),
            roots: Vec::new(),
            rescued: Rc::default(),
            collecting: Rc::default(),
            dropped: BTreeSet::new(),
            model: Model::default(),
            automatic,
            steps: 0,
            misbehaves: false,
        };
        machine.open_heap();
        machine
    }

    /// Runs a whole program, then gives everything up and checks that nothing is left.
    pub fn run(mut self, program: &Program) {
        for &op in program {
            self.step(op);
        }
        self.finish();
    }

    /// Runs one operation and compares.
    pub fn step(&mut self, op: Op) {
        if replay::is_told() {
            println!("{op:?}");
        }
        self.perform(op);
        self.compare(op);
    }

    fn open_heap(&mut self) {
        let heap = Heap::new();
        if self.automatic {
            heap.set_threshold([3, 1, 1]);
        } else {
            heap.set_trigger(Trigger::Manual);
            heap.set_threshold(NO_COLLECTION);
        }
        let log = self.log.clone();
        heap.set_unraisable_hook(move |unraisable| {
            let expected = unraisable.message() == "on purpose";
            log.push(if expected { "unraisable".to_owned() } else { unraisable.to_string() });
        });
        self.heaps.push(Some(heap));
        self.model.open_heap();
    }

    fn heap(&self, heap: usize) -> &Heap {
        self.heaps[heap].as_ref().expect("the heap is open")
    }

    fn pick_heap(&self, index: usize) -> Option<usize> {
        let open = self.model.open_heaps();
        (!open.is_empty()).then(|| open[index % open.len()])
    }

    fn pick(&self, index: usize) -> Option<usize> {
        (!self.handles.is_empty()).then(|| index % self.handles.len())
    }

    /// The first handle to a knot from this one on.
    fn pick_knot(&self, index: usize) -> Option<(usize, Gc<Knot>)> {
        let len = self.handles.len();
        let mut places = (0..len).map(|step| (index + step) % len);
        places.find_map(|place| Some((place, self.handles[place].clone().downcast::<Knot>().ok()?)))
    }

    fn perform(&mut self, op: Op) -> Option<()> {
        match op {
            Op::OpenHeap if self.heaps.len() < HEAPS && !self.automatic => self.open_heap(),
            Op::CloseHeap(heap) if !self.automatic => {
                let heap = self.pick_heap(heap)?;
                drop(self.heaps[heap].take());
                self.model.close_heap(heap);
            }
            Op::OpenHeap | Op::CloseHeap(_) => {}
            Op::Alloc(heap, kind, edge) => self.alloc(self.pick_heap(heap)?, kind, self.pick(edge)),
            Op::AllocCyclic(heap) => self.alloc_cyclic(self.pick_heap(heap)?),
            Op::AllocRefused(heap) => self.alloc_refused(self.pick_heap(heap)?),
            Op::Clone(handle) => {
                let handle = self.pick(handle)?;
                self.handles.push(self.handles[handle].clone());
                self.model.add_handle(self.model.handles[handle]);
            }
            Op::Drop(handle) => {
                let handle = self.pick(handle)?;
                drop(self.handles.swap_remove(handle));
                self.model.drop_handle(handle);
            }
            Op::Set(from, cell, to) => {
                let ((from, knot), to) = (self.pick_knot(from)?, self.pick(to)?);
                drop(knot.cells[cell].replace(Some(self.handles[to].clone())));
                self.model.set(self.model.handles[from], cell, Some(self.model.handles[to]));
            }
            Op::Clear(from, cell) => {
                let (from, knot) = self.pick_knot(from)?;
                drop(knot.cells[cell].take());
                self.model.set(self.model.handles[from], cell, None);
            }
            Op::Push(from, place, to) => {
                let ((from, knot), to) = (self.pick_knot(from)?, self.pick(to)?);
                let edge = self.handles[to].clone();
                match place {
                    Place::List => knot.list.borrow_mut().push(edge),
                    Place::Items => knot.items.borrow_mut().push(edge),
                }
                self.model.push(self.model.handles[from], place, self.model.handles[to]);
            }
            Op::Pop(from, place, index) => {
                let (from, knot) = self.pick_knot(from)?;
                let len = self.model.place(self.model.handles[from], place).len();
                let index = index.checked_rem(len)?;
                let taken = if self.misbehaves { (index + 1) % len } else { index };
                let edge = match place {
                    Place::List => knot.list.borrow_mut().swap_remove(taken),
                    Place::Items => knot.items.borrow_mut().swap_remove(taken),
                };
                drop(edge);
                self.model.pop(self.model.handles[from], place, index);
            }
            Op::Follow(from, index) => {
                let (from, knot) = self.pick_knot(from)?;
                let list = self.model.place(self.model.handles[from], Place::List);
                let index = index.checked_rem(list.len())?;
                let object = list[index];
                self.handles.push(knot.list.borrow()[index].clone());
                self.model.add_handle(object);
            }
            Op::Immortalize(_) if self.automatic => {}
            Op::Immortalize(handle) => {
                let handle = self.pick(handle)?;
                self.handles[handle].with_heap(|heap| heap.make_immortal(&self.handles[handle]));
                self.model.immortalize(self.model.handles[handle]);
            }
            Op::Root(heap, handle) => {
                let (heap, handle) = (self.pick_heap(heap)?, self.pick(handle)?);
                let object = self.model.handles[handle];
                let key = self.heap(heap).add_root_any(self.handles[handle].clone());
                self.roots.push((heap, object, key));
                self.model.root(heap, object);
            }
            Op::Unroot(root) => {
                let root = root.checked_rem(self.roots.len())?;
                let (heap, object, key) = self.roots.swap_remove(root);
                // The heap's keys go with it.
                let handle = self.heaps[heap].as_ref()?.remove_root_any(key).expect("the key is used once");
                assert!(self.model.unroot(heap, object), "the model keeps it, too");
                self.handles.push(handle);
            }
            Op::Freeze(heap) => {
                let heap = self.pick_heap(heap)?;
                self.heap(heap).freeze();
                self.model.freeze(heap);
            }
            Op::Unfreeze(heap) => {
                let heap = self.pick_heap(heap)?;
                self.heap(heap).unfreeze();
                self.model.unfreeze(heap);
            }
            Op::Rest(heap) => {
                let heap = self.pick_heap(heap)?;
                assert_eq!(self.heap(heap).safepoint(), 0, "nothing is due");
                self.heap(heap).trim();
            }
            Op::Collect(heap, generation) => self.collect(self.pick_heap(heap)?, generation, Opaque::Nothing),
            Op::CollectBorrowed(handle, heap, generation) => {
                self.collect_borrowed(handle, self.pick_heap(heap)?, generation)?;
            }
            Op::CollectLent(handle, heap, generation) => {
                self.collect_lent(handle, self.pick_heap(heap)?, generation)?;
            }
            Op::Unwrap(handle) => self.unwrap(handle)?,
            Op::Downgrade(_) | Op::Watch(..) | Op::WeakRef(..) => self.make_weak(op)?,
            Op::DropWeak(_) | Op::DropWatch(_) | Op::Upgrade(_) => self.use_weak(op)?,
        }
        Some(())
    }

    fn collect(&mut self, heap: usize, generation: usize, opaque: Opaque) {
        self.collecting.set(Some(heap));
        let collected = self.heap(heap).collect(Generation::ALL[generation]);
        self.collecting.set(None);
        self.expect_collected(collected, heap, generation, opaque);
    }

    fn expect_collected(&mut self, collected: usize, heap: usize, generation: usize, opaque: Opaque) {
        if self.automatic {
            return;
        }
        let expected = self.model.collect(heap, generation, opaque);
        if self.model.has_unlinkers() {
            assert!(collected <= expected, "at most {expected} objects are collected, not {collected}");
        } else {
            assert_eq!(collected, expected, "the number of collected objects");
        }
    }
}

/// A panic that no panic hook hears of.
fn panic_on_purpose() {
    resume_unwind(Box::new("on purpose"));
}
