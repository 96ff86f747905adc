//! The mistakes, and what each tool says of them.

use std::alloc::Layout;
use std::cell::RefCell;
use std::hint::black_box;
use std::ptr::NonNull;

use allocator_api2::alloc::Allocator;
use tailbite::{Gc, Heap, Trace, Tracer};

/// The tools, by name: the debug heap, stress mode, AddressSanitizer and valgrind (both with stress mode's redzones).
pub(crate) const TOOLS: [&str; 4] = ["debug-heap", "stress", "asan", "valgrind"];

/// A mistake that unsafe code of a host can make.
pub(crate) struct Mistake {
    pub(crate) name: &'static str,
    /// For people.
    pub(crate) what: &'static str,
    /// A part of what each tool says, if it catches the mistake.
    pub(crate) says: [Option<&'static str>; TOOLS.len()],
    /// Makes it, or does the same without it.
    pub(crate) make: fn(&Heap, clean: bool),
}

pub(crate) const MISTAKES: [Mistake; 10] = [
    Mistake {
        name: "raw-overrun",
        what: "a byte is written behind a raw block",
        says: [
            Some("bytes behind a block were written"),
            None,
            Some("use-after-poison"),
            Some("Invalid write of size 1"),
        ],
        make: |heap, clean| {
            let block = allocate(heap, WORDS);
            // SAFETY: the mistake.
            unsafe { black_box(block).add(if clean { 31 } else { 32 }).write_volatile(1) };
            free(heap, block, WORDS);
        },
    },
    Mistake {
        name: "payload-overrun",
        what: "a byte is written behind an object's payload",
        says: [
            Some("bytes behind a block were written"),
            None,
            Some("use-after-poison"),
            Some("Invalid write of size 1"),
        ],
        make: |heap, clean| {
            let object = heap.alloc([0_u8; 13]);
            // SAFETY: the mistake.
            unsafe { payload(&object).add(if clean { 12 } else { 13 }).write_volatile(1) };
        },
    },
    Mistake {
        name: "raw-use-after-free",
        what: "a raw block is written to after it was freed",
        says: [
            Some("a freed block was written to"),
            Some("nobody writes to a free block"),
            Some("use-after-poison"),
            Some("Invalid write of size 1"),
        ],
        make: |heap, clean| {
            let (neighbour, block) = (allocate(heap, WORDS), allocate(heap, WORDS));
            let write = || {
                // SAFETY: the mistake.
                unsafe { black_box(block).add(16).write_volatile(1) };
            };
            if clean {
                write();
            }
            free(heap, block, WORDS);
            if !clean {
                write();
                heap.check();
            }
            free(heap, neighbour, WORDS);
        },
    },
    Mistake {
        name: "payload-use-after-free",
        what: "an object's payload is written to after its death",
        says: [
            Some("a freed block was written to"),
            Some("nobody writes to a free block"),
            Some("use-after-poison"),
            Some("Invalid write of size 1"),
        ],
        make: |heap, clean| {
            let object = heap.alloc([0_u8; 32]);
            let stale = payload(&object);
            if !clean {
                drop(object);
            }
            // SAFETY: the mistake.
            unsafe { black_box(stale).add(16).write_volatile(1) };
        },
    },
    Mistake {
        name: "write-free-block",
        what: "the same, long after",
        says: [None, Some("nobody writes to a free block"), Some("use-after-poison"), Some("Invalid write of size 1")],
        make: |heap, clean| {
            let object = heap.alloc([0_u8; 32]);
            let stale = payload(&object);
            let kept = clean.then(|| object.clone());
            drop(object);
            // What the debug heap keeps back goes.
            heap.trim();
            // SAFETY: the mistake.
            unsafe { black_box(stale).add(16).write_volatile(1) };
            drop(kept);
        },
    },
    Mistake {
        name: "double-free",
        what: "a raw block is freed twice",
        says: [
            Some("a block was freed that was freed before"),
            None,
            Some("use-after-poison"),
            Some("Invalid free() / delete"),
        ],
        make: |heap, clean| {
            let (neighbour, block) = (allocate(heap, WORDS), allocate(heap, WORDS));
            free(heap, block, WORDS);
            if !clean {
                free(heap, black_box(block), WORDS);
            }
            free(heap, neighbour, WORDS);
        },
    },
    Mistake {
        name: "wrong-heap",
        what: "a raw block is freed by another heap",
        says: [Some("what was freed or resized is no block in use of this heap"), None, None, None],
        make: |heap, clean| {
            let other = Heap::new();
            other.set_debug_heap(heap.is_debug_heap());
            let block = allocate(&other, WORDS);
            if !clean {
                free(heap, black_box(block), WORDS);
            }
            free(&other, block, WORDS);
        },
    },
    Mistake {
        name: "wrong-layout",
        what: "a raw block is freed by a layout that isn't its own",
        says: [Some("a block was freed by the wrong layout"), None, None, None],
        make: |heap, clean| {
            let block = allocate(heap, WORDS);
            free(heap, block, if clean { WORDS } else { Layout::new::<[u64; 3]>() });
        },
    },
    Mistake {
        name: "uninitialised",
        what: "fresh raw bytes are read",
        says: [None, None, None, Some("uninitialised value")],
        make: |heap, clean| {
            let block = allocate(heap, WORDS);
            if clean {
                // SAFETY: a block of 32 bytes.
                unsafe { block.write_bytes(1, 32) };
            }
            // SAFETY: the mistake.
            if unsafe { black_box(block).read_volatile() } == 77 {
                println!("77");
            }
            free(heap, block, WORDS);
        },
    },
    Mistake {
        name: "over-report",
        what: "a `Trace` reports a handle twice",
        says: [Some("is reported more often than it is held"); TOOLS.len()],
        make: |heap, clean| {
            let one = heap.alloc(Reports { times: if clean { 1 } else { 2 }, other: RefCell::default() });
            let other = heap.alloc(Reports { times: 1, other: RefCell::new(Some(one.clone())) });
            *one.other.borrow_mut() = Some(other);
        },
    },
];

const WORDS: Layout = Layout::new::<[u64; 4]>();

fn allocate(heap: &Heap, layout: Layout) -> NonNull<u8> {
    heap.allocator().allocate(layout).expect("there is memory").cast()
}

fn free(heap: &Heap, block: NonNull<u8>, layout: Layout) {
    // SAFETY: true but for the mistakes.
    unsafe { heap.allocator().deallocate(block, layout) };
}

fn payload<const N: usize>(object: &Gc<[u8; N]>) -> *mut u8 {
    Gc::as_ptr(object).cast_mut().cast()
}

/// Reports its handle so many times.
struct Reports {
    times: usize,
    other: RefCell<Option<Gc<Reports>>>,
}

// SAFETY: the mistake.
unsafe impl Trace for Reports {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        for _ in 0..self.times {
            self.other.trace(tracer);
        }
    }
}
