import gc

saved = []


class Lazarus:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name)
        saved.append(self)


x = Lazarus("by count")
del x
print(len(saved), saved[0].name)
print(gc.is_finalized(saved[0]))
saved.clear()
print("gone without a second call")

x = Lazarus("by collection")
x.me = x
x.cargo = Lazarus("cargo")
x.cargo.back = x
del x
print(gc.collect())
print(sorted(s.name for s in saved))
print(saved[0].me is saved[0] if saved[0].name == "by collection" else saved[1].me is saved[1])
saved.clear()
print(gc.collect())
print("end", len(saved))
