import sys
import weakref


class Node:
    def __init__(self, name):
        self.name = name

    def hello(self):
        return "hello " + self.name

    def __del__(self):
        print("del", self.name)


n = Node("n")
m = n.hello
del n
print(m())
del m
print("gone with its method")
r = weakref.ref(Node("temp").hello)
print(r())
n = Node("listed")
calls = [n.hello, n.hello]
n = None
print([c() for c in calls])
calls.clear()
print(Node("inline").hello())
print("end")
