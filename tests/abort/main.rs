//! The workload as a program: for `tests/abort.sh`, which builds it so that panics end the process, and for `tests/faults.sh`, which builds it
//! for the stress mode and with a sanitizer.
//!
//! ```text
//! faults_abort calm              without faults
//! faults_abort refused STRIDE    the system refuses one request, then all from one on, at every so many
//! faults_abort unwound STRIDE    requests of the heap are refused, user code panics, and both: where panics unwind
//! faults_abort exhausted         memory runs out, as it does under `ulimit -v`
//! faults_abort PANIC             a panic in user code: finalizer, callback, drop, finalize, gc-callback, closure, out-of-memory
//! ```

use std::cell::{Cell, RefCell};
use std::process::ExitCode;

use tailbite::{Gc, Generation, Heap, Trace, WeakRef, callback};
use tailbite_tests::Refusing;
use tailbite_tests::workload::{Plan, calm, grid, run, sweep};

#[global_allocator]
static ALLOCATOR: Refusing = Refusing;

#[derive(Trace)]
#[trace(finalize = Item::finalize)]
struct Item {
    next: RefCell<Option<Gc<Item>>>,
}

impl Item {
    fn finalize(_: &Gc<Item>) {
        panic!("from a finalizer");
    }
}

struct Panics;
tailbite::leaf!(Panics);

impl Drop for Panics {
    fn drop(&mut self) {
        panic!("from a drop");
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["calm"] => println!("a calm run: {} steps", calm().ends[0]),
        ["refused", stride] => refused(stride.parse().expect("a stride is a number")),
        ["unwound", stride] => unwound(stride.parse().expect("a stride is a number")),
        ["exhausted"] => exhausted(),
        [name] => panics(name),
        _ => return ExitCode::FAILURE,
    }
    ExitCode::SUCCESS
}

fn refused(stride: u64) {
    let one = |n| Plan { system: Some((&ALLOCATOR, n..=n)), fallible_only: true, ..Plan::default() };
    println!("the system refuses one request: {}", sweep(stride, one));
    let all = |n| Plan { system: Some((&ALLOCATOR, n..=u64::MAX)), fallible_only: true, ..Plan::default() };
    println!("the system refuses all requests from one on: {}", sweep(stride, all));
}

fn unwound(stride: u64) {
    let one = |n| Plan { heap: Some(n..=n), ..Plan::default() };
    println!("one request refused: {}", sweep(stride, one));
    let all = |n| Plan { heap: Some(n..=u64::MAX), ..Plan::default() };
    println!("all requests refused from one on: {}", sweep(stride, all));
    println!("one call panics: {}", sweep(stride, |n| Plan { panic_at: Some(n), ..Plan::default() }));
    let system = |n| Plan { system: Some((&ALLOCATOR, n..=n)), ..Plan::default() };
    println!("the system refuses one request: {}", sweep(stride, system));
    let calm = calm();
    let both = |n, call| Plan { heap: Some(n..=n), panic_at: Some(call), ..Plan::default() };
    let strides = [19 * stride, 23 * stride];
    println!("one request refused, one call panics: {}", grid([calm.requests[0], calm.calls], strides, both));
}

/// Takes memory of every kind until there is none, gives it up, and takes as much again.
fn exhausted() {
    let heap = Heap::new();
    let mut counts = Vec::new();
    // Where the system never refuses, a limit does.
    heap.set_memory_limit(Some(1 << 29));
    for _ in 0..3 {
        let items = heap.try_alloc(RefCell::new(None::<tailbite::AnyGc>)).expect("there is memory for one");
        let mut count = 0_usize;
        loop {
            let next = items.take();
            let refused = match count % 3 {
                0 => heap.try_alloc((next, [count; 200])).map(Gc::erase).map_err(|error| error.into_value().0),
                1 => heap.try_alloc((next, Cell::new(count))).map(Gc::erase).map_err(|error| error.into_value().0),
                _ => heap.try_alloc((next, [count; 10_000])).map(Gc::erase).map_err(|error| error.into_value().0),
            };
            match refused {
                Ok(item) => *items.borrow_mut() = Some(item),
                Err(rest) => break *items.borrow_mut() = rest,
            }
            count += 1;
        }
        heap.check();
        drop(items);
        heap.trim();
        assert_eq!(heap.object_count(), 0, "all is given back");
        counts.push(count);
    }
    assert!(counts.iter().all(|count| count * 10 > counts[0] * 9), "as much as before: {counts:?}");
    drop(heap);
    // What comes after works.
    run(&Plan::default(), None);
    println!("memory ran out after {counts:?} objects");
}

fn panics(name: &str) {
    let heap = Heap::new();
    let number = heap.alloc(7);
    match name {
        "finalizer" => {
            let item = heap.alloc(Item { next: RefCell::default() });
            *item.next.borrow_mut() = Some(item.clone());
            drop(item);
            heap.collect(Generation::Old);
        }
        "callback" => {
            let _weak = WeakRef::with_callback(&number, callback(|_| panic!("from a callback")));
            drop(number);
        }
        "drop" => drop(heap.alloc(Panics)),
        "finalize" => {
            heap.finalize(&number, (), |()| panic!("from a finalize callback"));
            drop(number);
        }
        "gc-callback" => {
            heap.add_callback(|_, _, _| panic!("from a gc callback"));
            heap.collect(Generation::Old);
        }
        "closure" => drop(heap.alloc_cyclic(|_: &tailbite::Weak<u8>| panic!("from a closure"))),
        "out-of-memory" => {
            heap.refuse_allocations(..);
            drop(heap.alloc(5));
        }
        _ => unreachable!("{name} is none of them"),
    }
    println!("nothing ended the process");
}
