import gc
import weakref


class Node:
    def __init__(self, value):
        self.value = value
        self.next = None
        self._prev = None

    def prev(self):
        return self._prev() if self._prev is not None else None


class DoublyLinked:
    def __init__(self):
        self.head = None
        self.tail = None
        self.size = 0

    def append(self, value):
        node = Node(value)
        if self.head is None:
            self.head = node
        else:
            self.tail.next = node
            node._prev = weakref.ref(self.tail)
        self.tail = node
        self.size += 1

    def forwards(self):
        node = self.head
        values = []
        while node is not None:
            values.append(node.value)
            node = node.next
        return values

    def backwards(self):
        node = self.tail
        values = []
        while node is not None:
            values.append(node.value)
            node = node.prev()
        return values


gc.collect()
gc.disable()
l = DoublyLinked()
for i in range(5):
    l.append(i)
print(l.forwards(), l.backwards(), l.size)
r = weakref.ref(l.head.next)
del l
print(r(), gc.collect())
