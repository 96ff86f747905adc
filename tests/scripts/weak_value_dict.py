import gc
import weakref


class Node:
    def __init__(self, name):
        self.name = name


def attempt(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__


d = weakref.WeakValueDictionary()
a, b, c = Node("a"), Node("b"), Node("c")
d["a"], d["b"], d[3] = a, b, c
print(len(d), d["a"].name, d.get(3).name, "b" in d, "x" in d, d.get("x"), d.get("x", "default"))
print(list(d), list(d.keys()), [value.name for value in d.values()], [(key, value.name) for key, value in d.items()])

# An entry goes with its value, and with the entry its key.
del b
print(len(d), "b" in d, list(d))
cycle = Node("cycle")
cycle.me = cycle
d["cycle"] = cycle
del cycle
print(len(d))
gc.collect()
print(len(d))


class Key:
    def __del__(self):
        print("key gone")


temporary = Node("temporary")
d[Key()] = temporary
print(len(d))
del temporary
print(len(d))

# What is missing, and what can be no value.
print(attempt(lambda: d["x"]), attempt(d.pop, "x"), d.pop("x", "default"), attempt(d.__delitem__, "x"))
print(attempt(d.__setitem__, "x", 5), attempt(d.setdefault, "x"), attempt(lambda: d[[]]), attempt(d.__setitem__, [], a))
try:
    d["x"] = 5
except TypeError as error:
    print(error)
try:
    d["missing"]
except KeyError as error:
    print(error)

# Equal keys are one; a replaced value that dies takes nothing along.
d = weakref.WeakValueDictionary()
old, new = Node("old"), Node("new")
d[1] = old
d[1.0] = new
print(len(d), d[1].name, list(d))
del old
print(len(d), d[True].name)
d[1] = Node("dies at once")
print(len(d), 1 in d)

# The methods.
d = weakref.WeakValueDictionary({"a": a}, c=c)
print(sorted(d), d.setdefault("a", c).name, d.setdefault("n", new).name, len(d))
print(d.pop("n").name, len(d))
d.update({"n": new}, m=new)
d.update([("l", a)])
print(sorted(d), len(list(d.items())))
print(attempt(d.update, {"x": 5}), sorted(d))
print(d.popitem()[1] in (a, c, new), len(d))
e = d.copy()
d.clear()
print(len(d), len(e), attempt(d.popitem), type(e) is weakref.WeakValueDictionary)
del e["a"]
print(sorted(e))
print(sorted(reference().name for reference in e.valuerefs()), len(list(e.itervaluerefs())))
print(e == dict(e.items()), e == d, e != d, {} == d, d == {}, weakref.WeakValueDictionary(e) == e)
print(attempt(hash, e), bool(d), bool(e), repr(e).startswith("<WeakValueDictionary at 0x"))
both = d | {"z": a}
print(sorted(both), sorted({"y": c} | both), type({"y": c} | both) is weakref.WeakValueDictionary)
both |= [("x", a)]
print(sorted(both))

# Values may die while they are iterated over.
nodes = [Node(number) for number in range(10)]
d = weakref.WeakValueDictionary((node.name, node) for node in nodes)
seen = []
for name, node in d.items():
    seen.append(name)
    if name == 3:
        del nodes[5:]
print(seen[:4], len(seen) <= 6)
del node
print(len(d), list(d))
seen = []
for node in d.values():
    nodes.clear()
    seen.append(node.name)
print(seen[0], len(seen))
del node
print(len(d))


# A cache of things by name.
class Cache(weakref.WeakValueDictionary):
    def make(self, name):
        thing = self.get(name)
        if thing is None:
            thing = self[name] = Node(name)
        return thing


cache = Cache()
one, two = cache.make("one"), cache.make("one")
print(one is two, len(cache))
del one, two
print(len(cache), cache.make("one").name, len(cache))


# A value that its finalizer brings back is not in it any more.
class Phoenix:
    def __del__(self):
        kept.append(self)


kept = []
d = weakref.WeakValueDictionary()
d["trash"] = phoenix = Phoenix()
phoenix.me = phoenix
del phoenix
gc.collect()
print(len(kept), len(d))


# Keys whose equality raises or changes the dictionary.
class Hostile:
    mode = None

    def __init__(self, name):
        self.name = name

    def __hash__(self):
        if Hostile.mode == "hash":
            raise ValueError("hash")
        return 1

    def __eq__(self, other):
        if self is other:
            return True
        if Hostile.mode == "raise":
            raise ValueError("eq")
        if Hostile.mode == "collect":
            gc.collect()
        if Hostile.mode == "kill":
            values[:] = values[:1]
        if Hostile.mode == "clear":
            hostile.clear()
        return False


hostile = weakref.WeakValueDictionary()
values = []
for mode in ("raise", "hash", "collect", "kill"):
    for operation in ("get", "__setitem__", "__delitem__", "__contains__", "pop", "setdefault"):
        Hostile.mode = None
        hostile.clear()
        values[:] = [Node(number) for number in range(5)]
        for value in values:
            hostile[Hostile(value.name)] = value
        value = a
        probe = Hostile("probe")
        Hostile.mode = mode
        args = {"get": (probe,), "__setitem__": (probe, a), "__delitem__": (probe,), "__contains__": (probe,)}
        result = attempt(getattr(hostile, operation), *args.get(operation, (probe, a)))
        Hostile.mode = None
        print(mode, operation, result.name if isinstance(result, Node) else result, len(hostile))
