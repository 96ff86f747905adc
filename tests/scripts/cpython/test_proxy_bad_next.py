import weakref


def not_an_iterator():
    return 0


class A:
    def __iter__(self):
        return weakref.proxy(not_an_iterator)


try:
    list(A())
except TypeError as error:
    print(error)
