import sys


class Node:
    pass


a = Node()
print("one name", sys.getrefcount(a))
b = a
print("two names", sys.getrefcount(a))
items = [a, a, a]
print("three items", sys.getrefcount(a))
del items
print("without the list", sys.getrefcount(a))
b = None
print("rebound", sys.getrefcount(a))
a.self = a
print("itself", sys.getrefcount(a))
del a.self
print("not itself", sys.getrefcount(a))


def inside(x):
    return sys.getrefcount(x)


print("as an argument", inside(a))


def local(x):
    y = x
    z = y
    return sys.getrefcount(x)


print("with locals", local(a))
print("after the call", sys.getrefcount(a))
print("a fresh one", sys.getrefcount(Node()))
print("a list display", sys.getrefcount([]))
