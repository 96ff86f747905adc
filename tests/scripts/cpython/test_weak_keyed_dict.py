import gc
from weakref import WeakKeyDictionary, ref


class Object:
    def __init__(self, arg):
        self.arg = arg

    def __eq__(self, other):
        return self.arg == other.arg

    def __hash__(self):
        return hash(self.arg)


objects = [Object(i) for i in range(10)]
d = WeakKeyDictionary()
for o in objects:
    d[o] = o.arg
del o
print(len(d), sorted(k.arg for k in d), sorted(d.values()), sorted((k.arg, v) for k, v in d.items()))
print(sorted(r().arg for r in d.keyrefs()))
del objects[0]
print(len(d), Object(0) in d, Object(1) in d, d.get(Object(1)), d.get(Object(0)))
o = Object(1)
d[o] = "new value, old key"
print(len(d), d[o])
del objects[0]
print(len(d), o in d)
print(d.setdefault(objects[0], "not taken"), d.setdefault(o, "taken"), d[o])
del d[o]
try:
    del d[o]
except KeyError:
    print("KeyError")
try:
    d[13] = 13
except TypeError as error:
    print("TypeError:", error)
k, v = d.popitem()
print(k.arg == v, len(d))
del k
items = iter(d.items())
k, v = next(items)
del k
objects.clear()
gc.collect()
print(len(d) <= 1)
del items
print(len(d))
