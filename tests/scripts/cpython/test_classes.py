# Classes have weak references, too.
import gc
import weakref


class A(object):
    pass


l = []
print(weakref.ref(int)() is int)
a = weakref.ref(A, l.append)
A = None
gc.collect()
print(a(), l == [a], len(l))
