# A class that is its own attribute is collected, and with it a callback runs that watches it.
import gc
import weakref


def build():
    class A:
        pass

    A.a = A
    return weakref.ref(A, lambda ref: print("gone", ref() is None))


gc.collect()
ref = build()
print(ref() is not None, gc.collect() != 0, ref())
print(gc.collect())
