import gc
from weakref import WeakValueDictionary


class Object:
    def __init__(self, arg):
        self.arg = arg


class Cycle:
    def __init__(self):
        self.me = self


objects = [Object(i) for i in range(10)]
d = WeakValueDictionary()
for o in objects:
    d[o.arg] = o
del o
print(len(d), sorted(d), sorted(v.arg for v in d.values()), all(d[i] is objects[i] for i in range(10)))
print(sorted(r().arg for r in d.valuerefs()))
del objects[0]
print(len(d), 0 in d, 1 in d, d.get(0), d.get(1) is objects[0])
d["temporary"] = Object(1)
print("temporary" in d)
print(d.setdefault(1, Object(2)) is objects[0])
print(d.pop(1) is objects[0], 1 in d, d.pop(1, "default"))
k, v = d.popitem()
print(k == v.arg, len(d))
del v
objects.clear()
print(len(d))
for i in range(20):
    d[i] = Cycle()
gc.collect()
print(len(d))
gc.disable()
d[10] = Cycle()
reference = d.valuerefs()[0]
o = Cycle()
d[10] = o
gc.collect()
print(len(d), d[10] is o, reference())
