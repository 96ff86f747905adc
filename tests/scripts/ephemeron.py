# CPython never frees these: the value of a weak dictionary's entry keeps its key, and so itself, alive.
import gc
import weakref


class Node:
    def __init__(self, name):
        self.name = name


gc.disable()
d = weakref.WeakKeyDictionary()
key = Node("key")
d[key] = key
gone = weakref.ref(key, lambda reference: print("gone"))
del key
print(len(d))
gc.collect()
print(len(d), gone() is None)

# Through other objects, and through other entries.
first, second = Node("first"), Node("second")
d[first] = ["the value refers to", second]
d[second] = {"and back": first}
del first, second
gc.collect()
print(len(d))

# Over two dictionaries.
other = weakref.WeakKeyDictionary()
a, b = Node("a"), Node("b")
d[a], other[b] = b, a
del a, b
gc.collect()
print(len(d), len(other))

# As long as somebody has the key, all stays.
held = Node("held")
inner = Node("inner")
d[held] = inner
d[inner] = held
del inner
gc.collect()
print(len(d), d[d[held]] is held)
del held
gc.collect()
print(len(d))


# A long chain: each value is the next key.
def chain(length):
    start = node = Node(0)
    for number in range(1, length):
        next = Node(number)
        d[node] = next
        node = next
    d[node] = start
    return start


start = chain(1000)
gc.collect()
print(len(d))
del start
print(gc.collect() > 1000, len(d))


# Finalizers find the entries gone.
class Loud:
    def __del__(self):
        print("del", len(d))


loud = Loud()
d[loud] = [loud]
del loud
gc.collect()
print(len(d))

# Data about objects that refers to them, without end and without a leak.
for round in range(1000):
    node = Node(round)
    d[node] = {"about": node}
    if round % 100 == 0:
        gc.collect()
del node
gc.collect()
print(len(d))
