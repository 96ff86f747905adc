import weakref


class List(list):
    pass


class Never:
    def __bool__(self):
        return False


l, never = List(), Never()
p, q = weakref.proxy(l), weakref.proxy(never)
print(bool(p), bool(q), not q)
l.append(1)
print(bool(p))
