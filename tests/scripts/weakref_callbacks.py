import gc
import weakref


class Node:
    pass


def watch(obj, name):
    def called(ref):
        print("callback", name, ref() is None)

    return weakref.ref(obj, called)


n = Node()
refs = [watch(n, i) for i in range(4)]
del n
print([r() for r in refs])

n = Node()
n.me = n
refs = [watch(n, "cyclic %d" % i) for i in range(4)]
del n
print("not yet")
gc.collect()

n = Node()
r = watch(n, "died first")
del r
del n
print("no callback")

n = Node()
n.ref = watch(n, "trash too")
n.me = n
del n
gc.collect()
print("no callback either")

n = Node()
r = watch(n, "attribute")
print(r.__callback__ is not None, weakref.ref(n).__callback__)
del n
print(r.__callback__)

order = []
a, b = Node(), Node()
ra = weakref.ref(a, lambda ref: order.append("a"))
rb = weakref.ref(b, lambda ref: order.append("b"))
del a
del b
print(order)
