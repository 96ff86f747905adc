import weakref


class C:
    pass


def shape(text):
    parts = text.split(" ")
    return " ".join("0x" if part.startswith("0x") else part for part in parts).replace("__main__.", "")


c = C()
ref = weakref.ref(c)
text = repr(ref)
print(shape(text))
print(text == "<weakref at 0x%x; to '%s' at 0x%x>" % (id(ref), "C", id(c)))
print(str(ref) == text)
c = None
print(repr(ref) == "<weakref at 0x%x; dead>" % id(ref))
