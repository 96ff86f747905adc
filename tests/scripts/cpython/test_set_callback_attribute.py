import weakref


class Object:
    pass


def called(ref):
    print("called", ref())


x = Object()
ref = weakref.ref(x, called)
try:
    ref.__callback__ = lambda ref: None
except AttributeError:
    print("AttributeError")
print(ref.__callback__ is called)
del x
