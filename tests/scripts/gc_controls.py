import gc

print(gc.isenabled())
gc.disable()
print(gc.isenabled())
gc.enable()
print(gc.isenabled())
old = gc.get_threshold()
print(len(old), old[1:])
gc.set_threshold(500)
print(gc.get_threshold())
gc.set_threshold(100, 5)
print(gc.get_threshold())
gc.set_threshold(7, 8, 9)
print(gc.get_threshold())
for bad in [3, -1, 100]:
    try:
        gc.collect(bad)
    except ValueError as e:
        print("ValueError:", e)
try:
    gc.collect("0")
except TypeError:
    print("TypeError")
print(gc.is_tracked(1), gc.is_tracked("a"), gc.is_tracked(1.5), gc.is_tracked(None))
print(gc.is_tracked([]), gc.is_tracked({1}))


class Node:
    pass


n = Node()
print(gc.is_tracked(n), gc.is_tracked(Node), gc.is_finalized(n))
print(gc.collect(generation=0) >= 0)
