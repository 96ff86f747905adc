# Ordinary code leaves no cyclic trash behind.
import gc


class Thing:
    def __init__(self, value):
        self.value = value

    def double(self):
        return Thing(self.value * 2)


def work(n, *rest, **named):
    total = 0
    for i in range(n):
        t = Thing(i).double()
        total += t.value
    try:
        raise ValueError(total)
    except ValueError as e:
        caught = e
        del caught
    try:
        try:
            {}["missing"]
        except KeyError:
            raise TypeError("again")
    except TypeError:
        pass
    try:
        total += 1
    finally:
        total -= 1
    return [x for x in [total] if x], {k: v for k, v in named.items()}


gc.collect()
gc.disable()
for round in range(3):
    work(10, 1, 2, a=3)
    print(round, gc.collect())
sorted([3, 1, 2], key=lambda x: -x)
list(map(lambda x: x + 1, range(3)))
"{} {}".format(1, 2)
f"{1 + 1} {'x':>4}"
print(gc.collect())
