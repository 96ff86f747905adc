# A proxy has no hash, whether its object has one or not.
import weakref


class Hashable:
    def __hash__(self):
        return 42


class Unhashable:
    __hash__ = None


for o in [Hashable(), Unhashable()]:
    try:
        hash(weakref.proxy(o))
    except TypeError:
        print("TypeError")
