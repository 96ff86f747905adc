# The order in which the items of lists and tuples go.
class Loud:
    def __init__(self, name, **parts):
        self.name = name
        for key in parts:
            setattr(self, key, parts[key])

    def __del__(self):
        print("del", self.name)


pair = (Loud("a"), Loud("b"))
pair = None
print("--")
nested = [[Loud(1), Loud(2)], [Loud(3)], Loud(4)]
nested = None
print("done")
