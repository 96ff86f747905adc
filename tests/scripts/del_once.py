import gc


class Once:
    count = 0

    def __del__(self):
        Once.count += 1
        self.me = self


x = Once()
del x
print(Once.count)
gc.collect()
print(Once.count)
gc.collect()
print(Once.count)
for i in range(10):
    Once()
print(Once.count)
gc.collect()
print(Once.count)


class Base:
    def __del__(self):
        print("base", type(self).__name__)


class Derived(Base):
    pass


class Override(Base):
    def __del__(self):
        print("override")
        super().__del__()


Derived()
Override()
