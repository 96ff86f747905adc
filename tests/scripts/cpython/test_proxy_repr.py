import weakref


class C:
    def __repr__(self):
        return "not asked"


c = C()
proxy = weakref.proxy(c, lambda proxy: print("called"))
text = repr(proxy)
start, end = "<weakproxy at 0x", " at 0x%x>" % id(c)
print(text.startswith(start), text.endswith(end), "to '" in text)
c = None
print(repr(proxy).startswith(start), repr(proxy).endswith("; dead>"))
