import weakref


class Callable:
    bar = None

    def __call__(self, x):
        self.bar = x


o = Callable()
proxy = weakref.proxy(o)
print(type(proxy) is weakref.CallableProxyType, type(proxy) is weakref.ProxyType)
o.foo = 1
print(proxy.foo)
proxy.foo = 2
print(o.foo)
del proxy.foo
print(hasattr(o, "foo"))
proxy("by position")
print(o.bar)
proxy(x="by name")
print(o.bar)
for args in [(), (1, 2, 3)]:
    try:
        proxy(*args)
    except TypeError as error:
        print("TypeError", len(args))
print(o.bar)
del o
try:
    proxy(1)
except ReferenceError as error:
    print(error)
