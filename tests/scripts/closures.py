class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name)


def make(name):
    kept = Loud(name)
    other = Loud("not kept by " + name)

    def inner():
        return kept.name

    return inner


f = make("f")
print(f())
g = make("g")
f = g
print("rebound", f())
del f, g
print("closures gone")


def counter():
    count = 0

    def up():
        nonlocal count
        count += 1
        return count

    def get():
        return count

    return up, get


up, get = counter()
up()
up()
print(get(), counter()[1]())
functions = [lambda i=i: i * i for i in range(4)]
print([f() for f in functions])
late = [lambda: i for i in range(4)]
print([f() for f in late])


def decorate(f):
    resource = Loud("decorator")

    def wrapped(*args, **kwargs):
        return resource.name, f(*args, **kwargs)

    return wrapped


@decorate
def add(a, b=2):
    return a + b


print(add(1), add(1, b=5))
del add


def rebinding():
    x = Loud("x1")

    def see():
        return x.name

    x = Loud("x2")
    print(see())
    x = None
    print("cleared")


rebinding()
total = 0


def use_global():
    global total
    total += 5


use_global()
print(total)
