class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name)


def scope():
    x = Loud("local")
    print("in scope")


scope()
print("after scope")

a = Loud("first")
a = Loud("second")
print("rebound")
del a
print("deleted")

Loud("temporary")
print("after temporary")


def early():
    x = Loud("returned early")
    return 1
    print("never")


print(early())
items = [Loud("item %d" % i) for i in range(3)]
items[1] = None
print("item replaced")
items.pop()
print("item popped")
items.clear()
print("list cleared")
d = {"k": Loud("value")}
d["k"] = Loud("new value")
del d["k"]
print("dict done")
x, y = Loud("x"), Loud("y")
x, y = y, x
print("swapped", x.name, y.name)
del x
print("x gone")
del y


def raises():
    local = Loud("in a frame that raises")
    raise ValueError("no")


try:
    raises()
except ValueError as error:
    print("caught", error)
print("after the handler")
for i in range(2):
    Loud("loop %d" % i)
z = Loud("conditional") if True else None
z = None
print("end")
