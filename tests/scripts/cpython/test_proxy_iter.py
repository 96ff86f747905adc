# The object lives for as long as an operation on its proxy lasts.
import weakref

obj = None


class MyObj:
    def __iter__(self):
        global obj
        del obj
        print("alive:", ref() is self)
        return NotImplemented

    def __del__(self):
        print("died")


obj = MyObj()
ref = weakref.ref(obj)
p = weakref.proxy(obj)
try:
    "blech" in p
except TypeError:
    print("TypeError")
print(ref())
