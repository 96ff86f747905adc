# What the collector knows, by generation, and what is no generation.
import gc


def where_is(o):
    return [any(o is element for element in gc.get_objects(generation=i)) for i in range(3)]


gc.disable()
gc.collect()
l = []
l.append(l)
print(any(l is element for element in gc.get_objects()))
print(where_is(l))
for generation in range(3):
    gc.collect(generation)
    print(where_is(l))
print(len(gc.get_objects()) == len(gc.get_objects(generation=None)))
for wrong in (1000, -1000, 3, -2):
    try:
        gc.get_objects(wrong)
    except ValueError as error:
        print("ValueError:", error)
for wrong in ("1", 1.234):
    try:
        gc.get_objects(wrong)
    except TypeError:
        print("TypeError")
