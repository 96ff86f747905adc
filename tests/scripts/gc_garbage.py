import gc
import weakref


class Node:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        deleted.append(self.name)


def ring(name):
    a, b = Node(name + "1"), Node(name + "2")
    a.other, b.other = b, a


deleted = []


def collect():
    found = gc.collect()
    print("collected", found, "deleted", sorted(deleted))
    deleted.clear()
    return found


def names():
    return sorted(node.name for node in gc.garbage)


gc.disable()
gc.collect()
print(gc.garbage)

# What is garbage is kept, after its finalizer.
gc.set_debug(gc.DEBUG_SAVEALL)
node = Node("x")
node.me = node
reference = weakref.ref(node)
called = weakref.ref(node, lambda reference: print("callback"))
del node
print(collect(), len(gc.garbage), gc.garbage[0].name)
print(reference(), called(), gc.is_finalized(gc.garbage[0]))
ring("y")
print(collect(), len(gc.garbage))
print(names())
print(gc.get_stats()[2]["uncollectable"] >= 0)

# The script may edit it. What is let go is collected again, now without its finalizer.
del gc.garbage[:2]
gc.set_debug(0)
print(len(gc.garbage))
gc.garbage.pop()
print(collect(), gc.garbage)

# It may be taken over into another list, too.
gc.set_debug(gc.DEBUG_SAVEALL)
ring("z")
collect()
kept, gc.garbage[:] = gc.garbage[:], []
print(sorted(node.name for node in kept), gc.garbage)
gc.set_debug(0)
kept[0].other.other = None
kept.clear()
collect()

# It is in place when the callbacks are told.
def callback(phase, info):
    print(phase, info["collected"], len(gc.garbage))


gc.callbacks.append(callback)
gc.set_debug(gc.DEBUG_SAVEALL)
ring("c")
collect()
gc.callbacks.clear()

# Of lists and other things.
gc.garbage.clear()
gc.set_debug(0)
gc.collect()
gc.set_debug(gc.DEBUG_SAVEALL)
things = [1]
things.append(things)
table = {"me": None}
table["me"] = table
del things, table
print(collect(), sorted(type(thing).__name__ for thing in gc.garbage))
gc.set_debug(0)
gc.garbage.clear()
collect()

# A new list in the module is not the collector's.
old = gc.garbage
gc.garbage = []
gc.set_debug(gc.DEBUG_SAVEALL)
things = []
things.append(things)
del things
print(collect(), gc.garbage, len(old))
gc.set_debug(0)
old.clear()
gc.garbage = old
collect()
