# Each callback hears of the start and the stop of every collection.
import gc


class Node:
    pass


def callback(number):
    def called(phase, info):
        visits.append((number, phase, info["generation"], info["collected"], info["uncollectable"]))

    return called


def leak():
    n = Node()
    n.me = n


gc.disable()
visits = []
first, second = callback(1), callback(2)
gc.collect()
gc.callbacks.append(first)
gc.callbacks.append(second)
leak()
print(gc.collect())
gc.callbacks.remove(first)
for visit in visits:
    print(visit)
visits.clear()
for generation in range(3):
    leak()
    gc.collect(generation)
gc.callbacks.remove(second)
for visit in visits:
    print(visit)
visits.clear()
gc.collect()
print(visits, gc.callbacks)


def nested(phase, info):
    print(phase, gc.collect())


gc.callbacks.append(nested)
leak()
print(gc.collect())
gc.callbacks.clear()
