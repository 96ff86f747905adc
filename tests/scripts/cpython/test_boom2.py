# The same with a __getattr__ that breaks the cycle only when it is called for the second time.
import gc


class Boom2:
    def __init__(self):
        self.x = 0

    def __getattr__(self, name):
        print("asked for", name)
        self.x += 1
        if self.x > 1:
            del self.attr
        raise AttributeError


a, b = Boom2(), Boom2()
a.attr = b
b.attr = a
gc.collect()
del a, b
print(gc.collect())
