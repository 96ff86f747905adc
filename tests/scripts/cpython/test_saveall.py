# With DEBUG_SAVEALL garbage is listed and not freed.
import gc


class Node:
    def __init__(self, name):
        self.name = name
        self.me = self


gc.collect()
print(gc.garbage)
debug = gc.get_debug()
gc.set_debug(debug | gc.DEBUG_SAVEALL)
n = Node("saved")
i = id(n)
del n
gc.collect()
gc.set_debug(debug)
found = [o for o in gc.garbage if isinstance(o, Node)]
print(len(found), id(found[0]) == i, found[0].name, found[0].me is found[0])
print(debug, gc.DEBUG_STATS, gc.DEBUG_COLLECTABLE, gc.DEBUG_UNCOLLECTABLE, gc.DEBUG_SAVEALL, gc.DEBUG_LEAK)
found.clear()
gc.garbage.clear()
print(gc.collect() > 0, gc.garbage)
