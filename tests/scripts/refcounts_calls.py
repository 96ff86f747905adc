import sys


class Node:
    def method(self):
        return sys.getrefcount(self)

    def __call__(self):
        return sys.getrefcount(self)


def measure(x):
    return sys.getrefcount(x)


def default(x=[]):
    return x


def star(*args):
    return len(args), sys.getrefcount(args[0])


def keywords(**kwargs):
    return sorted(kwargs), len(kwargs)


def keep(x):
    def inner():
        return x
    return inner


n = Node()
before = measure(n)
bound = n.method
print("a bound method holds", measure(n) - before)
del bound
print("gone", measure(n) - before)
f = keep(n)
print("a closure holds", measure(n) - before)
g = f
del f
print("still", measure(n) - before)
print("called", g() is n, measure(n) - before)
del g
print("closure gone", measure(n) - before)
print(star(n, n)[0], keywords(a=n, b=n), measure(n) - before)
default().append(n)
print("a default holds", measure(n) - before)
default().clear()
print("cleared", measure(n) - before)
h = lambda x=n: x
print("a lambda default", measure(n) - before)
del h
pairs = [(k, n) for k in range(5)]
print("comprehension", measure(n) - before)
del pairs
print("nothing left", measure(n) - before)
for item in [n, n]:
    pass
print("the loop variable", measure(n) - before)
del item
print("end", measure(n) - before)
