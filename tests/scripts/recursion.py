import sys


def forever(n):
    return forever(n + 1)


try:
    forever(0)
except RecursionError as e:
    print(type(e).__name__, str(e).startswith("maximum recursion depth exceeded"))


class Node:
    def __repr__(self):
        return repr(self)


try:
    repr(Node())
except RecursionError:
    print("repr")


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


print(depth(500))
l = []
l.append(l)
print(l, repr(l))
d = {}
d["d"] = d
print(d)
