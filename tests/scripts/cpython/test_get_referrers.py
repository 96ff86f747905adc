import gc


class Node:
    pass


n = Node()
l = [n]
d = {"n": n}
t = (n, 1)
found = gc.get_referrers(n)
print([any(o is f for f in found) for o in (l, d, t, n)])
del found
other = []
print(any(o is l for o in gc.get_referrers(other, n)))
