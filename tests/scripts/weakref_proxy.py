import weakref


class Node:
    def __init__(self):
        self.value = 1
        self.items = [1, 2, 3]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]

    def __setitem__(self, i, v):
        self.items[i] = v

    def __contains__(self, x):
        return x in self.items

    def __call__(self, x):
        return x + self.value

    def __str__(self):
        return "a node"


n = Node()
p = weakref.proxy(n)
print(p.value, len(p), p[1], 3 in p, 4 in p)
p.value = 10
print(n.value)
p[0] = 100
print(n.items)
print(p(5))
print(str(p))
print([x for x in p])
print(bool(p))
print(type(p).__name__, weakref.proxy(n) is p, weakref.getweakrefcount(n))
del n
for action in [lambda: p.value, lambda: len(p), lambda: p[0], lambda: p(1), lambda: str(p)]:
    try:
        action()
    except ReferenceError as e:
        print("ReferenceError:", e)
try:
    p.value = 3
except ReferenceError as e:
    print("ReferenceError:", e)


class Plain:
    pass


x = Plain()
q = weakref.proxy(x, lambda proxy: print("proxy callback"))
print(type(q).__name__)
del x
