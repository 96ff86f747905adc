# minipy --memory-limit 2M
# The weak containers, too, raise an error that can be caught, and are as they were.
import gc
import weakref


class Node:
    def method(self):
        pass


def attempt(function):
    try:
        function()
        print(function.__name__, "no error")
    except MemoryError as error:
        print(function.__name__, repr(error))
    print(all(reference() is None for reference in references))


def watched():
    node = Node()
    if len(references) < 100:
        references.append(weakref.ref(node))
    return node


def by_key():
    d, kept = weakref.WeakKeyDictionary(), []
    while True:
        node = watched()
        kept.append(node)
        d[node] = [node]


def by_value():
    d, kept = weakref.WeakValueDictionary(), []
    while True:
        node = watched()
        kept.append(node)
        d[len(kept)] = node


def members():
    s, kept = weakref.WeakSet(), []
    while True:
        node = watched()
        kept.append(node)
        s.add(node)


def plain():
    kept = []
    while True:
        node = watched()
        kept.append((node, weakref.ref(node, print), weakref.proxy(node, print)))


def methods():
    kept = []
    while True:
        node = watched()
        kept.append((node, weakref.WeakMethod(node.method)))


def finalizers():
    kept = []
    while True:
        node = watched()
        kept.append(node)
        weakref.finalize(node, len, "")


def hashed():
    kept = set()
    while True:
        node = watched()
        kept.add((weakref.ref(node), node))


references = []
for function in (by_key, by_value, members, plain, methods, finalizers, hashed):
    references.clear()
    attempt(function)

# Keys that nobody holds, and entries that refer to their keys, take no memory in the end.
d = weakref.WeakKeyDictionary()
for round in range(2000):
    node = Node()
    d[node] = [node] * 10
    node = None
gc.collect()
print(len(d))
