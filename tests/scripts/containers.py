l = [5, 3, 8, 1]
l.append(2)
l.sort()
print(l, l[1:3], l[::-1], l[-1], l[:2] + l[3:])
l.reverse()
l.extend((9, 9))
l.insert(1, "x")
print(l, l.index(8), l.count(9), len(l))
l.remove("x")
del l[0], l[-2:]
l[1:2] = ["a", "b", "c"]
print(l, "a" in l, l == list(l), l is l)
print([0] * 3, [1, 2] < [1, 3], [[]] * 2)
t = (1, "two", 3.0)
print(t, t[0], len(t), t + (4,), (1,), ())
a, *rest = [1, 2, 3]
print(a, rest)
d = {"one": 1, "two": 2}
d["three"] = 3
print(d, len(d), "one" in d, d.get("four"), d.get("four", 4))
print(list(d), list(d.values()), list(d.items()))
for k, v in d.items():
    print(k, v, end="; ")
print()
d.update({"two": 22})
print(d.pop("one"), d.setdefault("five", 5), d)
del d["two"]
print(d == {"three": 3, "five": 5}, {1: 2, "k": [3]})
s = {3, 1, 2, 3}
s.add(4)
s.discard(1)
print(sorted(s), 2 in s, len(s), sorted(s | {9}), sorted(s & {2, 3}), sorted(s - {4}))
print(set(), {1}, frozenset() == set())
print([x * x for x in range(5) if x % 2 == 0], {x: -x for x in range(3)}, sorted({x % 3 for x in range(9)}))
print([(x, y) for x in range(2) for y in "ab"], sum(x for x in range(10)))
print(list(zip([1, 2, 3], "abc")), list(enumerate("xy", 1)), list(map(str, [1, 2])), list(filter(None, [0, 1, 2])))
print(any([0, 1]), all([1, 0]), min(3, 1, 2), max([4, 7, 5]), sorted("hello"), sum([1, 2], 10))
print("a,b,c".split(","), "-".join(["x", "y"]), " pad ".strip(), "abc".upper(), "hello".replace("l", "L"))
print("abc"[1], "abc"[::-1], "ab" * 3, "b" in "abc", "abc".startswith("ab"), "x=%d y=%s" % (3, "z"), len("héllo"))
big = 2 ** 100
print(big, big // 3, -7 // 2, -7 % 3, 7 / 2, 2 ** -1, 10 ** 20 % 97, 1 << 70, ~5, 6 & 3, 6 | 3, 6 ^ 3)
print(1 < 2 < 3, 1 < 3 < 2, 1 == 1.0, not 0, 1 and 2, 0 or "x", None is None, True + True)
print(repr("it's"), repr('say "hi"'), repr("tab\t"), [None, True, 1.5, "s"])
try:
    l[100]
except IndexError as e:
    print(e)
try:
    d["nope"]
except KeyError as e:
    print(e)
try:
    {[]: 1}
except TypeError as e:
    print(type(e).__name__)
