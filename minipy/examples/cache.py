"""A cache that holds nothing: values stay as long as somebody uses them."""
import weakref


class Picture:
    def __init__(self, name):
        print("loading", name)
        self.name = name


class Pictures:
    def __init__(self):
        self.loaded = weakref.WeakValueDictionary()
        # What is known about a picture goes with it, even if it refers to it.
        self.notes = weakref.WeakKeyDictionary()

    def get(self, name):
        picture = self.loaded.get(name)
        if picture is None:
            picture = self.loaded[name] = Picture(name)
            self.notes[picture] = []
            weakref.finalize(picture, print, "closing", name)
        return picture


pictures = Pictures()
one, two = pictures.get("sea"), pictures.get("sea")
print(one is two, list(pictures.loaded))
pictures.notes[one].append("blue")
other = pictures.get("forest")
print(sorted(pictures.loaded), len(pictures.notes))
del one
print(sorted(pictures.loaded), pictures.notes[two])
del two
print(sorted(pictures.loaded), len(pictures.notes))
pictures.get("sea")
print("the rest is closed at the end")
