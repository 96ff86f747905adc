# minipy --memory-limit 2M
# What grows too large is a MemoryError, which can be caught; afterwards the memory is back.
import gc


class Node:
    pass


def attempt(function):
    try:
        function()
        print(function.__name__, "no error")
    except MemoryError as error:
        print(function.__name__, repr(error), [str(error)], error.args)


def grow_list():
    things = []
    while True:
        things.append(things)


def grow_tuple():
    things = ()
    while True:
        things = (things, things)


def grow_dict():
    table = {}
    for number in range(10**9):
        table[number] = number


def grow_set():
    numbers = set()
    for number in range(10**9):
        numbers.add(number)


def grow_text():
    text = "text"
    while True:
        text += text


def grow_bytes():
    content = b"bytes"
    while True:
        content += content


def grow_integer():
    number = 3
    while True:
        number <<= number.bit_length()


def many_integers():
    return [2**200 + number for number in range(10**9)]


def linked():
    first = None
    while True:
        node = Node()
        node.next, node.value = first, 1.5
        first = node


def in_cycles():
    nodes = []
    while True:
        node = Node()
        node.me = node
        nodes.append(node)


def attributes():
    nodes = []
    while True:
        node = Node()
        for number in range(50):
            setattr(node, "attribute%d" % number, number)
        nodes.append(node)


def functions():
    made = []
    while True:
        made.append(lambda: made)


def generator():
    yield 1


def generators():
    running = []
    while True:
        one = generator()
        next(one)
        running.append(one)


def exceptions():
    raised = []

    def fail(depth):
        if depth:
            fail(depth - 1)
        raise ValueError(depth)

    while True:
        try:
            fail(20)
        except ValueError as error:
            raised.append(error)


def classes():
    made = []
    while True:
        made.append(type("Made", (Node,), {"made": made}))


def from_range():
    return list(range(10**9))


def from_generator():
    return tuple(number for number in range(10**9))


def repeated():
    return [0] * 10**9


def repeated_text():
    return "text" * 10**9


def shifted():
    return 1 << 10**10


def power():
    return 10 ** 10**9


def zeros():
    return bytes(10**10)


def wide():
    return "{:>1000000000}".format(1)


def wide_too():
    return "%1000000000d" % 1


def precise():
    return f"{1.5:.1000000000f}"


def replaced():
    return ("a" * 10**5).replace("a", "b" * 10**5)


def joined():
    return ("b" * 10**5).join(["a"] * 10**5)


def split():
    return ("a " * 10**6).split()


def printed():
    return repr([["text" * 100] * 1000] * 1000)


def sorted_copy():
    return sorted(list(range(500000)), key=lambda number: [number])


def chained():
    text = "text"
    for step in range(100):
        text = text.center(len(text) * 2)


FUNCTIONS = [
    grow_list, grow_tuple, grow_dict, grow_set, grow_text, grow_bytes, grow_integer, many_integers, linked, in_cycles,
    attributes, functions, generators, exceptions, classes, from_range, from_generator, repeated, repeated_text, shifted,
    power, zeros, wide, wide_too, precise, replaced, joined, split, printed, sorted_copy, chained,
]
for function in FUNCTIONS:
    attempt(function)

# The memory is back.
gc.collect()
for round in range(20):
    things = [Node() for number in range(2000)]
    text = "x" * 100000
print(len(things), len(text))

# Garbage that nobody has collected is no reason for an error.
gc.disable()
for round in range(20000):
    node = Node()
    node.me, node.text = node, "%d" % round
print("done")
gc.enable()


# Nor does it matter where the error comes up: in a finalizer, in a callback.
class Greedy:
    def __del__(self):
        try:
            repeated()
        except MemoryError as error:
            print("in __del__:", repr(error))


greedy = Greedy()
del greedy
gc.callbacks.append(lambda phase, info: attempt(repeated_text))
gc.collect()
gc.callbacks.clear()


# The context of an error while one is handled.
try:
    try:
        grow_list()
    except MemoryError as first:
        kept = first
        raise ValueError("second")
except ValueError as second:
    print(repr(second), second.__context__ is kept)
try:
    raise MemoryError("mine", 1)
except MemoryError as error:
    print(repr(error))
