import gc


class Node:
    pass


def is_among(thing, things):
    return any(other is thing for other in things)


def where(thing):
    return [is_among(thing, gc.get_objects(generation)) for generation in range(3)]


gc.disable()
gc.collect()
things = {
    "list": [],
    "dict": {1: []},
    "set": {1},
    "tuple": ([],),
    "instance": Node(),
    "class": Node,
    "function": is_among,
    "method": Node().__init__,
    "generator": (i for i in []),
    "module": gc,
}
for name, thing in things.items():
    print(name, gc.is_tracked(thing), is_among(thing, gc.get_objects()))
for name, thing in [("int", 5), ("str", "text"), ("float", 1.5), ("None", None), ("type", int), ("tuple", (1, 2))]:
    gc.collect()
    print(name, gc.is_tracked(thing), is_among(thing, gc.get_objects()))
print(is_among(globals(), gc.get_objects()))

# An object grows old.
node = Node()
print(where(node))
for generation in (0, 1, 2, 0):
    gc.collect(generation)
    print(where(node))
young = Node()
gc.collect(1)
print(where(young))

# The result is not in itself.
objects = gc.get_objects()
print(is_among(objects, objects), is_among(objects, gc.get_objects()))
del objects

print(is_among(node, gc.get_objects(None)), is_among(node, gc.get_objects(-1)), is_among(node, gc.get_objects(generation=2)))
for bad in (3, 1000, 2**40, -2, -1000, "1", 1.5, []):
    try:
        gc.get_objects(bad)
    except (ValueError, TypeError) as error:
        print(type(error).__name__, error)
try:
    gc.get_objects(0, 1)
except TypeError as error:
    print(error)


# Nothing is shown of what a collection has found, nor of what dies.
class Watcher:
    def __del__(self):
        print("seen:", len([thing for thing in gc.get_objects() if isinstance(thing, Watcher)]))


watcher = Watcher()
print(len([thing for thing in gc.get_objects() if isinstance(thing, Watcher)]))
del watcher, thing
watcher = Watcher()
watcher.me = watcher
watcher = None
gc.collect()
print(len([node for node in gc.get_objects() if isinstance(node, Watcher)]))


# All instances of a class.
def instances():
    return sorted(thing.name for thing in gc.get_objects() if type(thing) is Named)


class Named:
    def __init__(self, name):
        self.name = name


names = [Named(name) for name in "abc"]
print(instances())
del names[1]
print(instances())
