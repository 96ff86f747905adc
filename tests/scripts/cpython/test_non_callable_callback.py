# What cannot be called is refused as a callback (3.15).
import weakref


class C:
    pass


c = C()
for wrong in (1, "text", []):
    try:
        weakref.ref(c, wrong)
    except TypeError as error:
        print(error)
