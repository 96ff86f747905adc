//! `test_weakref.py`.

mod callbacks;
mod finalize;
mod mapping;
mod proxies;
mod references;
mod refused;
mod scripts;
mod subclassable;
