//! Types whose contents are not reported. The table in the module above says why, type by type.

use std::cell::{LazyCell, UnsafeCell};
use std::marker::PhantomData;
use std::pin::Pin;
use std::ptr::NonNull;
use std::rc::{self, Rc};
use std::sync::{self, Arc, LazyLock, Mutex, RwLock};

use super::opaque;
use crate::object::trace::{Shape, Trace, Tracer};

macro_rules! opaque {
    ($(<$($parameter:ident),*> $ty:ty => $shape:expr),* $(,)?) => {$(
        // SAFETY: nothing is reported, which is always allowed: what the value owns counts as held from outside.
        unsafe impl<$($parameter: ?Sized + 'static),*> Trace for $ty {
            #[inline]
            fn trace(&self, _: &mut Tracer<'_>) {}
            #[inline]
            fn shape(_: u32) -> Shape {
                $shape
            }
            #[inline]
            fn owns_only_handles() -> bool {
                !std::mem::needs_drop::<Self>()
            }
        }
    )*};
}

opaque! {
    // These own nothing.
    <T> PhantomData<T> => Shape::PLAIN,
    <T> &'static T => Shape::PLAIN,
    <T> &'static mut T => Shape::PLAIN,
    <T> *const T => Shape::PLAIN,
    <T> *mut T => Shape::PLAIN,
    <T> NonNull<T> => Shape::PLAIN,
    // These own memory, but never drop a `T`.
    <T> rc::Weak<T> => Shape::PLAIN,
    <T> sync::Weak<T> => Shape::PLAIN,
    // These may drop a `T`.
    <T> Rc<T> => opaque::<T>(),
    <T> Arc<T> => opaque::<T>(),
    <T> Mutex<T> => opaque::<T>(),
    <T> RwLock<T> => opaque::<T>(),
    <T> UnsafeCell<T> => opaque::<T>(),
}

macro_rules! opaque_sized {
    ($(<$($parameter:ident),*> $ty:ty),* $(,)?) => {$(
        // SAFETY: nothing is reported, which is always allowed: what the value owns counts as held from outside.
        unsafe impl<$($parameter: 'static),*> Trace for $ty {
            #[inline]
            fn trace(&self, _: &mut Tracer<'_>) {}
            #[inline]
            fn shape(_: u32) -> Shape {
                opaque::<Self>()
            }
            #[inline]
            fn owns_only_handles() -> bool {
                !std::mem::needs_drop::<Self>()
            }
        }
    )*};
}

opaque_sized! {
    <P> Pin<P>,
    <T, F> LazyCell<T, F>,
    <T, F> LazyLock<T, F>,
    <R> std::io::BufReader<R>,
    <T> std::io::Cursor<T>,
    <T> std::sync::mpsc::Receiver<T>,
    <T> std::sync::mpsc::Sender<T>,
    <T> std::sync::mpsc::SyncSender<T>,
    <T> std::thread::JoinHandle<T>,
    // Holds any error of the user's.
    <> std::io::Error,
}
