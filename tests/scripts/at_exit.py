# What is alive at the end is finalized.
import gc


class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name)


a = Loud("global a")
gc.disable()
c = Loud("in a cycle")
c.me = c
del c
print("end of the program")
