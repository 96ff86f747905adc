import gc
import weakref


class Node:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return "Node(%s)" % self.name


class Equal:
    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return isinstance(other, Equal) and self.value == other.value

    def __hash__(self):
        return hash(self.value)


def attempt(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__


d = weakref.WeakKeyDictionary()
a, b, c = Node("a"), Node("b"), Node("c")
d[a], d[b], d[c] = 1, 2, 3
print(len(d), d[a], d[b], d.get(c), a in d, Node("x") in d, d.get(Node("x")), d.get(Node("x"), "default"))
print([key.name for key in d], [key.name for key in d.keys()], list(d.values()), list(d.items()))
d[a] = 10
print(d[a], len(d))

# An entry goes with its key, and with the entry its value.
class Value:
    def __del__(self):
        print("value gone")


d[b] = Value()
del b
print(len(d), list(d.values()))
key = Node("cycle")
key.me = key
d[key] = Value()
del key
print(len(d))
gc.collect()
print(len(d))

# What is missing, and what can be no key.
print(attempt(lambda: d[Node("x")]), attempt(d.pop, Node("x")), d.pop(Node("x"), "default"))
print(attempt(lambda: d["text"]), attempt(d.__setitem__, 5, 1), attempt(d.get, 5), 5 in d, [] in d)
print(attempt(d.__delitem__, Node("x")), attempt(d.__delitem__, 5))
try:
    d[7] = 1
except TypeError as error:
    print(error)

# Of equal keys the first one stays.
d = weakref.WeakKeyDictionary()
first, second = Equal(1), Equal(1)
d[first] = "first"
d[second] = "second"
print(len(d), d[first], d[second], [key is first for key in d])
del second
print(len(d), d[Equal(1)], Equal(2) in d)
del first
print(len(d))

# The methods.
d = weakref.WeakKeyDictionary({a: 1})
print(d.setdefault(a, 5), d.setdefault(c), d[c], d.setdefault(c, 7))
print(d.pop(c), len(d))
d.update({c: 3, a: 4})
print(sorted((key.name, value) for key, value in d.items()))
d.update([(c, 30)])
print(d[c])
print(d.popitem()[0].name, d.popitem()[0].name, attempt(d.popitem), len(d))
d[a], d[c] = 1, 2
e = d.copy()
d.clear()
print(len(d), len(e), type(e) is weakref.WeakKeyDictionary)
del e[a]
print(len(e), a in e)
print([reference() is c for reference in e.keyrefs()])
print(e == {c: 2}, e == d, e != d, {c: 2} == e, weakref.WeakKeyDictionary(e) == e, e == 5)
print(attempt(hash, e))
both = d | {a: 1}
print(len(both), len(e | both), type(both) is weakref.WeakKeyDictionary)
both |= {c: 5}
print(len(both))
print(bool(weakref.WeakKeyDictionary()), bool(e), repr(e).startswith("<WeakKeyDictionary at 0x"))
print(attempt(weakref.WeakKeyDictionary, 5), attempt(weakref.WeakKeyDictionary, {5: 1}))

# Keys may die while they are iterated over.
nodes = [Node(number) for number in range(10)]
d = weakref.WeakKeyDictionary((node, node.name) for node in nodes)
seen = []
for node in d:
    seen.append(node.name)
    if len(seen) == 3:
        del nodes[5:]
print(seen[:5], len(seen) <= 6, node.name in (4, 5))
del node
print(len(d))
seen = []
for node, name in d.items():
    nodes.clear()
    gc.collect()
    seen.append(name)
print(seen[0], len(seen))
del node
print(len(d))

# A subclass.
class Registry(weakref.WeakKeyDictionary):
    def names(self):
        return sorted(key.name for key in self)


r = Registry()
r[a] = r[c] = None
print(r.names(), len(r), a in r, isinstance(r, weakref.WeakKeyDictionary))
del a
print(r.names())


# Equality that raises, or changes what it is asked about.
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
            keys[:] = keys[:1]
        if Hostile.mode == "clear":
            hostile.clear()
        return False


def refill():
    Hostile.mode = None
    hostile.clear()
    keys[:] = [Hostile(number) for number in range(5)]
    for key in keys:
        hostile[key] = key.name


hostile = weakref.WeakKeyDictionary()
keys = []
for mode in ("raise", "hash", "collect", "kill", "clear"):
    for operation in ("get", "set", "delete", "contains", "pop", "setdefault"):
        refill()
        probe = Hostile("probe")
        Hostile.mode = mode
        if operation == "get":
            result = attempt(hostile.get, probe, "none")
        elif operation == "set":
            result = attempt(hostile.__setitem__, probe, 1)
        elif operation == "delete":
            result = attempt(hostile.__delitem__, probe)
        elif operation == "contains":
            result = attempt(lambda: probe in hostile)
        elif operation == "pop":
            result = attempt(hostile.pop, probe, "none")
        else:
            result = attempt(hostile.setdefault, probe, "new")
        Hostile.mode = None
        print(mode, operation, result, len(hostile))
        del probe
