import gc
import weakref


class Node:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return "Node(%s)" % self.name


def attempt(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__


def names(things):
    return "".join(sorted(thing.name for thing in things))


a, b, c, d = (Node(name) for name in "abcd")
s = weakref.WeakSet([a, b])
s.add(c)
s.add(a)
print(len(s), names(s), a in s, d in s, 5 in s, [] in s)
s.discard(c)
s.discard(c)
print(names(s), attempt(s.remove, c), attempt(s.remove, 5), attempt(s.add, 5), attempt(s.discard, "x"))
s.remove(b)
print(names(s))
try:
    s.add("text")
except TypeError as error:
    print(error)

# A member leaves when it dies.
s = weakref.WeakSet([a, b, Node("dies at once")])
print(len(s))
cycle = Node("x")
cycle.me = cycle
s.add(cycle)
del cycle
print(len(s))
gc.collect()
print(len(s), names(s))

# Algebra, with sets and with whatever can be iterated.
left, right = weakref.WeakSet([a, b, c]), weakref.WeakSet([b, c, d])
print(names(left | right), names(left & right), names(left - right), names(left ^ right))
print(names(left | [d]), names(left & {a, d}), names(left - (a,)), names(left ^ [d, a]))
print(names(left.union([d])), names(left.intersection([a])), names(left.difference([a])), names(left.symmetric_difference([a])))
print(type(left | right) is weakref.WeakSet, left.isdisjoint([d]), left.isdisjoint(right))
both = left.copy()
both |= right
print(names(both), names(left))
both &= left
print(names(both))
both -= [a]
print(names(both))
both ^= [a, b]
print(names(both))
both.update([d])
both.difference_update([a])
both.intersection_update([c, d])
both.symmetric_difference_update([c, b])
print(names(both))
both.clear()
print(len(both), bool(both), bool(left))

# Comparisons.
print(left == weakref.WeakSet([c, b, a]), left == right, left != right, left == {a, b, c}, left == 5)
small = weakref.WeakSet([a])
print(small <= left, small < left, left >= small, left > small, left <= left, left < left)
print(small.issubset([a, b]), left.issuperset([a, b]), left.issuperset([d]))
print(attempt(hash, left))

# pop
popped = []
while left:
    popped.append(left.pop())
print(names(popped), attempt(left.pop))
try:
    left.pop()
except KeyError as error:
    print(error)
print(len(list(weakref.WeakSet())), weakref.WeakSet() == weakref.WeakSet(()))

# Members may die while they are iterated over.
nodes = [Node(str(number)) for number in range(10)]
s = weakref.WeakSet(nodes)
seen = []
for node in s:
    seen.append(node.name)
    nodes.clear()
print(len(seen), len(s))
del node
print(len(s))


# A subclass.
class Group(weakref.WeakSet):
    def first(self):
        return min(member.name for member in self)


g = Group([b, a])
print(g.first(), len(g), isinstance(g, weakref.WeakSet))
del a, popped
print(g.first())


# Members are compared by equality.
class Equal:
    def __init__(self, value, name):
        self.value, self.name = value, name

    def __eq__(self, other):
        return self.value == other.value

    def __hash__(self):
        return self.value


one, two = Equal(1, "one"), Equal(1, "two")
s = weakref.WeakSet([one])
s.add(two)
print(names(s), two in s, len(s))
s.remove(two)
print(len(s))


class Hostile:
    mode = None

    def __hash__(self):
        if Hostile.mode == "hash":
            raise ValueError("hash")
        return 1

    def __eq__(self, other):
        if Hostile.mode == "raise":
            raise ValueError("eq")
        if Hostile.mode == "kill":
            members.clear()
            gc.collect()
        return self is other


for mode in ("hash", "raise", "kill"):
    for operation in ("add", "discard", "remove", "__contains__"):
        Hostile.mode = None
        members = [Hostile() for number in range(4)]
        s = weakref.WeakSet(members)
        probe = Hostile()
        Hostile.mode = mode
        result = attempt(getattr(s, operation), probe)
        Hostile.mode = None
        print(mode, operation, result, len(s))
