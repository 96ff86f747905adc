# Instances with an attribute that is themselves: of a class, of one that inherits from list as well; then the classes.
import gc


class A(object):
    pass


a = A()
a.a = a
gc.collect()
del a
print(gc.collect())


class B(list):
    pass


class C(B, A):
    pass


a = C()
a.a = a
gc.collect()
del a
print(gc.collect() != 0)
a = C()
a.append(a)
del a
print(gc.collect() != 0)
del B, C
print(gc.collect() != 0)
A.a = A()
del A
print(gc.collect() != 0)
print(gc.collect())
