# Generators: their frame lives while they do.
class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name)


def gen(n):
    local = Loud("local of generator")
    for i in range(n):
        yield i


print(list(gen(3)))
g = gen(10)
print(next(g), next(g))
del g
print("dropped half way")


def finish():
    try:
        yield 1
        yield 2
    finally:
        print("closed")


for x in finish():
    print(x)
    break
print("after break")
print(sum(x * x for x in range(5)))


def tree(n):
    if n > 0:
        yield from tree(n - 1)
        yield n


print(list(tree(4)))
