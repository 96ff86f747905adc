//! `test_weakref.py`.

mod callbacks;
mod proxies;
mod references;
mod scripts;
mod subclassable;
