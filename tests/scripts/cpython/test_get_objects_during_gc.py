# A finalizer finds its object neither among all objects nor among those that refer to it.
import gc


class Looks:
    def __del__(self):
        for found in (gc.get_objects(), gc.get_referrers(self)):
            print(len([1 for o in found if type(o) is Looks]))


obj = Looks()
obj.cycle = obj
del obj
print(gc.collect())
