import sys


class Node:
    pass


def count(x):
    return sys.getrefcount(x) - base


def measure(x):
    return sys.getrefcount(x)


n = Node()
base = measure(n)

t = (n, n)
print("tuple", count(n))
d = {"k": n}
print("dict value", count(n))
e = {n: 1}
print("dict key", count(n))
s = {n}
print("set", count(n))
l = [n]
print("list", count(n))
l.append(n)
print("append", count(n))
l.pop()
print("pop", count(n))
l2 = l[:]
print("slice", count(n))
l3 = l + l2
print("concatenation", count(n))
l3 = l3 * 3
print("repetition", count(n))
del l3
d["k"] = None
print("dict set", count(n))
d["k"] = n
d.pop("k")
print("dict pop", count(n))
e.clear()
print("dict clear", count(n))
s.discard(n)
print("set discard", count(n))
x, y = t
print("unpacked", count(n))
del x, y, t
print("all names gone", count(n))
l.extend([n, n])
print("extend", count(n))
l[:] = []
print("slice assigned", count(n))
del l2[0]
print("item deleted", count(n))
l.insert(0, n)
l.remove(n)
print("insert and remove", count(n))
