import weakref


class Node:
    def __init__(self, name):
        self.name = name


n = Node("n")
r = weakref.ref(n)
print(r() is n, r().name)
print(weakref.getweakrefcount(n))
print(weakref.ref(n) is r)
print(weakref.getweakrefs(n) == [r])
del n
print(r())
print(r() is None)

n = Node("again")
a = weakref.ref(n)
b = weakref.ref(n, lambda ref: None)
c = weakref.ref(n, lambda ref: None)
print(a is b, b is c, weakref.getweakrefcount(n))
print(len(weakref.getweakrefs(n)), weakref.getweakrefs(n)[0] is a, weakref.getweakrefs(n)[1] is c)
del b
print(weakref.getweakrefcount(n))
print(type(a) is weakref.ReferenceType, isinstance(a, weakref.ref))
print(a == weakref.ref(n), a == c)
m = Node("m")
print(a == weakref.ref(m), a != weakref.ref(m))
print(weakref.getweakrefcount(3), weakref.getweakrefs(3))
try:
    weakref.ref(3)
except TypeError as e:
    print(e)
try:
    weakref.ref("text")
except TypeError as e:
    print(e)
