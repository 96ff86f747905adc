# A class refers to itself without any help, so it is always cyclic garbage.
import gc
import weakref


class A(object):
    pass


gc.collect()
ref = weakref.ref(A)
del A
print(ref() is None, gc.collect() != 0, ref() is None)
print(gc.collect())
