# Programs that make much garbage of every kind stay in bounds, and end with nothing.
import gc
import weakref


class Node:
    pass


alive = weakref.ref(Node())
refs = []
for i in range(20000):
    n = Node()
    n.links = [n, {"n": n}, (n,)]
    if i % 1000 == 0:
        refs.append(weakref.ref(n))
del n
print(gc.collect() >= 0)
print([r() for r in refs] == [None] * 20)
deep = None
for i in range(100000):
    deep = (deep,)
del deep
print("deep tuple gone")
deep = []
for i in range(100000):
    deep = [deep]
first = deep
while first and i > 99990:
    first = first[0]
    i -= 1
first.append(deep)
del deep, first
print(gc.collect() > 0)


class Link:
    def __init__(self, next):
        self.next = next


head = None
for i in range(100000):
    head = Link(head)
del head
print("deep instances gone")
