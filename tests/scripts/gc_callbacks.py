import gc
import sys

log = []


def first(phase, info):
    log.append(("first", phase, info["generation"], info["collected"], info["uncollectable"]))
    info["seen"] = True


def second(phase, info):
    log.append(("second", phase, info["seen"]))


def show():
    for entry in log:
        print(*entry)
    log.clear()


gc.disable()
gc.collect()
print(gc.callbacks)
gc.callbacks.append(first)
gc.callbacks.append(second)
for generation in range(3):
    print(gc.collect(generation))
    show()

# What was collected is told at the end.
class Node:
    pass


def ring():
    a, b = Node(), Node()
    a.other, b.other = b, a


ring()
print(gc.collect())
show()

# No collection starts while one is told of.
def nested(phase, info):
    log.append(("nested", phase, gc.collect()))


gc.callbacks[:] = [nested]
ring()
print(gc.collect())
show()

# The list is alive: one that is added while they are called is called, too.
def adds(phase, info):
    log.append(("adds", phase))
    if phase == "start":
        gc.callbacks.append(first)


gc.callbacks[:] = [adds]
gc.collect(0)
show()


def removes(phase, info):
    log.append(("removes", phase))
    if removes in gc.callbacks:
        gc.callbacks.remove(removes)


gc.callbacks[:] = [removes, first, first]
gc.collect(1)
show()

# An error has nobody to be raised to; the others are called all the same.
errors = []


def hook(unraisable):
    errors.append((unraisable.exc_type.__name__, str(unraisable.exc_value)))


def bad(phase, info):
    raise ValueError("bad " + phase)


sys.unraisablehook = hook
gc.callbacks[:] = [bad, first, "not callable"]
print(gc.collect(0))
show()
for error in errors:
    print(*error)
sys.unraisablehook = sys.__unraisablehook__

# The counts are reset after the start, and the statistics are there at the end.
def counts(phase, info):
    log.append((phase, gc.get_count()[1:]))


gc.callbacks[:] = []
gc.collect()
gc.callbacks.append(counts)
gc.collect(0)
gc.collect(1)
show()
before = gc.get_stats()[2]["collections"]
gc.callbacks[:] = [lambda phase, info: log.append((phase, gc.get_stats()[2]["collections"] - before))]
gc.collect()
show()

# They hear of automatic collections.
gc.callbacks[:] = [lambda phase, info: log.append((phase, info["generation"]))]
gc.set_threshold(50, 1, 1)
gc.enable()
keep = [[] for i in range(60)]
gc.disable()
print(("start", 0) in log, ("stop", 0) in log)
log.clear()


# And of the one at the end of the program.
def at_end(phase, info):
    print("at the end:", phase, info["generation"])


gc.callbacks[:] = [at_end]
gc.enable()
gc.set_threshold(1000000)
