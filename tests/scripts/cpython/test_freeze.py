# Frozen objects are in a list of their own, which no collection looks at.
import gc


class Node:
    def __init__(self):
        self.me = self

    def __del__(self):
        print("del")


gc.collect()
n = Node()
gc.freeze()
print(gc.get_freeze_count() > 0, gc.get_count()[1:])
del n
gc.collect()
print("still there")
gc.unfreeze()
print(gc.get_freeze_count())
print(gc.collect(0), gc.collect(1))
print(gc.collect())
