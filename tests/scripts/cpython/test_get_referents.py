import gc

print(sorted(gc.get_referents([1, 3, 5])))
print(sorted(gc.get_referents((1, 3, 5))))
print(sorted(gc.get_referents({1: 3, 5: 7})))
print(sorted(gc.get_referents([1, 2], {3: 4}, (0, 0, 0))))
print(gc.get_referents(1, "a", 4.0), gc.get_referents())
