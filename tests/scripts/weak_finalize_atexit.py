import gc
import weakref


class Node:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name)


def say(text):
    print(text, gc.isenabled())


def fail():
    print("fails")
    raise ValueError("at exit")


def add():
    print("adds another")
    node = nodes[0]
    weakref.finalize(node, say, "added at exit")


nodes = [Node("a"), Node("b")]
for number in range(3):
    weakref.finalize(nodes[0], say, "a%d" % number)
    weakref.finalize(nodes[1], say, "b%d" % number)
weakref.finalize(nodes[0], fail)
weakref.finalize(nodes[1], add)
not_at_exit = weakref.finalize(nodes[0], say, "never")
not_at_exit.atexit = False
dead = Node("c")
weakref.finalize(dead, say, "c")
del dead
weakref.finalize(nodes[0], lambda: print("detached")).detach()
print("end of the program")
