import gc
import weakref


class Collector:
    def __del__(self):
        print("nested", gc.collect())


gc.collect()
gc.disable()
c = Collector()
c.me = c
del c
print(gc.collect())
Collector()


class Node:
    pass


class Maker:
    def __del__(self):
        n = Node()
        n.me = n
        made.append(weakref.ref(n))


made = []
Maker()
print(made[0]() is not None)
print(gc.collect())
print(made[0]())
n = Node()
r = weakref.ref(n, lambda ref: print("callback", gc.collect()))
del n
n = Node()
n.me = n
r = weakref.ref(n, lambda ref: print("callback", gc.collect()))
del n
print(gc.collect())
