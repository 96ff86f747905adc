import gc
import weakref


class Node:
    def __init__(self, name):
        self.name = name

    def hello(self, greeting="hello"):
        return greeting + " " + self.name

    def other(self):
        pass


def callback(method):
    log.append((method() is None, method is m))


log = []
node = Node("a")
# A bound method is made anew each time: a plain reference to it is dead at once.
print(weakref.ref(node.hello)() is None)
m = weakref.WeakMethod(node.hello)
print(m()(), m()("bye"), type(m()) is type(node.hello), m().__self__ is node)
print(isinstance(m, weakref.ref), isinstance(m, weakref.WeakMethod), weakref.getweakrefcount(node))
print([reference is m for reference in weakref.getweakrefs(node)])
del node
print(m() is None)

# The callback is called once.
node = Node("b")
m = weakref.WeakMethod(node.hello, callback)
print(m()())
del node
print(m(), log)
log.clear()

# The function may die first.
node = Node("c")


def function(self):
    return "function of " + self.name


Node.added = function
m = weakref.WeakMethod(node.added, callback)
print(m()())
del function, Node.added
print(m(), log)
del node
print(log)
log.clear()

# In a cycle.
node = Node("d")
node.me = node
m = weakref.WeakMethod(node.hello, callback)
del node
print(m() is not None)
gc.collect()
print(m(), log)
log.clear()

# One that dies first is not called back, and is no cycle itself.
node = Node("e")
gc.collect()
gc.disable()
m = weakref.WeakMethod(node.hello, callback)
m = None
print(gc.collect(), weakref.getweakrefcount(node))
del node
print(log)
gc.enable()

# Equality and hash.
node, twin = Node("f"), Node("f")
one, two, other = weakref.WeakMethod(node.hello), weakref.WeakMethod(node.hello), weakref.WeakMethod(node.other)
foreign = weakref.WeakMethod(twin.hello)
print(one == two, one == other, one == foreign, one != two, one != other, hash(one) == hash(two))
print(one == weakref.ref(node), len({one, two, other}))
del node
print(one == one, one == two, one != two, hash(one) == hash(two))

for wrong in (Node, print, 5):
    try:
        weakref.WeakMethod(wrong)
    except TypeError as error:
        print("TypeError", str(error).startswith("argument should be a bound method, not <class"))


# An error in a callback has nobody to be raised to.
import sys


def bad(method):
    raise ValueError("bad")


sys.unraisablehook = lambda unraisable: print("unraisable:", unraisable.exc_value)
m = weakref.WeakMethod(twin.hello, bad)
del twin
print(m())
