//! ReferencesTestCase: memory runs out.

use tailbite::WeakRef;
use tailbite_tests::{Log, Node, manual_heap, quiet};

use super::super::{Call, collect};

#[test]
fn test_no_memory_when_clearing() {
    // Clearing references and running their callbacks needs no memory of the heap, whose limit is reached; nothing is reported.
    let (heap, log) = (manual_heap(), Log::new());
    let reports = quiet(&heap);
    for in_cycle in [false, true] {
        let node = Node::alloc(&heap, &log, "n");
        if in_cycle {
            node.link(&node);
        }
        let references = [0; 50].map(|_| WeakRef::with_callback(&node, Call::new(&log, "c")));
        heap.set_memory_limit(Some(0));
        assert!(heap.try_alloc([0_u64; 1 << 14]).is_err(), "nothing is granted");
        drop(node);
        collect(&heap);
        assert_eq!((log.count("call c"), log.count("drop n")), (50, 1));
        assert!(references.iter().all(|reference| reference.get().is_none()));
        assert!(reports.is_empty(), "{reports:?}");
        heap.set_memory_limit(None);
        drop(references);
        log.take();
        heap.check();
    }
    assert_eq!(heap.object_count(), 0);
}
