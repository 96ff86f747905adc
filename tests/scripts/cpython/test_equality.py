# While both live, references compare as their objects do; after that by identity.
import gc
import weakref


class Object:
    def __init__(self, arg):
        self.arg = arg

    def __eq__(self, other):
        if isinstance(other, Object):
            return self.arg == other.arg
        return NotImplemented

    def __hash__(self):
        return hash(self.arg)


class AlwaysEqual:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False


x, y, z = Object(1), Object(1), Object(2)
a, b, c, d = weakref.ref(x), weakref.ref(y), weakref.ref(z), weakref.ref(x)
print(a == b, a != b, a == c, a != c, a == d, a != d)
print(a == x, a != x, a == AlwaysEqual(), a != AlwaysEqual())
del x, y, z
gc.collect()
print([r() for r in (a, b, c)])
print(a == b, a != b, a == c, a != c, (a == d) == (a is d), (a != d) == (a is not d))
x = Object(1)
e = weakref.ref(x)
print(a == e, e == a)
