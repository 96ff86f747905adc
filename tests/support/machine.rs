//! Runs a program on the runtime and on the model side by side, and compares after every operation.

mod compare;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use tailbite::{AnyGc, Gc, Generation, Heap, Trigger, Weak, WeakRef, callback};

use crate::model::Opaque;
use crate::{FinalizerKind, Log, Model, Node, Op, Program};

const HEAPS: usize = 3;
const NO_COLLECTION: [i32; 3] = [0, 10, 10];

/// The host: its heaps, handles and weak references.
pub struct Machine {
    log: Log,
    heaps: Vec<Option<Heap>>,
    handles: Vec<Gc<Node>>,
    weaks: Vec<Weak<Node>>,
    watches: Vec<Gc<WeakRef>>,
    rescued: Rc<RefCell<Vec<Gc<Node>>>>,
    dropped: BTreeSet<usize>,
    model: Model,
    /// With automatic collections the model can't say when garbage goes, only what must not.
    automatic: bool,
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine").field("model", &self.model).finish_non_exhaustive()
    }
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

    fn new(automatic: bool) -> Machine {
        let mut machine = Machine {
            log: Log::new(),
            heaps: Vec::new(),
            handles: Vec::new(),
            weaks: Vec::new(),
            watches: Vec::new(),
            rescued: Rc::default(),
            dropped: BTreeSet::new(),
            model: Model::default(),
            automatic,
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
        self.heaps.push(Some(heap));
        self.model.open_heap();
    }

    fn pick_heap(&self, index: usize) -> Option<usize> {
        let open = self.model.open_heaps();
        (!open.is_empty()).then(|| open[index % open.len()])
    }

    fn pick(&self, index: usize) -> Option<usize> {
        (!self.handles.is_empty()).then(|| index % self.handles.len())
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
            Op::Alloc(heap, finalizer) => self.alloc(self.pick_heap(heap)?, finalizer),
            Op::AllocCyclic(heap) => self.alloc_cyclic(self.pick_heap(heap)?),
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
                let (from, to, cell) = (self.pick(from)?, self.pick(to)?, cell % 2);
                self.handles[from].set(cell, Some(self.handles[to].clone()));
                self.model.set(self.model.handles[from], cell, Some(self.model.handles[to]));
            }
            Op::Clear(from, cell) => {
                let (from, cell) = (self.pick(from)?, cell % 2);
                self.handles[from].set(cell, None);
                self.model.set(self.model.handles[from], cell, None);
            }
            Op::Push(from, to) => {
                let (from, to) = (self.pick(from)?, self.pick(to)?);
                self.handles[from].link(&self.handles[to]);
                self.model.push(self.model.handles[from], self.model.handles[to]);
            }
            Op::Pop(from, index) => {
                let (from, index) = self.pick_edge(from, index)?;
                let edge = self.handles[from].list.borrow_mut().swap_remove(index);
                drop(edge);
                self.model.pop(self.model.handles[from], index);
            }
            Op::Follow(from, index) => {
                let (from, index) = self.pick_edge(from, index)?;
                let edge = self.handles[from].list.borrow()[index].clone();
                self.handles.push(edge);
                self.model.add_handle(self.model.list(self.model.handles[from])[index]);
            }
            Op::Collect(heap, generation) => self.collect(self.pick_heap(heap)?, generation % 3, Opaque::Nothing),
            Op::CollectBorrowed(handle, heap, generation) => {
                let (handle, heap) = (self.pick(handle)?, self.pick_heap(heap)?);
                let node = self.handles[handle].clone();
                let opaque = Opaque::List(self.model.handles[handle]);
                self.model.add_handle(self.model.handles[handle]);
                let borrowed = node.list.borrow_mut();
                self.collect(heap, generation % 3, opaque);
                drop(borrowed);
                drop(node);
                let last = self.model.handles.len() - 1;
                self.model.drop_handle(last);
            }
            Op::CollectLent(handle, heap, generation) => {
                let (handle, heap) = (self.pick(handle)?, self.pick_heap(heap)?);
                self.collect_lent(handle, heap, generation % 3);
            }
            Op::Unwrap(handle) => self.unwrap(self.pick(handle)?),
            Op::Downgrade(_) | Op::Watch(_) | Op::WeakRef(_) | Op::DropWeak(_) | Op::DropWatch(_) | Op::Upgrade(_) => {
                self.perform_weak(op)?;
            }
        }
        Some(())
    }

    fn perform_weak(&mut self, op: Op) -> Option<()> {
        match op {
            Op::Downgrade(handle) => {
                let handle = self.pick(handle)?;
                self.weaks.push(Gc::downgrade(&self.handles[handle]));
                self.model.weaks.push(self.model.handles[handle]);
            }
            Op::Watch(handle) => {
                let handle = self.pick(handle)?;
                let number = self.model.watch(self.model.handles[handle], true)?;
                let log = self.log.clone();
                let callback = callback(move |reference: &AnyGc| {
                    let reference = reference.downcast_ref::<WeakRef>().expect("the callback gets the weak reference");
                    assert!(!reference.is_alive(), "a weak reference is cleared before its callback runs");
                    log.push(format!("callback {number}"));
                });
                self.watches.push(WeakRef::with_callback(&self.handles[handle], callback));
            }
            Op::WeakRef(handle) => {
                let handle = self.pick(handle)?;
                self.model.watch(self.model.handles[handle], false);
                self.watches.push(WeakRef::new(&self.handles[handle]));
            }
            Op::DropWeak(weak) if !self.weaks.is_empty() => {
                let weak = weak % self.weaks.len();
                self.weaks.swap_remove(weak);
                self.model.weaks.swap_remove(weak);
            }
            Op::DropWatch(watch) if !self.watches.is_empty() => {
                let watch = watch % self.watches.len();
                drop(self.watches.swap_remove(watch));
                self.model.drop_watch(watch);
            }
            Op::Upgrade(weak) if !self.weaks.is_empty() => {
                let weak = weak % self.weaks.len();
                if let Some(handle) = self.weaks[weak].upgrade() {
                    let object = id(&handle);
                    assert_eq!(object, self.model.weaks[weak], "a weak reference finds its own object");
                    self.handles.push(handle);
                    self.model.add_handle(object);
                }
            }
            _ => {}
        }
        Some(())
    }

    fn pick_edge(&self, from: usize, index: usize) -> Option<(usize, usize)> {
        let from = self.pick(from)?;
        let len = self.model.list(self.model.handles[from]).len();
        (len > 0).then(|| (from, index % len))
    }

    fn alloc(&mut self, heap: usize, finalizer: FinalizerKind) {
        let finalizer = match finalizer {
            FinalizerKind::None => FinalizerKind::None,
            _ if self.automatic => FinalizerKind::Log,
            other => other,
        };
        let id = self.model.alloc(heap, finalizer);
        let node = Node::alloc(self.heaps[heap].as_ref().expect("the heap is open"), &self.log, id.to_string());
        let rescued = self.rescued.clone();
        match finalizer {
            FinalizerKind::None => {}
            FinalizerKind::Log => Node::on_finalize(&node, |_| {}),
            FinalizerKind::Resurrect => {
                Node::on_finalize(&node, move |node| rescued.borrow_mut().push(node.clone()));
            }
            FinalizerKind::Unlink => Node::on_finalize(&node, |node| node.unlink()),
        }
        self.handles.push(node);
    }

    fn alloc_cyclic(&mut self, heap: usize) {
        let id = self.model.alloc(heap, FinalizerKind::None);
        let mut outside = None;
        let node = self.heaps[heap].as_ref().expect("the heap is open").alloc_cyclic(|weak| {
            assert!(weak.upgrade().is_none(), "an object under construction is not visible");
            outside = Some(weak.clone());
            Node::new(&self.log, id.to_string())
        });
        self.weaks.push(outside.expect("the constructor ran"));
        self.model.weaks.push(id);
        self.handles.push(node);
    }

    fn collect(&mut self, heap: usize, generation: usize, opaque: Opaque) {
        let collected = self.heaps[heap].as_ref().expect("the heap is open").collect(Generation::ALL[generation]);
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

    fn collect_lent(&mut self, handle: usize, heap: usize, generation: usize) {
        if self.automatic {
            return;
        }
        let object = self.model.handles[handle];
        let mut node = self.handles.swap_remove(handle);
        self.model.handles.swap_remove(handle);
        let exclusive = self.model.is_exclusive(object);
        if let Some(guard) = Gc::get_mut(&mut node) {
            assert!(exclusive, "only the one handle without weak references lends");
            let collected = self.heaps[heap].as_ref().expect("the heap is open").collect(Generation::ALL[generation]);
            drop(guard);
            self.expect_collected(collected, heap, generation, Opaque::Object(object));
        } else {
            assert!(!exclusive, "the one handle without weak references lends");
        }
        self.handles.push(node);
        self.model.handles.push(object);
    }

    fn unwrap(&mut self, handle: usize) {
        if self.automatic {
            return;
        }
        let object = self.model.handles[handle];
        match Gc::try_unwrap(self.handles.swap_remove(handle)) {
            Ok(payload) => {
                assert_eq!(self.model.count(object), 1, "only the last handle unwraps");
                drop(payload);
                self.model.unwrap(handle);
            }
            Err(node) => {
                assert!(self.model.count(object) > 1, "the last handle unwraps");
                self.model.handles.swap_remove(handle);
                self.handles.push(node);
                self.model.handles.push(object);
            }
        }
    }
}

fn number(text: &str) -> usize {
    text.parse().expect("objects are named by number")
}

fn id(node: &Gc<Node>) -> usize {
    number(node.name())
}
