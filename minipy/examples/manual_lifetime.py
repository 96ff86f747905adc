# A weak reference is an object itself, and its callback belongs to it. Whoever wants the callback has to keep the
# reference: if it dies before its referent, nobody is called.
import weakref


class Resource:
    def __init__(self, name):
        self.name = name


def watch(resource):
    name = resource.name

    def gone(reference):
        print("callback:", name, "is gone; the reference gives", reference())

    return weakref.ref(resource, gone)


kept = Resource("kept")
reference = watch(kept)
print("weak references to 'kept':", weakref.getweakrefcount(kept))
del kept
print("the reference now gives", reference())

dropped = Resource("dropped")
reference = watch(dropped)
print("weak references to 'dropped':", weakref.getweakrefcount(dropped))
reference = None
print("weak references without ours:", weakref.getweakrefcount(dropped))
del dropped
print("no callback ran")

# The reference's life can be managed by hand: a registry holds it until it is wanted no more.
registry = {}
first, second = Resource("first"), Resource("second")
for resource in (first, second):
    registry[resource.name] = watch(resource)
del resource
print("registered:", sorted(registry))
del registry["first"]
del first
print("'first' went quietly")
del second
print("the registry's reference gives", registry["second"]())
registry.clear()
