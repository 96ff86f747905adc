import gc
from weakref import finalize


class A:
    pass


res = []


def add(x, y, z):
    res.append(x + y + z)
    return x + y + z


a = A()
f = finalize(a, add, 67, 43, z=89)
print(f.alive, f.peek() == (a, add, (67, 43), {"z": 89}))
print(f(), f(), f(), f.peek(), f.detach(), f.alive, res)
res.clear()
f = finalize(a, add, 67, 43, 89)
print(f.detach() == (a, add, (67, 43, 89), {}))
print(f(), f.peek(), f.detach(), f.alive, res)
f = finalize(a, add, x=67, y=43, z=89)
del a
print(f(), f.peek(), f.detach(), f.alive, res)
res.clear()
a = A()
f1, f2, f3, f4, f5 = [finalize(a, res.append, "f%d" % i) for i in range(1, 6)]
del f1, f4
print(f2.alive, f3.alive, f5.alive)
print(f5.detach() is not None, f5.alive)
f5()
res.append("A")
f3()
res.append("B")
f3()
res.append("C")
del a
print(f2.alive)
res.append("D")
f2()
print(res)
