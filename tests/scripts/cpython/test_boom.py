# Looking for garbage runs no code of the objects: __getattr__ would break the cycle.
import gc


class Boom:
    def __getattr__(self, name):
        print("asked for", name)
        del self.attr
        raise AttributeError


a, b = Boom(), Boom()
a.attr = b
b.attr = a
gc.collect()
del a, b
print(gc.collect())
