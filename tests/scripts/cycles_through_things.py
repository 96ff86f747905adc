import gc


class Box:
    def method(self):
        pass


gc.collect()
gc.disable()
b = Box()
b.m = b.method
del b
print("bound method", gc.collect())

b = Box()
b.d = {"b": b}
del b
print("dict", gc.collect())

b = Box()
b.l = [b, [b, (b,)]]
del b
print("nested lists", gc.collect())

b = Box()
b.s = {b}
del b
print("set", gc.collect())


def closure():
    x = Box()

    def f():
        return x

    x.f = f


closure()
print("closure", gc.collect() > 0)


def recursive():
    def f(n):
        return 1 if n == 0 else n * f(n - 1)

    return f(5)


print(recursive())
print("recursive inner function", gc.collect() > 0)


def no_cycle():
    x = Box()
    return (lambda: x)()


no_cycle()
print("nothing", gc.collect())
