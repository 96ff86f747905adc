//! Random graphs: what is freed, what dies by it and what is let go is what a naive walk says.

use std::collections::HashSet;

use tailbite::{AnyGc, Gc, Generation, Heap};
use tailbite_tests::{Log, Node, Random, manual_heap};

use super::Pair;

/// A graph of pairs and their leaves, as indices.
struct Graph {
    next: Vec<Option<usize>>,
    held: Vec<Held>,
    roots: Vec<usize>,
}

#[derive(Clone, Copy)]
enum Held {
    Nothing,
    Pair(usize),
    /// A leaf of this heap.
    Leaf(usize),
    /// An object of the other heap.
    Other(usize),
}

impl Graph {
    fn random(random: &mut Random, count: usize) -> Graph {
        let mut some = |share: usize| (random.below(share) != 0).then(|| random.below(count));
        let next = (0..count).map(|_| some(5)).collect();
        let mut graph = Graph { next, held: Vec::new(), roots: Vec::new() };
        graph.held = (0..count)
            .map(|_| match random.below(6) {
                0 => Held::Nothing,
                1 | 2 => Held::Pair(random.below(count)),
                3 | 4 => Held::Leaf(random.below(count / 4 + 1)),
                _ => Held::Other(random.below(count / 8 + 1)),
            })
            .collect();
        let roots = random.below(count / 8 + 2);
        graph.roots = (0..roots).map(|_| random.below(count)).collect();
        graph
    }

    fn reachable(&self) -> HashSet<usize> {
        let mut seen = HashSet::new();
        let mut todo = self.roots.clone();
        while let Some(index) = todo.pop() {
            if seen.insert(index) {
                todo.extend(self.next[index]);
                if let Held::Pair(to) = self.held[index] {
                    todo.push(to);
                }
            }
        }
        seen
    }

    /// How often the pairs of a set hold each of the leaves, and each of the others.
    fn counts(&self, of: &HashSet<usize>, is_leaf: bool) -> Vec<usize> {
        let mut counts = vec![0; self.next.len()];
        for &index in of {
            match self.held[index] {
                Held::Leaf(to) if is_leaf => counts[to] += 1,
                Held::Other(to) if !is_leaf => counts[to] += 1,
                _ => {}
            }
        }
        counts
    }
}

/// Builds the graph, lets go of all but its roots, collects, and compares.
fn run(heap: &Heap, other: &Heap, random: &mut Random, size: usize, keeps: bool) {
    let graph = Graph::random(random, size);
    let log = Log::new();
    let pairs: Vec<_> = (0..size).map(|index| Pair::alloc(heap, index as u64, None)).collect();
    let leaves: Vec<_> = (0..size).map(|n| heap.alloc(log.probe(format!("leaf {n}")))).collect();
    let others: Vec<_> = (0..size).map(|n| Node::alloc(other, &log, format!("other {n}"))).collect();
    for (index, pair) in pairs.iter().enumerate() {
        pair.next.set(graph.next[index].map(|to| pairs[to].clone()));
        let held: Option<AnyGc> = match graph.held[index] {
            Held::Nothing => None,
            Held::Pair(to) => Some(Gc::as_any(&pairs[to])),
            Held::Leaf(to) => Some(Gc::as_any(&leaves[to])),
            Held::Other(to) => Some(Gc::as_any(&others[to])),
        };
        pair.held.set(held);
    }
    let roots: Vec<_> = graph.roots.iter().map(|&root| pairs[root].clone()).collect();
    let weak_leaves: Vec<_> = leaves.iter().map(Gc::downgrade).collect();
    let kept = keeps.then(|| (leaves.clone(), others.clone()));
    let (all, reachable) = (heap.tracked_objects(), graph.reachable());
    drop((pairs, leaves, others));
    let died_at_once = all - heap.tracked_objects();
    assert_eq!(died_at_once + heap.collect(Generation::Old), size - reachable.len());
    assert_eq!(heap.tracked_objects(), reachable.len());
    let (of_leaves, of_others) = (graph.counts(&reachable, true), graph.counts(&reachable, false));
    for (n, weak) in weak_leaves.iter().enumerate() {
        let count = weak.upgrade().map_or(0, |leaf| Gc::strong_count(&leaf) - 1);
        assert_eq!(count, of_leaves[n] + usize::from(keeps), "leaf {n}");
        assert_eq!(log.count(&format!("drop leaf {n}")), usize::from(count == 0));
    }
    if let Some((leaves, others)) = kept {
        assert!(others.iter().zip(&of_others).all(|(node, count)| Gc::strong_count(node) == count + 1));
        drop((leaves, others));
    }
    for (n, &count) in of_others.iter().enumerate() {
        assert_eq!(log.count(&format!("drop other {n}")), usize::from(count == 0), "other {n}");
    }
    heap.check();
    other.check();
    drop(roots);
    heap.collect(Generation::Old);
    assert_eq!((heap.object_count(), other.object_count(), log.len()), (0, 0, 2 * size));
    heap.check();
    other.check();
}

#[test]
fn random_graphs_leave_what_a_naive_walk_reaches() {
    let (heap, other) = (manual_heap(), manual_heap());
    let mut random = Random::new(7);
    for round in 0..120 {
        let size = 1 + random.below(if round % 10 == 0 { 300 } else { 40 });
        run(&heap, &other, &mut random, size, round % 2 == 0);
    }
}

#[test]
fn random_graphs_in_debug_heaps() {
    let (heap, other) = (manual_heap(), manual_heap());
    heap.set_debug_heap(true);
    other.set_debug_heap(true);
    let mut random = Random::new(8);
    for round in 0..30 {
        run(&heap, &other, &mut random, 30, round % 2 == 0);
    }
}
