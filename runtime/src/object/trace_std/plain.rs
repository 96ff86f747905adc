//! Types that own no handle and whose drop, if any, runs no user code.

use crate::object::trace::{Shape, Trace, Tracer};

macro_rules! plain {
    ($($ty:ty),* $(,)?) => {$(
        // SAFETY: the type owns no handle.
        unsafe impl Trace for $ty {
            #[inline]
            fn trace(&self, _: &mut Tracer<'_>) {}
            #[inline]
            fn shape(_: u32) -> Shape {
                Shape::PLAIN
            }
            #[inline]
            fn owns_only_handles() -> bool {
                !std::mem::needs_drop::<Self>()
            }
        }
    )*};
}

macro_rules! plain_unsized {
    ($($ty:ty),* $(,)?) => {$(
        // SAFETY: the type owns no handle.
        unsafe impl Trace for $ty {
            #[inline]
            fn trace(&self, _: &mut Tracer<'_>) {}
        }
    )*};
}

plain! {
    (), bool, char, f32, f64,
    u8, u16, u32, u64, u128, usize,
    i8, i16, i32, i64, i128, isize,
}

mod nonzero {
    use std::num::{
        NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8, NonZeroU16, NonZeroU32,
        NonZeroU64, NonZeroU128, NonZeroUsize,
    };

    use super::{Shape, Trace, Tracer};

    plain! {
        NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize,
        NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize,
    }
}

mod atomic {
    use std::sync::atomic::{
        AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16, AtomicU32, AtomicU64,
        AtomicUsize,
    };

    use super::{Shape, Trace, Tracer};

    plain! { AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicUsize, AtomicI8, AtomicI16, AtomicI32, AtomicIsize }
    #[cfg(target_has_atomic = "64")]
    plain! { AtomicU64, AtomicI64 }
}

plain! {
    String,
    std::ffi::CString,
    std::ffi::OsString,
    std::path::PathBuf,
}
plain_unsized! { str, std::ffi::CStr, std::ffi::OsStr, std::path::Path }

plain! {
    std::time::Duration,
    std::time::Instant,
    std::time::SystemTime,
    std::net::IpAddr,
    std::net::AddrParseError,
    std::net::Ipv4Addr,
    std::net::Ipv6Addr,
    std::net::SocketAddr,
    std::net::SocketAddrV4,
    std::net::SocketAddrV6,
    std::net::TcpListener,
    std::net::TcpStream,
    std::net::UdpSocket,
    std::fs::File,
    std::io::ErrorKind,
    std::io::Stderr,
    std::io::Stdin,
    std::io::Stdout,
    std::process::ExitStatus,
    std::sync::Barrier,
    std::sync::Condvar,
    std::sync::Once,
    std::thread::Thread,
    std::thread::ThreadId,
}

plain! {
    std::alloc::Layout,
    std::any::TypeId,
    std::collections::TryReserveError,
    std::cmp::Ordering,
    std::convert::Infallible,
    std::fmt::Error,
    std::hash::DefaultHasher,
    std::hash::RandomState,
    std::marker::PhantomPinned,
    std::num::FpCategory,
    std::ops::RangeFull,
    std::sync::atomic::Ordering,
    std::char::ParseCharError,
    std::num::ParseFloatError,
    std::num::ParseIntError,
    std::num::TryFromIntError,
    std::str::ParseBoolError,
    std::str::Utf8Error,
    std::string::FromUtf8Error,
}

macro_rules! plain_generic {
    ($(<$($parameter:ident),*> $ty:ty),* $(,)?) => {$(
        // SAFETY: the type owns no handle, whatever its parameters are.
        unsafe impl<$($parameter: 'static),*> Trace for $ty {
            #[inline]
            fn trace(&self, _: &mut Tracer<'_>) {}
            #[inline]
            fn shape(_: u32) -> Shape {
                Shape::PLAIN
            }
            #[inline]
            fn owns_only_handles() -> bool {
                !std::mem::needs_drop::<Self>()
            }
        }
    )*};
}

plain_generic! {
    <T> std::mem::Discriminant<T>,
    // What it points to isn't owned by the value.
    <T> std::sync::atomic::AtomicPtr<T>,
    <H> std::hash::BuildHasherDefault<H>,
}

/// Function pointers own nothing. One impl per number of arguments covers the signatures without references; those
/// with a reference among the arguments are types of their own, which the derive knows by their syntax.
macro_rules! functions {
    ($(($($argument:ident),*))*) => {$(
        plain_generic! {
            <$($argument,)* R> fn($($argument),*) -> R,
            <$($argument,)* R> unsafe fn($($argument),*) -> R,
            <$($argument,)* R> extern "C" fn($($argument),*) -> R,
            <$($argument,)* R> unsafe extern "C" fn($($argument),*) -> R,
        }
    )*};
}

functions! {
    () (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) (A, B, C, D, E, F, G)
    (A, B, C, D, E, F, G, H) (A, B, C, D, E, F, G, H, I) (A, B, C, D, E, F, G, H, I, J)
    (A, B, C, D, E, F, G, H, I, J, K) (A, B, C, D, E, F, G, H, I, J, K, L)
}
