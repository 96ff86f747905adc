//! Every rule is broken once, on purpose, in a heap that is otherwise sound: `verify` has to say so, and of which object.

use core::cell::RefCell;
use core::mem::ManuallyDrop;

use crate::alloc::{Examined, PoolFlags};
use crate::base::refusal;
use crate::collect::{Generation, Trigger};
use crate::handle::{AnyGc, Gc, WeakKeyMap, WeakRef, callback};
use crate::heap::Heap;
use crate::object::{Flags, RawObject, SideState};
use crate::weak::{EntryLink, EntryTable, Link};

type Node = RefCell<Vec<AnyGc>>;

fn heap() -> Heap {
    let heap = Heap::new();
    heap.set_trigger(Trigger::Manual);
    heap
}

fn node(heap: &Heap) -> Gc<Node> {
    heap.alloc(RefCell::default())
}

/// The rule that `verify` finds broken while `break_it` has been done, which `mend` undoes: then all is well again.
fn rule_while(heap: &Heap, break_it: impl FnOnce(), mend: impl FnOnce()) -> &'static str {
    heap.check();
    break_it();
    let violation = heap.verify().expect_err("it is broken");
    mend();
    heap.check();
    violation.rule()
}

/// The same for a bit that a header has and shouldn't have, or the other way round.
fn rule_with_bit(heap: &Heap, object: RawObject, bit: Flags) -> &'static str {
    let had = object.header().has(bit);
    let set = |on| if on { object.header().insert(bit) } else { object.header().remove(bit) };
    rule_while(heap, || set(!had), || set(had))
}

#[test]
fn a_wrong_bit_in_a_header_is_found() {
    let heap = heap();
    let (leaf, old, young) = (heap.alloc(1_u64), node(&heap), node(&heap));
    let weak = Gc::downgrade(&old);
    heap.collect(Generation::Old);
    heap.collect(Generation::Old);
    let (newest, text) = (node(&heap), heap.alloc_str("text"));
    let large = Gc::erase(heap.alloc([0_u64; 10_000]));
    let [leaf, old, young, newest] = [Gc::as_any(&leaf), Gc::as_any(&old), Gc::as_any(&young), Gc::as_any(&newest)];
    let expected = [
        (&newest, Flags::TRACKED, "an object is tracked if its type can own handles"),
        (&leaf, Flags::TRACKED, "an object is tracked if its type can own handles"),
        (&newest, Flags::LISTED_YOUNG, "a listed block has its listed bit"),
        (&leaf, Flags::LISTED_YOUNG, "what isn't tracked is in no generation"),
        (&leaf, Flags::OLD, "what isn't tracked is in no generation"),
        (&old, Flags::LISTED_YOUNG, "the blocks with a listed bit are those in the young list"),
        (&old, Flags::LISTED_MIDDLE, "the blocks with a listed bit are those in the middle list"),
        (&old, Flags::OLD, "a young or middle object is found by its generation's list"),
        (&newest, Flags::MIDDLE, "a young or middle object is found by its generation's list"),
        (&old, Flags::FINALIZER, "a finalizer is due only if there is one"),
        (&old, Flags::FINALIZED, "a finalizer has run only if there is one, and isn't due again"),
        (&old, Flags::WEAK, "the objects with a weak bit are those with a weak record"),
        (&young, Flags::WEAK, "the objects with a weak bit are those with a weak record"),
        (&large, Flags::LARGE, "an object in a region of its own is large"),
        (&old, Flags::DOOMED, "objects are torn down only while something is dropped"),
        (&old, Flags::QUEUED, "objects are torn down only while something is dropped"),
        (&leaf, Flags::LOUD, "an object is loud if its type is"),
        (&old, Flags::IMMORTAL, "immortal objects are counted"),
    ];
    for (object, bit, rule) in expected {
        assert_eq!(rule_with_bit(&heap, object.object(), bit), rule, "{bit:?}");
    }
    drop((weak, text));
}

#[test]
fn a_wrong_count_is_found() {
    let heap = heap();
    let (holder, held) = (node(&heap), heap.alloc(1_u64));
    holder.borrow_mut().push(Gc::as_any(&held));
    heap.make_immortal(&held);
    // One from the holder, one of the heap's, one here.
    let header = Gc::object(&held);
    assert_eq!(header.header().count(), 3);
    let lose = |count| (0..count).for_each(|_| assert!(!header.header().decrement()));
    let give_back = |count| (0..count).for_each(|_| header.header().increment());
    lose(1);
    heap.check();
    give_back(1);
    let rule = rule_while(&heap, || lose(2), || give_back(2));
    assert_eq!(rule, "no object is referred to more often than it is held");
}

#[test]
fn a_count_of_zero_is_found() {
    let heap = heap();
    let object = ManuallyDrop::new(node(&heap));
    let header = Gc::object(&object);
    let lose = || assert!(header.header().decrement());
    let rule = rule_while(&heap, lose, || header.header().increment());
    assert_eq!(rule, "an object that nobody holds is being torn down");
    drop(ManuallyDrop::into_inner(object));
}

#[test]
fn a_header_of_a_free_block_is_found() {
    let heap = heap();
    let kept = [node(&heap), node(&heap)];
    let freed = node(&heap);
    let block = Gc::object(&freed);
    let template = block.header().flags().bits() as u32 | u32::from(block.header().type_id());
    drop(freed);
    let rule = rule_while(&heap, || block.header().insert(Flags::OLD), || block.header().remove(Flags::OLD));
    assert_eq!(rule, "the header of what is no object says only what is listed");
    // An object where no block is in use: freed twice, or never allocated. (Its payload, long dropped, is not looked at.)
    let rule = rule_while(&heap, || block.header().init(template), || block.header().clear());
    assert_eq!(rule, "a pool holds no more objects than blocks are in use");
    drop(kept);
}

#[test]
fn a_type_that_does_not_fit_is_found() {
    let heap = heap();
    let (object, large) = (heap.alloc(1_u64), heap.alloc([0_u64; 30]));
    let (object, large) = (Gc::object(&object), Gc::object(&large));
    let (one, other) = (object.header().type_id(), large.header().type_id());
    let become_of = |from: u16, to: u16| {
        let template = object.header().flags().bits() as u32 | u32::from(to);
        assert_eq!(object.header().type_id(), from);
        object.header().clear();
        object.header().init(template);
    };
    let rule = rule_while(&heap, || become_of(one, other), || become_of(other, one));
    assert_eq!(rule, "an object fits into its block");
    let rule = rule_while(&heap, || become_of(one, 65_500), || become_of(65_500, one));
    assert_eq!(rule, "the type of an object is registered");
}

#[test]
fn a_wrong_list_is_found() {
    let heap = heap();
    let objects = [node(&heap), node(&heap)];
    let state = heap.state();
    let first = Gc::object(&objects[0]);
    let pin = || first.pool_ref().set_flags(PoolFlags::YOUNG_LISTED);
    let rule = rule_while(&heap, || first.pool_ref().clear_flags(PoolFlags::YOUNG_LISTED), pin);
    assert_eq!(rule, "the pool of a listed block is pinned");
    // Listed twice: the bit is taken away meanwhile, so that the list takes the object again.
    let list_again = || {
        first.header().remove(Flags::LISTED_YOUNG);
        state.young.push_or_spill(first, 0, &state.alloc);
    };
    assert_eq!(rule_while(&heap, list_again, || state.young.drop_last()), "a block is listed once");
}

#[test]
fn side_bytes_and_marks_are_found() {
    let heap = heap();
    let object = node(&heap);
    let object = Gc::object(&object);
    let set = |state: SideState| move || state.set(object);
    let rule = rule_while(&heap, set(SideState::REACHED), set(SideState::REST));
    assert_eq!(rule, "outside of collections side bytes are at rest");
    let mark = |examined| object.pool_ref().set_examined(examined);
    let rule = rule_while(&heap, || mark(Examined::AtTarget), || mark(Examined::No));
    assert_eq!(rule, "outside of collections no pool is examined");
}

#[test]
fn wrong_links_of_weak_references_are_found() {
    let heap = heap();
    let (referent, other) = (node(&heap), node(&heap));
    let references = [1, 2, 3].map(|_| WeakRef::with_callback(&referent, callback(|_| ())));
    let elsewhere = WeakRef::new(&other);
    let [first, second, _] = [0, 1, 2].map(|index| Gc::object(&references[index]));
    let elsewhere = Gc::object(&elsewhere);
    // SAFETY: reference objects begin with a link.
    let links = unsafe { [Link::of(&first), Link::of(&second), Link::of(&elsewhere)] };
    let swap_records = || links[0].swap_records(links[2]);
    assert_eq!(rule_while(&heap, swap_records, swap_records), "what a weak record lists belongs to it");
    let swap_previous = || links[0].swap_previous(links[1]);
    assert_eq!(rule_while(&heap, swap_previous, swap_previous), "the list of a weak record leads back");
}

#[test]
fn a_wrong_table_of_a_weak_container_is_found() {
    let heap = heap();
    let map = WeakKeyMap::new(&heap);
    let keys = [1, 2, 3].map(|n| heap.alloc(n));
    keys.iter().for_each(|key| assert!(map.insert(key, 0).is_none()));
    let map = Gc::as_any(&map).object();
    // SAFETY: the container begins with its table.
    let table = unsafe { EntryTable::of(&map) };
    let (first, second) = (table.entry(0).unwrap(), table.entry(1).unwrap());
    // SAFETY: entries of the table.
    let links = unsafe { [EntryLink::of(&first), EntryLink::of(&second)] };
    let swap = || links[0].link().swap_slots(links[1].link());
    assert_eq!(rule_while(&heap, swap, swap), "an entry that is listed is in its container's table");
}

#[test]
fn bytes_that_are_not_counted_are_found() {
    let heap = heap();
    let state = heap.state();
    let budget = state.alloc.budget();
    let rule = rule_while(&heap, || budget.keep_always(8), || budget.give_kept(8));
    assert_eq!(rule, "the heap's own bytes are counted");
    budget.take_always(8);
    assert_eq!(
        heap.verify().expect_err("it is broken").to_string().split(" (").next(),
        Some("this is broken: the bytes in use are counted")
    );
    heap.set_leak_at_close(true);
}

#[test]
fn a_broken_allocator_is_found() {
    let heap = heap();
    let object = heap.alloc(1_u64);
    let pool = Gc::object(&object);
    let full = |on| {
        if on { pool.pool_ref().set_flags(PoolFlags::PARKED) } else { pool.pool_ref().clear_flags(PoolFlags::PARKED) }
    };
    assert_eq!(rule_while(&heap, || full(true), || full(false)), "without a hold no pool is parked");
}

#[test]
fn refused_memory_makes_it_slower_and_not_blind() {
    let heap = heap();
    let nodes: Vec<_> = (0..3000).map(|_| node(&heap)).collect();
    nodes.windows(2).for_each(|pair| pair[0].borrow_mut().push(Gc::as_any(&pair[1])));
    let hub = Gc::object(&nodes[0]);
    let large = heap.alloc_slice(vec![Gc::as_any(&nodes[0]); 3000]);
    for refused_from in 0..12 {
        refusal::refuse_from(refused_from);
        heap.check();
        (0..2).for_each(|_| assert!(!hub.header().decrement()));
        let violation = heap.verify().expect_err("it is broken");
        (0..2).for_each(|_| hub.header().increment());
        refusal::grant();
        assert_eq!(violation.rule(), "no object is referred to more often than it is held");
        assert_eq!(violation.objects().map(|(_, address)| address).next(), Some(hub.block().addr().get()));
        let is_unknown = violation.to_string().ends_with("path: unknown, memory for finding it was refused");
        assert_eq!(is_unknown, refused_from < 4, "{refused_from}: {violation}");
    }
    drop(large);
}
