import gc


def after(generation):
    gc.collect(generation)
    return gc.get_count()[1:]


gc.disable()
gc.collect()
print(gc.get_count())
print(after(0), after(0), after(1), after(1), after(0), after(2))


class Node:
    pass


def ring():
    a, b = Node(), Node()
    a.other, b.other = b, a
    return a


for age in range(3):
    keep = ring()
    for g in range(age):
        gc.collect(g)
    keep = None
    print(age, [gc.collect(g) for g in range(3)])
gc.collect()
before = gc.get_count()[0]
many = [Node() for i in range(200)]
print(gc.get_count()[0] - before >= 200)
del many
print(gc.get_count()[0] < 100)
stats = gc.get_stats()
gc.collect(1)
new = gc.get_stats()
print([new[i]["collections"] - stats[i]["collections"] for i in range(3)])
ring()
stats = gc.get_stats()
gc.collect()
new = gc.get_stats()
print([new[i]["collected"] - stats[i]["collected"] for i in range(3)])
