# A method of an instance, stored in that instance: the method holds the instance.
import gc
import weakref


class A:
    def __init__(self):
        self.init = self.__init__


a = A()
ref = weakref.ref(a)
gc.collect()
del a
print(ref() is not None, gc.collect() != 0, ref())
