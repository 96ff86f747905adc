# Operations on a proxy are operations on the object.
import weakref


class C:
    pass


class UserList:
    def __init__(self, data=()):
        self.data = list(data)

    def __len__(self):
        return len(self.data)

    def __contains__(self, item):
        return item in self.data

    def __getitem__(self, index):
        return self.data[index]

    def __setitem__(self, index, value):
        self.data[index] = value

    def __eq__(self, other):
        return self.data == other.data

    def append(self, item):
        self.data.append(item)


def check_attributes(o, proxy):
    o.foo = 1
    print(proxy.foo, end=" ")
    o.foo = 2
    print(proxy.foo, end=" ")
    del o.foo
    print(hasattr(proxy, "foo"), end=" ")
    proxy.foo = 1
    print(o.foo, end=" ")
    proxy.foo = 2
    print(o.foo, end=" ")
    del proxy.foo
    print(hasattr(o, "foo"))


o = C()
check_attributes(o, weakref.proxy(o))
l = UserList()
p = weakref.proxy(l)
print(bool(p))
p.append(12)
print(len(l), bool(p))
p[:] = [2, 3]
print(len(l), len(p), 3 in p, 4 in p)
p[1] = 5
print(l[1], p[1])
l2 = UserList(l.data)
p2 = weakref.proxy(l2)
print(p == p2, p == l2, p != p2)
l3 = UserList(range(10))
p3 = weakref.proxy(l3)
print(l3[:] == p3[:], l3[5:] == p3[5:], l3[:5] == p3[:5], p3[2:5])
