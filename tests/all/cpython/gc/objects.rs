//! GCTests: looking at what the collector knows.

use std::cell::RefCell;
use std::collections::HashMap;

use tailbite::{AnyGc, Gc, Generation, Heap};
use tailbite_tests::{Log, Node, manual_heap, ring};

use super::super::collect;

fn ints(heap: &Heap, numbers: &[i64]) -> Vec<AnyGc> {
    numbers.iter().map(|number| heap.alloc(*number).into()).collect()
}

fn numbers(objects: &[AnyGc]) -> Vec<i64> {
    objects.iter().map(|object| *object.downcast_ref::<i64>().expect("a number")).collect()
}

fn has(heap: &Heap, generation: Option<Generation>, object: &AnyGc) -> bool {
    heap.get_objects(generation).contains(object)
}

#[test]
fn test_get_referents() {
    let heap = manual_heap();
    let items = ints(&heap, &[1, 3, 5]);
    let list = Gc::erase(heap.alloc(RefCell::new(items.clone())));
    let tuple: AnyGc = Gc::erase(heap.alloc_slice(items.clone()));
    for container in [&list, &tuple] {
        let found = heap.get_referents(std::slice::from_ref(container));
        assert_eq!(found, items, "the objects themselves, in the order of tracing");
    }
    let [one, three, five, seven] = &ints(&heap, &[1, 3, 5, 7])[..] else { unreachable!() };
    let pairs = HashMap::from([(one.clone(), three.clone()), (five.clone(), seven.clone())]);
    let mut found = numbers(&heap.get_referents(&[heap.alloc(pairs).into()]));
    found.sort_unstable();
    assert_eq!(found, [1, 3, 5, 7]);
    // Several containers: one after the other, with what they share as often as it is found.
    let zero = ints(&heap, &[0]).remove(0);
    let zeros: AnyGc = Gc::erase(heap.alloc_slice(vec![zero; 3]));
    assert_eq!(numbers(&heap.get_referents(&[list.clone(), zeros, tuple])), [1, 3, 5, 0, 0, 0, 1, 3, 5]);
    let atoms = [heap.alloc(1_i64).into(), Gc::erase(heap.alloc_str("a")), heap.alloc((4.0, 0.0)).into()];
    assert!(heap.get_referents(&atoms).is_empty());
    assert!(heap.get_referents(&[]).is_empty());
}

#[test]
fn test_get_objects() {
    let heap = manual_heap();
    collect(&heap);
    let list: Gc<RefCell<Vec<AnyGc>>> = heap.alloc(RefCell::default());
    list.borrow_mut().push(Gc::as_any(&list));
    assert!(has(&heap, None, &Gc::as_any(&list)));
    assert!(!has(&heap, None, &heap.alloc(1_i64).into()), "what is not tracked is not listed");
    assert_eq!(heap.get_objects(None).len(), heap.tracked_objects());
    list.borrow_mut().clear();
}

#[test]
fn test_get_objects_generations() {
    let (heap, log) = (manual_heap(), Log::new());
    collect(&heap);
    let node = Gc::as_any(&Node::alloc(&heap, &log, "n"));
    let where_is = || Generation::ALL.map(|generation| has(&heap, Some(generation), &node));
    assert_eq!(where_is(), [true, false, false]);
    for (generation, expected) in
        Generation::ALL.into_iter().zip([[false, true, false], [false, false, true], [false, false, true]])
    {
        heap.collect(generation);
        assert_eq!(where_is(), expected, "after collecting {generation:?}");
    }
}

#[test]
fn test_get_objects_arguments() {
    let (heap, log) = (manual_heap(), Log::new());
    let kept = ring(&heap, &log, "n", 5);
    heap.collect(Generation::Young);
    let more = ring(&heap, &log, "n", 4);
    let each: usize = Generation::ALL.into_iter().map(|generation| heap.get_objects(Some(generation)).len()).sum();
    assert_eq!((heap.get_objects(None).len(), each), (9, 9));
    let parse = |argument| Generation::parse_objects_argument(argument).map_err(|error| error.to_string());
    assert_eq!(parse(-1), Ok(None));
    for generation in Generation::ALL {
        assert_eq!(parse(generation.index() as i64), Ok(Some(generation)));
    }
    let (too_large, negative) = (
        "generation parameter must be less than the number of available generations (3)",
        "generation parameter cannot be negative",
    );
    for (argument, error) in
        [(3, too_large), (1000, too_large), (-2, negative), (-1000, negative), (i64::MIN, negative)]
    {
        assert_eq!(parse(argument), Err(error.to_owned()), "{argument}");
    }
    drop((kept, more));
}

#[test]
fn test_get_objects_during_gc() {
    // Finalizers look at all objects and at those that refer to their own: garbage is not among them, nor is its neighbour.
    let (heap, log) = (manual_heap(), Log::new());
    let outside = Node::alloc(&heap, &log, "outside");
    let nodes = ring(&heap, &log, "n", 3);
    let known = Gc::as_any(&outside);
    for node in &nodes {
        let known = known.clone();
        Node::on_finalize(node, move |node| {
            let referents = node.cells[0].take();
            let next = referents.clone().expect("intact");
            node.cells[0].set(referents);
            let all = Gc::with_heap(node, |heap| heap.get_objects(None));
            let hidden = !all.contains(&Gc::as_any(node)) && !all.contains(&Gc::as_any(&next));
            let referrers = Gc::with_heap(node, |heap| heap.get_referrers(&[Gc::as_any(node), Gc::as_any(&next)]));
            node.log().push(format!("hidden {hidden}, {} referrers, {}", referrers.len(), all.contains(&known)));
        });
    }
    drop(nodes);
    assert_eq!(collect(&heap), 3, "looking resurrects nothing");
    assert_eq!(log.count("hidden true, 0 referrers, true"), 3, "{log:?}");
    heap.check();
}
