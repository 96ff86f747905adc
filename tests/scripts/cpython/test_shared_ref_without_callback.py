# No callback, and None for it, are the same.
import weakref


class Object:
    pass


o = Object()
for make in (weakref.ref, weakref.proxy):
    for first in ((o,), (o, None)):
        for second in ((o,), (o, None)):
            a = make(*first)
            b = make(*second)
            print(a is b, weakref.getweakrefcount(o))
            del a, b
print(weakref.getweakrefcount(o))
