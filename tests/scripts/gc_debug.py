import gc

print(gc.DEBUG_STATS, gc.DEBUG_COLLECTABLE, gc.DEBUG_UNCOLLECTABLE, gc.DEBUG_SAVEALL, gc.DEBUG_LEAK)
print(gc.get_debug())
gc.disable()
gc.collect()
for flags in (gc.DEBUG_STATS, gc.DEBUG_LEAK, 1 << 20, -1, True, 0):
    print(gc.set_debug(flags), gc.get_debug())
for bad in ("1", 1.5, None, 2**31, -(2**31) - 1, 2**70):
    try:
        gc.set_debug(bad)
    except (TypeError, OverflowError) as error:
        print(type(error).__name__)
print(gc.get_debug())


class Node:
    def __del__(self):
        print("del")


def trash():
    node = Node()
    node.me = node
    things = [node]
    things.append(things)


# What is told goes to standard error.
gc.set_debug(gc.DEBUG_STATS | gc.DEBUG_COLLECTABLE | gc.DEBUG_UNCOLLECTABLE)
trash()
print(gc.collect(), gc.garbage)
gc.set_debug(0)
trash()
print(gc.collect(), gc.garbage)
