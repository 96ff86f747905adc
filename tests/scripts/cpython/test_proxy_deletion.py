import weakref


class Foo:
    result = None

    def __delitem__(self, key):
        self.result = key


g = Foo()
f = weakref.proxy(g)
del f[0]
print(f.result, g.result)
del g
try:
    del f[0]
except ReferenceError as error:
    print(error)
