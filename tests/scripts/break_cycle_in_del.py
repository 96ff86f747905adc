import gc


class Suicidal:
    log = []

    def __init__(self, name):
        self.name = name

    def __del__(self):
        Suicidal.log.append(self.name)
        self.next = None


gc.collect()
gc.disable()
nodes = [Suicidal(i) for i in range(6)]
for i in range(6):
    nodes[i].next = nodes[(i + 1) % 6]
del nodes
gc.collect()
print(sorted(Suicidal.log))
print(gc.collect())
