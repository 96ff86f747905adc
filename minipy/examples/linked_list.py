# A doubly linked list. Links forward own their node; links back are weak. So the list has no cycles: every node dies the
# moment the last strong reference to it goes, and the collector finds nothing to do.
import gc
import sys
import weakref


class Node:
    def __init__(self, value):
        self.value = value
        self.next = None
        self._previous = None

    @property
    def previous(self):
        return self._previous() if self._previous is not None else None

    def __del__(self):
        print("node", self.value, "is gone")


class LinkedList:
    def __init__(self, values=()):
        self.head = self.tail = None
        for value in values:
            self.append(value)

    def append(self, value):
        node = Node(value)
        if self.tail is None:
            self.head = node
        else:
            node._previous = weakref.ref(self.tail)
            self.tail.next = node
        self.tail = node

    def remove(self, node):
        before, after = node.previous, node.next
        if before is None:
            self.head = after
        else:
            before.next = after
        if after is None:
            self.tail = before
        else:
            after._previous = weakref.ref(before) if before is not None else None
        node.next = None

    def __iter__(self):
        node = self.head
        while node is not None:
            yield node
            node = node.next

    def backwards(self):
        node = self.tail
        while node is not None:
            yield node
            node = node.previous


gc.collect()
gc.disable()
numbers = LinkedList(range(5))
print("forwards ", [node.value for node in numbers])
print("backwards", [node.value for node in numbers.backwards()])

second = numbers.head.next
print("references to the second node:", sys.getrefcount(second) - 1)
print("weak references to it:", weakref.getweakrefcount(second))

numbers.remove(second)
print("references to it when removed:", sys.getrefcount(second) - 1)
print("weak references to it when removed:", weakref.getweakrefcount(second))
del second

print("before the head goes:", [node.value for node in numbers])
numbers.head = numbers.head.next
print("the new head's previous node:", numbers.head.previous)

del numbers
print("garbage that the collector found:", gc.collect())
