import gc
import sys
import weakref


class Node:
    pass


def log(*args, **keywords):
    print("log", args, keywords)
    return "result"


node = Node()
f = weakref.finalize(node, log, 1, 2, z=3)
print(f.alive, f.atexit, repr(f).startswith("<finalize object at 0x"), "for 'Node' at" in repr(f))
print(f.peek() == (node, log, (1, 2), {"z": 3}), f.alive)
del node
print(f.alive, f.peek(), f(), f.detach(), repr(f).endswith("; dead>"))

# Called once, by hand.
node = Node()
f = weakref.finalize(node, log, "by hand")
print(f(), f.alive, f())
del node

# Detached.
node = Node()
f = weakref.finalize(node, log, "detached")
print(f.detach() == (node, log, ("detached",), {}), f.detach(), f.alive)
del node

# The handle need not be kept; the newest is called first.
node = Node()
for number in range(3):
    weakref.finalize(node, log, number)
del node, f

# In a cycle.
node = Node()
node.me = node
f = weakref.finalize(node, log, "cycle")
del node
print(f.alive)
print(gc.collect() > 0, f.alive)

# The object can't come back to life: it is gone when the function is called.
class Phoenix:
    def __del__(self):
        kept.append(self)


kept = []
phoenix = Phoenix()
f = weakref.finalize(phoenix, log, "phoenix")
del phoenix
print(len(kept), f.alive)
kept.clear()
print(f.alive)

# What the function and the arguments refer to is held until then.
node = Node()
argument = Node()
reference = weakref.ref(argument)
f = weakref.finalize(node, lambda thing: print("got", thing is reference()), argument)
del argument
print(reference() is not None)
del node
print(reference())

# Errors have nobody to be raised to; by hand they have.
def fail():
    raise ValueError("failed")


sys.unraisablehook = lambda unraisable: print("unraisable:", unraisable.exc_value)
node = Node()
weakref.finalize(node, fail)
del node
node = Node()
f = weakref.finalize(node, fail)
try:
    f()
except ValueError as error:
    print("raised:", error, f.alive)

# The function may do anything: collect, make another one, drop others.
def busy():
    gc.collect()
    others.clear()
    weakref.finalize(Node(), log, "at once")


others = [Node(), Node()]
for other in others:
    weakref.finalize(other, log, "other")
del other
node = Node()
weakref.finalize(node, busy)
del node

# atexit may be changed; the object must be weakly referable.
node = Node()
f = weakref.finalize(node, log, "never")
f.atexit = False
print(f.atexit)
f.detach()
print(f.atexit)
for wrong in (lambda: weakref.finalize(5, log), lambda: weakref.finalize(node), lambda: weakref.finalize()):
    try:
        wrong()
    except TypeError as error:
        print("TypeError")

# One finalizer calls another.
node = Node()
first = weakref.finalize(node, log, "first")
second = weakref.finalize(node, lambda: first())
del node
print(first.alive, second.alive)
