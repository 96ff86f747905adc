import gc


class Node:
    pass


def is_among(thing, things):
    return any(other is thing for other in things)


gc.disable()
gc.collect()
# Some CPythons freeze what they start with.
gc.unfreeze()
print(gc.get_freeze_count())
node = Node()
node.me = node
print(is_among(node, gc.get_objects()))
gc.freeze()
print(gc.get_freeze_count() > 0, gc.get_count())
print(is_among(node, gc.get_objects()), [is_among(node, gc.get_objects(g)) for g in range(3)])

# What is frozen is not looked at, even when it is garbage.
alive = []


class Loud:
    def __init__(self, name):
        self.name = name
        self.me = self

    def __del__(self):
        print("del", self.name)


loud = Loud("frozen")
gc.freeze()
del loud
print(gc.collect())
Loud("not frozen")
print(gc.collect())
frozen = gc.get_freeze_count()

# It still dies by count.
node.me = None
node = None
print(gc.get_freeze_count() == frozen - 1 or gc.get_freeze_count() < frozen)

# It refers to what is younger, which stays.
box = Node()
gc.freeze()
box.item = Loud("in a frozen box")
print(gc.collect())
print(box.item.name)

# Referrers that are frozen are not found; referents are.
thing = Node()
holder = [thing]
print(is_among(holder, gc.get_referrers(thing)), is_among(thing, gc.get_referents(holder)))
gc.freeze()
print(is_among(holder, gc.get_referrers(thing)), is_among(thing, gc.get_referents(holder)))

gc.unfreeze()
print(gc.get_freeze_count())
print(is_among(holder, gc.get_referrers(thing)), is_among(holder, gc.get_objects(2)))
print(gc.collect())
del box
print(gc.collect())
