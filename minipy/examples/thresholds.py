# Thresholds say how often the collector runs by itself; collect() runs it now.
import gc


class Node:
    pass


def make_cycles(count):
    for _ in range(count):
        node = Node()
        node.me = node


def collections():
    return [generation["collections"] for generation in gc.get_stats()]


print("enabled:", gc.isenabled())
print("thresholds:", len(gc.get_threshold()))
saved = gc.get_threshold()

# Off: trash piles up until somebody collects.
gc.collect()
gc.disable()
before = collections()
make_cycles(3000)
print("collections while disabled:", [now - then for now, then in zip(collections(), before)])
print("found by hand:", gc.collect())

# A first threshold of 0 does the same.
gc.enable()
gc.set_threshold(0)
print("thresholds:", gc.get_threshold()[0])
before = collections()
make_cycles(3000)
print("collections at threshold 0:", [now - then for now, then in zip(collections(), before)])
print("found by hand:", gc.collect())

# Low thresholds: the young generation is collected often, the older ones now and then.
gc.set_threshold(50, 5, 5)
print("thresholds:", gc.get_threshold())
before = collections()
make_cycles(3000)
young, middle, old = [now - then for now, then in zip(collections(), before)]
print("young collections, many:", young > 20, " middle ones, fewer:", 0 < middle < young, " old ones:", old <= middle)

# One generation at a time: each counts the collections of the one below it.
gc.set_threshold(*saved)
gc.disable()
gc.collect()
print("counts of the older generations:", gc.get_count()[1:])
gc.collect(0)
gc.collect(0)
print("after two young collections:", gc.get_count()[1:])
gc.collect(1)
print("after a middle one:", gc.get_count()[1:])
gc.collect(2)
print("after a full one:", gc.get_count()[1:])
try:
    gc.collect(3)
except ValueError as error:
    print("collect(3):", error)
