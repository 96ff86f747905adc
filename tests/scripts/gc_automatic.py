# Garbage goes without the program doing anything.
import gc
import weakref


class Node:
    pass


def trash():
    n = Node()
    n.me = n
    return weakref.ref(n)


gc.set_threshold(100, 10, 10)
refs = [trash() for i in range(1000)]
alive = len([r for r in refs if r() is not None])
print(alive < 300)
gc.set_threshold(0)
del refs
refs = [trash() for i in range(1000)]
print(len([r for r in refs if r() is not None]))
gc.set_threshold(100)
gc.disable()
more = [trash() for i in range(1000)]
print(len([r for r in more if r() is not None]))
print(gc.collect() >= 2000)
print(len([r for r in refs + more if r() is not None]))
