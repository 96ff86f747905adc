# Dead proxies raise ReferenceError, and their callbacks have run.
import weakref


class C:
    pass


calls = []
c = C()
c.bar = 1
a = weakref.proxy(c, calls.append)
b = weakref.proxy(c, calls.append)
print(a.bar, b.bar, len(calls))
del c
for proxy in (a, b):
    try:
        proxy.bar
    except ReferenceError as error:
        print("ReferenceError:", error)
print(len(calls), [type(call).__name__ for call in calls])
dead = weakref.proxy(C())
try:
    bool(dead)
except ReferenceError as error:
    print("ReferenceError:", error)
