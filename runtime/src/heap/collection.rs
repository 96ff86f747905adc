//! A collection: the order of events around the collector's detections.
//!
//! ```text
//! gc callbacks hear of the start                                 (user code)
//! take candidates -> detect
//!   -> the debug sink is told of what is unreachable             (user code, if that flag is set)
//!   -> weak references with callbacks cleared, callbacks run      (user code)
//!   -> finalizers                                                (user code)
//!   -> detect again among the unreachable, if any user code ran   <- the silent window begins (S7)
//!   -> if it owns only handles: let them go, free its blocks, in one pass; done
//!   -> doom what is still unreachable; clear its weak references
//!   -> drop its payloads, in place                               <- the silent window ends: nothing leads to the garbage any more
//!   -> free its blocks
//!   (garbage that owns only handles: both in one pass, and what it let go of dies after that)
//! gc callbacks hear of the end                                   (user code)
//! ```

use core::panic::AssertUnwindSafe;
use core::ptr::NonNull;
use std::panic::catch_unwind;

use super::callbacks::Phase;
use super::close::Operation;
use super::drops::Drops;
use super::reclaim::UnderWay;
use super::state::HeapState;
use super::unraisable::{OverReported, UnraisableContext};
use crate::base::Clock;
use crate::collect::{Candidates, CollectionInfo, Detection, Generation};
use crate::object::{Flags, RawObject, SideState, Tracer, type_of};
use crate::weak::PendingCallbacks;

impl HeapState {
    /// Collects `generation` and all younger ones; the number of objects freed. 0 at once if a collection is under way,
    /// or if the heap is closed. Never unwinds.
    ///
    /// # Safety
    /// 1. `state` is alive; during the call an operation keeps it.
    /// 2. The caller doesn't use the state afterwards, unless something else keeps it (S18).
    pub(crate) unsafe fn collect(state: NonNull<HeapState>, generation: Generation) -> usize {
        // SAFETY: (1).
        let this = unsafe { state.as_ref() };
        if this.closed.get() || this.collecting.replace(true) {
            return 0;
        }
        // SAFETY: (1), (2).
        let operation = unsafe { Operation::enter(state) };
        let scope = this.open_scope();
        let under_way = UnderWay::begin();
        // SAFETY: (1).
        unsafe { Self::report_faults(state) };
        let collected = this.run_collection(generation);
        drop(under_way);
        Drops::close_scope(scope);
        this.collecting.set(false);
        this.refresh_young_check();
        #[cfg(tailbite_stress)]
        this.pass_boundary();
        drop(operation);
        collected
    }

    /// What `collect` does within its operation.
    fn run_collection(&self, generation: Generation) -> usize {
        let mut info = CollectionInfo::new(generation);
        self.announce(Phase::Start, &info);
        let clock = Clock::start();
        self.tell_start(generation);
        self.policy.begin(generation);
        self.alloc.hold();
        let mut set = Candidates::take(generation, &self.young, &self.middle, &self.alloc);
        #[cfg(tailbite_stress)]
        self.check_taken(&set);
        let mut totals = Totals::default();
        let parked = PendingCallbacks::default();
        let calls = self.user_calls.get();
        let mut found = self.detect(&mut set, &mut totals, false);
        info.candidates = totals.survivors + found.as_ref().map_or(0, |detection| detection.unreachable);
        if let Some(detection) = &mut found {
            self.tell_collectable(&set, detection);
            self.notify(&set, detection);
            if detection.unreachable != 0 && self.user_calls.get() != calls {
                found = self.detect(&mut set, &mut totals, true);
            }
            #[cfg(tailbite_stress)]
            self.pass_boundary();
        }
        let mut put_off = None;
        if let Some(detection) = found
            && detection.unreachable != 0
        {
            if self.saves_garbage() {
                info.collected = self.save_garbage(&set, &parked);
                totals.survivors += info.collected;
            } else if Self::can_sweep(detection.flags) {
                let (swept, deaths) = self.sweep(&set);
                info.collected = swept;
                put_off = Some(deaths);
            } else {
                self.doom(&set, &parked);
                #[cfg(tailbite_stress)]
                self.check_doomed(&set);
                self.drop_payloads(&set);
                info.collected = self.free_garbage(&set);
            }
        }
        set.finish(&self.young, &self.middle, &self.alloc);
        self.alloc.release_hold();
        drop(put_off);
        info.duration = clock.elapsed();
        self.policy.end(&info, totals.survivors, totals.opaque_cells);
        while let Some(reference) = parked.pop() {
            // SAFETY: a reference object that was parked; the queue's count on it is given up.
            unsafe { self.let_go(reference) };
        }
        totals.report(self);
        self.tell_done(&info);
        self.announce(Phase::Stop, &info);
        info.collected
    }

    /// Runs one detection over `set`, promoting what survives. `None` if a trace panicked: then everything survives.
    fn detect(&self, set: &mut Candidates, totals: &mut Totals, again: bool) -> Option<Detection> {
        let target = set.generation().next();
        // SAFETY: the only borrow: one collection at a time uses the examiner (`collecting`), and only here.
        let examiner = unsafe { &mut *self.examiner.get() };
        match catch_unwind(AssertUnwindSafe(|| {
            let trace_entries = |key: RawObject, tracer: &mut Tracer<'_>| self.weak.trace_entries(key, tracer);
            examiner.detect(set, &self.alloc, again, &trace_entries, |object| self.promote(object, target))
        })) {
            Ok(detection) => {
                totals.survivors += detection.survivors;
                totals.opaque_cells += detection.opaque_cells;
                totals.over_reported = totals.over_reported.or(detection.over_reported);
                #[cfg(tailbite_stress)]
                if detection.over_reported.is_some() {
                    super::stress::distrust();
                }
                Some(detection)
            }
            Err(payload) => {
                set.for_each(&self.alloc, |object| {
                    totals.survivors += 1;
                    SideState::REST.set(object);
                    self.promote(object, target);
                });
                totals.panic = Some(payload);
                None
            }
        }
    }

    pub(super) fn promote(&self, object: RawObject, target: Generation) {
        if usize::from(object.header().generation()) != target.index() {
            object.header().set_generation(target.index() as u8);
        }
        if target == Generation::Middle && !self.middle.has(object) && !self.middle.push(object) {
            self.middle.push_or_spill(object, 0, &self.alloc);
        }
    }

    /// The user's part, while everything is still intact: callbacks of weak references, then finalizers.
    fn notify(&self, set: &Candidates, detection: &Detection) {
        if detection.flags.contains(Flags::WEAK) {
            let due = PendingCallbacks::default();
            set.for_each(&self.alloc, |object| {
                if object.header().has(Flags::WEAK) {
                    self.weak.clear_with_callback(object, &due, |listed| set.is_unreachable(listed));
                }
            });
            self.run_callbacks(&due);
        }
        if detection.flags.contains(Flags::FINALIZER) {
            set.for_each(&self.alloc, |object| {
                // An earlier finalizer may have lent the object exclusively, or let it go to wait for its drop: both
                // hide it (S1, S12).
                if object.header().has(Flags::FINALIZER) && object.header().is_candidate() {
                    // SAFETY: an object of the set is alive, so its type is registered.
                    let ty = unsafe { type_of(object.header().type_id()) };
                    object.header().increment();
                    // SAFETY: `ty` is the object's type, and the reference that was just made keeps it alive.
                    unsafe { self.finalize(object, ty) };
                    // SAFETY: that reference is given up; the walk doesn't use the object again.
                    unsafe { Self::release(object) };
                }
            });
        }
    }
}

/// What the detections of one collection add up to.
#[derive(Default)]
struct Totals {
    survivors: usize,
    opaque_cells: u64,
    over_reported: Option<&'static str>,
    panic: Option<Box<dyn core::any::Any + Send>>,
}

impl Totals {
    /// Tells the hook what went wrong, now that user code can do no harm.
    fn report(self, state: &HeapState) {
        if let Some(payload) = self.panic {
            state.report(UnraisableContext::Trace, "", payload);
        }
        if let Some(name) = self.over_reported {
            state.report(UnraisableContext::OverReport, name, Box::new(OverReported));
        }
    }
}
