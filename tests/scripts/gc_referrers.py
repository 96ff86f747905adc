import gc
import weakref


class Node:
    pass


def is_among(thing, things):
    return any(other is thing for other in things)


def kinds(things):
    return sorted(type(thing).__name__ for thing in things)


gc.collect()


# Who refers to it?
def referrers():
    target = Node()
    box = [target]
    print(kinds(gc.get_referrers(target)))
    pair = (target, 1)
    table = {"key": target}
    keyed = {target: 1}
    group = {target}
    print(kinds(gc.get_referrers(target)))
    for holder in (box, pair, table, keyed, group):
        print(is_among(holder, gc.get_referrers(target)))
    del pair, table, keyed, group
    box.clear()
    del holder
    print(gc.get_referrers(target))
    holder = Node()
    holder.attribute = target
    found = gc.get_referrers(target)
    print(len(found), found[0] is holder)
    del found, holder
    target.me = target
    found = gc.get_referrers(target)
    print(len(found), found[0] is target)
    target.me = None
    return target


def closures():
    captured = Node()

    def closure():
        return captured

    print(kinds(gc.get_referrers(captured)))
    print(kinds(gc.get_referrers(closure.__closure__[0])))
    return closure


def generator():
    local = Node()
    yield local
    yield local


target = referrers()
closures()
running = generator()
yielded = next(running)
print(is_among(running, gc.get_referrers(yielded)))
del running, yielded

# A variable of the module is held by its dict.
found = gc.get_referrers(target)
print(len(found), found[0] is globals())
del found
print(is_among(globals(), gc.get_referrers(Node)))

# Some at a time; each referrer once.
a, b = Node(), Node()
both = [a, b, a]
found = [thing for thing in gc.get_referrers(a, b) if thing is not globals()]
print(len(found), found[0] is both)
print(gc.get_referrers())
del found

# Weak references don't refer; to their callbacks they do.
reference = weakref.ref(a)
proxy = weakref.proxy(a)
print(kinds(thing for thing in gc.get_referrers(a) if thing is not globals()))


def callback(reference):
    pass


watching = weakref.ref(a, callback)
print([thing is watching for thing in gc.get_referrers(callback) if thing is not globals()])
print(gc.get_referents(watching) == [callback], gc.get_referents(reference))

# To what does it refer?
print(gc.get_referents([1, "a", None]))
print(gc.get_referents((1, 2)), gc.get_referents(()))
print(gc.get_referents({1: "one", 2: "two"}), gc.get_referents({"a": 1, "b": [2]}), gc.get_referents({}))
print(sorted(gc.get_referents({1, 2, 3})))
print(gc.get_referents([[]], [[1], 5], {3: 4}))
print(gc.get_referents(1, "a", None, 1.5), gc.get_referents())
one = []
print([thing is one for thing in gc.get_referents([one, one])])


class Pair:
    def __init__(self, left, right):
        self.left = left
        self.right = right


print(gc.get_referents(Pair(1, [2]))[:2], gc.get_referents(Pair(1, 2))[-1] is Pair)


class Slotted:
    __slots__ = ("only",)


slotted = Slotted()
print(gc.get_referents(slotted) == [Slotted])
slotted.only = [7]
print([7] in gc.get_referents(slotted), Slotted in gc.get_referents(slotted))


def outer():
    captured = ["captured"]

    def inner():
        return captured

    return inner


inner = outer()
print(gc.get_referents(inner.__closure__[0]))
print(is_among(inner.__closure__, gc.get_referents(inner)), is_among(globals(), gc.get_referents(inner)))
print(is_among(target, gc.get_referents(globals())), is_among(globals(), gc.get_referents(gc)))


# Functions and their parts, found by what they hold.
def with_default(argument=one):
    pass


print([thing is with_default.__defaults__ for thing in gc.get_referrers(one) if thing is not globals()])
print(is_among(with_default, gc.get_referrers(with_default.__defaults__)))


# Nothing of trash is found.
class Trash:
    def __del__(self):
        print("referrers of trash:", [type(thing).__name__ for thing in gc.get_referrers(self.other)])
        print("its referents:", is_among(self.other, gc.get_referents(self)))


trash = Trash()
trash.other = Node()
trash.other.other = trash
del trash
gc.collect()

for name in ("get_referrers", "get_referents"):
    try:
        getattr(gc, name)(of=1)
    except TypeError as error:
        print("TypeError")
