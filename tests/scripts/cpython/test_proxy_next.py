import weakref


def numbers():
    for n in [4, 5, 6]:
        yield n


it = numbers()


class IteratesWeakly:
    def __iter__(self):
        return weakref.proxy(it)


print(list(IteratesWeakly()))
try:
    next(weakref.proxy(it))
except StopIteration:
    print("StopIteration")
