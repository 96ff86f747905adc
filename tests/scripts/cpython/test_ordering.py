# References have no order, even if their objects have one.
import weakref


class Object:
    def __init__(self, arg):
        self.arg = arg

    def __lt__(self, other):
        return self.arg < other.arg

    def __le__(self, other):
        return self.arg <= other.arg


def check(a, b):
    refused = 0
    for compare in (lambda: a < b, lambda: a > b, lambda: a <= b, lambda: a >= b):
        try:
            compare()
        except TypeError:
            refused += 1
    print("refused:", refused)


x, y = Object(1), Object(1)
a, b = weakref.ref(x), weakref.ref(y)
check(a, b)
del x, y
check(a, b)
