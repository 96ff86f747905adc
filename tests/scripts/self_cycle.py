import gc


class Node:
    def __del__(self):
        print("del")


gc.collect()
gc.disable()
n = Node()
n.me = n
del n
print("not yet")
print(gc.collect())
print(gc.collect())
l = []
l.append(l)
del l
print("list", gc.collect())
d = {}
d["d"] = d
del d
print("dict", gc.collect())
t = ([],)
t[0].append(t)
del t
print("tuple", gc.collect())
