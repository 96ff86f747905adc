# Plain weak references see the object while finalizers run; those with a callback do not (3.15).
import gc
import weakref


class Node:
    def __del__(self):
        print("in del:", self.plain() is self, self.watched())


def called(ref):
    print("callback")


n = Node()
n.me = n
plain, watched = weakref.ref(n), weakref.ref(n, called)
n.plain, n.watched = plain, watched
del n
gc.collect()
print(plain(), watched())

print("by count")
n = Node()
plain, watched = weakref.ref(n), weakref.ref(n, called)
n.plain, n.watched = plain, lambda: "alive" if watched() is not None else None
del n
print(plain(), watched())

print("resurrected")


class Saved:
    def __del__(self):
        keep.append(self)


keep = []
s = Saved()
s.me = s
plain, watched = weakref.ref(s), weakref.ref(s, called)
del s
gc.collect()
print(plain() is keep[0], watched())
keep[0].me = None
keep.clear()
print(plain())
