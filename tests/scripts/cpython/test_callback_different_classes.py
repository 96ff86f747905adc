# Callback, watched object and both their classes are garbage together: the callback does not run.
import gc
import weakref


class C(object):
    def cb(self, ignore):
        print("must not run")
        self.me
        self.c1
        self.wr


class D:
    pass


c1, c2 = D(), C()
c2.me = c2
c2.c1 = c1
c2.wr = weakref.ref(c1, c2.cb)
refs = [weakref.ref(o) for o in (c1, c2, C, D)]
del c1, c2, C, D
print(gc.collect() != 0, [ref() for ref in refs])
