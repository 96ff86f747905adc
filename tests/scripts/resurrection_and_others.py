# A resurrected object does not keep other trash from being collected.
import gc


class A:
    def __init__(self):
        self.me = self


class Z(A):
    def __del__(self):
        zs.append(self)


zs = []
gc.collect()
gc.disable()
for n in [1, 10, 50]:
    for i in range(n):
        A()
    print(n, gc.collect())
    Z()
    for i in range(n):
        A()
    print(n, gc.collect(), len(zs))
    zs.clear()
    print(gc.collect())
stats = gc.get_stats()
print(len(stats), [key in stats[0] for key in ("collections", "collected", "uncollectable")])
