# An exception on its way is the same after a callback ran.
import weakref


class BogusError(Exception):
    pass


data = {}


def remove(ref):
    del data[ref]


def encapsulate():
    f = lambda: ()
    ref = weakref.ref(f, remove)
    hash(ref)
    data[ref] = None
    raise BogusError("mine")


for i in range(2):
    try:
        encapsulate()
    except BogusError as error:
        print("caught", error)
    print(len(data))
