# Errors in finalizers and callbacks are reported on stderr, and the program goes on.
import gc
import weakref


class Bad:
    def __del__(self):
        raise ValueError("in del")


Bad()
print("went on")
gc.collect()
gc.disable()
b = Bad()
b.me = b
del b
print(gc.collect())


class Node:
    pass


def callback(ref):
    1 / 0


n = Node()
r = weakref.ref(n, callback)
del n
print(r())
n = Node()
n.me = n
r = weakref.ref(n, callback)
del n
gc.collect()
print(r())
for i in range(3):
    Bad()
print("end")
