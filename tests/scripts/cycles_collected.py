import gc


class Node:
    def __init__(self, name):
        self.name = name
        self.links = []


def ring(size):
    nodes = [Node(i) for i in range(size)]
    for i in range(size):
        nodes[i].links.append(nodes[(i + 1) % size])


gc.collect()
gc.disable()
for size in [1, 2, 3, 10, 100]:
    ring(size)
    # Each node has a list of its own.
    print(size, gc.collect())

a, b = Node("a"), Node("b")
a.other = b
b.other = a
keep = a
del a, b
print("held", gc.collect())
print(keep.other.other is keep)
keep = None
print("let go", gc.collect())


class Branch:
    def __init__(self, parent):
        self.parent = parent
        self.links = []


parent = Branch(None)
for i in range(5):
    child = Branch(parent)
    parent.links.append(child)
del child, parent
print("tree with back links", gc.collect())
