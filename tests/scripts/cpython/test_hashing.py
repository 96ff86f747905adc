# A reference hashes as its object, if it was asked while that lived.
import gc
import weakref


class Object:
    def __init__(self, arg):
        self.arg = arg

    def __hash__(self):
        return hash(self.arg)


x, y = Object(42), Object(42)
a, b = weakref.ref(x), weakref.ref(y)
print(hash(a) == hash(42))
del x, y
gc.collect()
print(hash(a) == hash(42))
try:
    hash(b)
except TypeError as error:
    print("TypeError:", error)
