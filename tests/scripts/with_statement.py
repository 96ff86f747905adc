class Manager:
    def __init__(self, name, swallow=False):
        self.name = name
        self.swallow = swallow

    def __enter__(self):
        print("enter", self.name)
        return self

    def __exit__(self, kind, value, traceback):
        print("exit", self.name, kind.__name__ if kind else None, value)
        return self.swallow

    def __del__(self):
        print("del", self.name)


with Manager("plain") as m:
    print("body", m.name)
del m
with Manager("swallows", True):
    raise ValueError("swallowed")
try:
    with Manager("passes on"):
        raise KeyError("passed")
except KeyError as e:
    print("caught", e)
with Manager("a") as a, Manager("b") as b:
    print("both")
del a, b


def early():
    with Manager("early"):
        return "value"


print(early())
for i in range(3):
    with Manager("loop %d" % i):
        if i == 0:
            continue
        break
