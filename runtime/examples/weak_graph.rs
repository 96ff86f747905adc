//! A tree whose children know their parent: with weak back links it goes with its last handle, with strong ones it takes
//! a collection.

use std::cell::RefCell;

use tailbite::{Gc, Generation, Heap, Trace, Weak};

/// The link from a child back to its parent.
#[derive(Trace)]
enum Parent {
    None,
    Weak(Weak<Node>),
    Strong(Gc<Node>),
}

#[derive(Trace)]
struct Node {
    depth: u32,
    parent: RefCell<Parent>,
    children: RefCell<Vec<Gc<Node>>>,
}

impl Node {
    fn parent(&self) -> Option<Gc<Node>> {
        match &*self.parent.borrow() {
            Parent::None => None,
            Parent::Weak(parent) => parent.upgrade(),
            Parent::Strong(parent) => Some(parent.clone()),
        }
    }
}

const WIDTH: usize = 3;
const DEPTH: u32 = 6;

/// A tree of `WIDTH` children per node; `link` makes the back links.
fn tree(heap: &Heap, depth: u32, link: &impl Fn(&Gc<Node>) -> Parent) -> Gc<Node> {
    let node = heap.alloc(Node { depth, parent: RefCell::new(Parent::None), children: RefCell::default() });
    if depth < DEPTH {
        for _ in 0..WIDTH {
            let child = tree(heap, depth + 1, link);
            *child.parent.borrow_mut() = link(&node);
            node.children.borrow_mut().push(child);
        }
    }
    node
}

fn leftmost_leaf(root: &Gc<Node>) -> Gc<Node> {
    let mut node = root.clone();
    loop {
        let Some(child) = node.children.borrow().first().cloned() else { return node };
        node = child;
    }
}

/// The depths on the way from the leftmost leaf up to the root.
fn climb(root: &Gc<Node>) -> Vec<u32> {
    std::iter::successors(Some(leftmost_leaf(root)), |node| node.parent()).map(|node| node.depth).collect()
}

fn main() {
    let heap = Heap::new();
    // Only collections that are asked for, so that the counts below show what counting alone does.
    heap.disable();

    println!("weak back links:");
    let root = tree(&heap, 0, &|parent| Parent::Weak(Gc::downgrade(parent)));
    println!("  up from a leaf: {:?}", climb(&root));
    println!("  handles to the root: {}, weak ones: {}", Gc::strong_count(&root), Gc::weak_count(&root));
    println!("  objects before: {}", heap.object_count());
    let leaf = leftmost_leaf(&root);
    drop(root);
    // The leaf that is still held lives on; its parent is gone.
    println!("  objects after: {}, the leaf has a parent: {}", heap.object_count(), leaf.parent().is_some());
    drop(leaf);
    println!("  left for the collector: {}", heap.collect(Generation::Old));

    println!("strong back links:");
    let root = tree(&heap, 0, &|parent| Parent::Strong(parent.clone()));
    println!("  up from a leaf: {:?}", climb(&root));
    println!("  handles to the root: {}, weak ones: {}", Gc::strong_count(&root), Gc::weak_count(&root));
    println!("  objects before: {}", heap.object_count());
    drop(root);
    println!("  objects after: {}", heap.object_count());
    println!("  left for the collector: {}", heap.collect(Generation::Old));
    println!("  objects after that: {}", heap.object_count());
}
