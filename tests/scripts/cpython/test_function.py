# A function in a dictionary that it can reach, here through its closure.
import gc
import weakref


def build():
    d = {}

    def f():
        return d

    d["f"] = f
    return weakref.ref(f)


gc.collect()
ref = build()
print(ref() is not None, gc.collect() != 0, ref())
print(gc.collect())
