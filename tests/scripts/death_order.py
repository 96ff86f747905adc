class Loud:
    def __init__(self, name, **parts):
        self.name = name
        for key in parts:
            setattr(self, key, parts[key])

    def __del__(self):
        print("del", self.name)


tree = Loud("root", left=Loud("left", below=Loud("below")), right=Loud("right"))
del tree
print("--")
chain = None
for i in range(5):
    chain = Loud(i, next=chain)
chain = None
print("--")
d = {"x": Loud("dx"), "y": Loud("dy")}
d = None
print("--")


def f(p, q):
    r = Loud("r")
    s = Loud("s")


f(Loud("p"), Loud("q"))
print("done")
