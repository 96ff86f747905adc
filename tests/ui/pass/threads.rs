//! S4: handles and heaps stay on their thread.

use tailbite::{AnyGc, AnyRootKey, Factory, Gc, GcMut, Heap, LastFirst, Packed, Proxy, RootKey, Weak, WeakRef};

/// Has one impl for a type that is not `Send`, and two, so that `_` can't be inferred, for one that is.
trait NotSend<Which> {
    fn check() {}
}
impl<T: ?Sized> NotSend<()> for T {}
impl<T: ?Sized + Send> NotSend<u8> for T {}

trait NotSync<Which> {
    fn check() {}
}
impl<T: ?Sized> NotSync<()> for T {}
impl<T: ?Sized + Sync> NotSync<u8> for T {}

macro_rules! stays_on_its_thread {
    ($($ty:ty),* $(,)?) => {$(
        <$ty as NotSend<_>>::check();
        <$ty as NotSync<_>>::check();
    )*};
}

fn main() {
    stays_on_its_thread! {
        Gc<u8>, Gc<str>, Gc<dyn Send>, AnyGc, Weak<u8>, Weak<dyn Sync>, GcMut<'static, u8>, Factory<u8>, Heap, WeakRef, Proxy,
        RootKey<u8>, RootKey<str>, AnyRootKey, Packed, Option<Packed>, LastFirst<AnyGc>,
    }
}
