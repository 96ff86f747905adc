//! Garbage by reachability, with the rule of ephemerons, and deaths by counting.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kind, World};

impl World {
    /// What a full collection of one heap must leave of it: other heaps' objects count as held (and may die by count
    /// afterwards).
    pub(super) fn reachable(&self, heap: usize) -> BTreeSet<usize> {
        let alive = || self.objects.iter().enumerate().filter(|(_, object)| object.alive);
        let mut reached: BTreeSet<usize> = self.handles.iter().map(|(id, _)| *id).collect();
        reached.extend(alive().filter(|(_, object)| object.heap != heap).map(|(id, _)| id));
        loop {
            let before = reached.len();
            for (id, object) in alive() {
                if reached.contains(&id) {
                    reached.extend(&object.edges);
                }
                for (target, owned) in &object.entries {
                    let holds = match object.kind {
                        // An entry lives in its map's heap.
                        _ if object.heap != heap => true,
                        Kind::ValueMap => reached.contains(&id),
                        _ => reached.contains(&id) && reached.contains(target),
                    };
                    if holds {
                        reached.extend(owned);
                    }
                }
            }
            if reached.len() == before {
                return reached;
            }
        }
    }

    /// Lets everything die that nothing counts on any more.
    pub(super) fn settle(&mut self) {
        loop {
            let mut counts = BTreeMap::<usize, usize>::new();
            for (id, _) in &self.handles {
                *counts.entry(*id).or_default() += 1;
            }
            let alive: BTreeSet<usize> = (0..self.objects.len()).filter(|id| self.objects[*id].alive).collect();
            for object in self.objects.iter_mut().filter(|object| object.alive) {
                object.entries.retain(|entry| alive.contains(&entry.0));
                let owned = object.entries.iter().filter_map(|entry| entry.1);
                for id in object.edges.iter().copied().chain(owned) {
                    *counts.entry(id).or_default() += 1;
                }
            }
            let dead = alive.iter().find(|id| !counts.contains_key(id));
            let Some(dead) = dead else { return };
            self.objects[*dead].alive = false;
        }
    }
}
