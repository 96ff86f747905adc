import weakref


class F(float):
    pass


f = F(2.0)
p = weakref.proxy(f)
print(p + 1.0, 1.0 + p, p * p, -p, p < 3.0, 3.0 > p)
