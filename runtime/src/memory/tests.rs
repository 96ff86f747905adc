//! Tests of what keeps a heap.

use crate::heap::Heap;

#[test]
fn a_saturated_count_of_keepers_keeps_the_heap_for_ever() {
    let heap = Heap::new();
    let external = heap.add_external(100);
    heap.state().keepers.set(u32::MAX - 1);
    let (one, more) = (heap.allocator(), heap.allocator());
    assert_eq!(heap.state().keepers.get(), u32::MAX);
    drop((one, more));
    assert_eq!(heap.state().keepers.get(), u32::MAX, "it is never right again (S21)");
    let state = heap.state_ptr();
    drop(heap);
    drop(external);
    // SAFETY: the state was not freed: that is what is tested.
    let state = unsafe { state.as_ref() };
    assert!(state.closed.get());
    assert_eq!(state.alloc.budget().external(), 0);
}
