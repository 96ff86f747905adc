# A graph whose edges are strong one way and weak the other. With strong edges both ways every connected part is one big
# cycle, which only the collector can free; with weak back links it dies by counting.
import gc
import sys
import weakref


class Vertex:
    alive = 0

    def __init__(self, name):
        self.name = name
        self.targets = []
        self.sources = []
        Vertex.alive += 1

    def __del__(self):
        Vertex.alive -= 1

    def connect(self, other, weakly):
        self.targets.append(other)
        other.sources.append(weakref.ref(self) if weakly else self)

    def incoming(self):
        found = []
        for source in self.sources:
            if isinstance(source, weakref.ref):
                source = source()
            if source is not None:
                found.append(source.name)
        return found


def build(weakly):
    root = Vertex("root")
    middle = [Vertex("middle %d" % i) for i in range(3)]
    leaf = Vertex("leaf")
    for vertex in middle:
        root.connect(vertex, weakly)
        vertex.connect(leaf, weakly)
    return root, leaf


gc.collect()
gc.disable()
for weakly in (True, False):
    print("back links are", "weak" if weakly else "strong")
    root, leaf = build(weakly)
    print("  alive:", Vertex.alive)
    print("  references to root:", sys.getrefcount(root) - 1, " weak ones:", weakref.getweakrefcount(root))
    print("  references to leaf:", sys.getrefcount(leaf) - 1, " weak ones:", weakref.getweakrefcount(leaf))
    print("  edges into leaf:", leaf.incoming())
    del root
    print("  alive without root:", Vertex.alive)
    print("  edges into leaf:", leaf.incoming())
    del leaf
    print("  alive without leaf:", Vertex.alive)
    print("  unreachable objects:", gc.collect())
    print("  alive after the collection:", Vertex.alive)
