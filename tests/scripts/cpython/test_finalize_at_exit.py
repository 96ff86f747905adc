# At the end: the newest first; one made meanwhile is the next; an error is reported and does not stop the rest.
from weakref import finalize


class A:
    pass


def error():
    finalize(A, print, "g1")
    print("f3 error")
    1 / 0


f1 = finalize(A, print, "f1")
f2 = finalize(A, print, "f2")
f3 = finalize(A, error)
f4 = finalize(A, print, "f4")
f2.atexit = False
print(f1.atexit, f2.atexit)
