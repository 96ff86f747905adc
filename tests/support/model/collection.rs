//! Collections in the model: trial deletion by its definition.

use std::collections::BTreeSet;

use super::{Model, Opaque, PERMANENT};

impl Model {
    /// The host collects a generation: the number of collected objects.
    pub(crate) fn collect(&mut self, heap: usize, generation: usize, opaque: Opaque) -> usize {
        self.collecting = Some(heap);
        let collected = self.run_collection(heap, generation, opaque);
        self.collecting = None;
        collected
    }

    pub(super) fn run_collection(&mut self, heap: usize, generation: usize, opaque: Opaque) -> usize {
        let counts = &mut self.heaps[heap].counts;
        if generation < 2 {
            counts[generation + 1] += 1;
        }
        counts[..=generation].fill(0);
        let examined = |object: &usize| {
            let known = &self.objects[*object];
            known.is_tracked() && known.generation <= generation && !known.immortal
        };
        let candidates: BTreeSet<usize> = self.live_in(heap).filter(examined).collect();
        let unreachable = self.detect(&candidates, opaque, 0);
        let older = (generation + 1).min(2);
        for &object in &candidates {
            self.objects[object].generation = older;
        }
        // Those that are exempt are looked at again by full collections only.
        for object in self.objects.iter_mut().filter(|object| object.heap == heap && object.immortal) {
            if object.generation <= generation {
                object.generation = 2;
            }
        }
        for watch in self.watches_in(heap).filter(|watch| watch.generation <= generation) {
            watch.generation = older;
        }
        // And so is what was lent.
        if let Opaque::Object(lent) = opaque
            && candidates.contains(&lent)
        {
            self.objects[lent].generation = 2;
        }
        for &object in &unreachable {
            self.clear_watches(object, true);
            self.objects[object].count += 1;
        }
        for &object in &unreachable {
            self.finalize(object);
        }
        let garbage = self.detect(&unreachable, opaque, 1);
        for &object in &unreachable {
            self.objects[object].count -= 1;
        }
        for &object in &garbage {
            self.clear_watches(object, false);
        }
        let edges: Vec<usize> = garbage.iter().flat_map(|&object| self.mark_dead(object)).collect();
        for edge in edges {
            if self.objects[edge].alive {
                self.release(edge);
            }
        }
        garbage.len()
    }

    /// Trial deletion by the definition: what is not reachable from a candidate that something else holds.
    fn detect(&self, candidates: &BTreeSet<usize>, opaque: Opaque, pins: usize) -> BTreeSet<usize> {
        let mut held = BTreeSet::new();
        for &object in candidates {
            let internal = candidates.iter().flat_map(|&from| self.traced(from, opaque)).filter(|&to| to == object);
            if self.objects[object].count - pins > internal.count() {
                held.insert(object);
            }
        }
        candidates.difference(&self.closure(held, candidates, opaque)).copied().collect()
    }

    pub(super) fn closure(&self, start: BTreeSet<usize>, within: &BTreeSet<usize>, opaque: Opaque) -> BTreeSet<usize> {
        let mut reached = start.clone();
        let mut open: Vec<usize> = start.into_iter().collect();
        while let Some(object) = open.pop() {
            for to in self.traced(object, opaque) {
                if within.contains(&to) && reached.insert(to) {
                    open.push(to);
                }
            }
        }
        reached
    }

    fn traced(&self, object: usize, opaque: Opaque) -> Vec<usize> {
        let known = &self.objects[object];
        let list = match opaque {
            Opaque::Object(lent) if lent == object => return Vec::new(),
            Opaque::List(borrowed) if borrowed == object => [].as_slice(),
            _ => known.list.as_slice(),
        };
        let others = known.cells.iter().chain([&known.fixed]).flatten().chain(&known.items);
        others.chain(list).copied().collect()
    }

    pub(crate) fn freeze(&mut self, heap: usize) {
        let tracked: Vec<usize> = self.live_in(heap).filter(|&object| self.is_tracked(object)).collect();
        for object in tracked {
            self.objects[object].generation = PERMANENT;
        }
        for watch in self.watches_in(heap) {
            watch.generation = PERMANENT;
        }
        self.heaps[heap].counts = [0; 3];
    }

    pub(crate) fn unfreeze(&mut self, heap: usize) {
        for object in self.objects.iter_mut().filter(|object| object.heap == heap) {
            object.generation = object.generation.min(2);
        }
        for watch in self.watches_in(heap) {
            watch.generation = watch.generation.min(2);
        }
    }
}
