print("before")


def f(x):
    return g(x) + 1


def g(x):
    return {1: 10, 2: 5}[x]


print(f(2))
print(f(0))
print("never")
