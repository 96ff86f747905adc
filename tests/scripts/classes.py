class Vector:
    count = 0

    def __init__(self, x, y):
        self.x, self.y = x, y
        Vector.count += 1

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __eq__(self, other):
        return isinstance(other, Vector) and (self.x, self.y) == (other.x, other.y)

    def __hash__(self):
        return hash((self.x, self.y))

    def __repr__(self):
        return f"Vector({self.x!r}, {self.y!r})"

    def __lt__(self, other):
        return (self.x, self.y) < (other.x, other.y)

    def __bool__(self):
        return self.x != 0 or self.y != 0

    def __len__(self):
        return 2

    def __getitem__(self, i):
        return (self.x, self.y)[i]

    def __iter__(self):
        return iter((self.x, self.y))

    def __contains__(self, v):
        return v == self.x or v == self.y

    def __call__(self, k):
        return Vector(self.x * k, self.y * k)


a, b = Vector(1, 2), Vector(3, 4)
print(a + b, a == Vector(1, 2), a != b, sorted([b, a]))
print(len(a), a[1], list(a), 2 in a, bool(Vector(0, 0)), a(3))
print({a: "a"}[Vector(1, 2)], len({a, Vector(1, 2), b}))
print(Vector.count)
x, y = b
print(x, y, str(a), "%s %r" % (a, b))


class Animal:
    legs = 4

    def __init__(self, name):
        self.name = name

    def speak(self):
        return self.name + " says " + self.sound()

    def sound(self):
        return "nothing"


class Dog(Animal):
    def sound(self):
        return "woof"


class Bird(Animal):
    legs = 2

    def __init__(self, name):
        super().__init__(name + " the bird")

    def sound(self):
        return "tweet"


class Griffin(Bird, Dog):
    def sound(self):
        return super().sound() + "/" + Dog.sound(self)


for animal in [Animal("it"), Dog("rex"), Bird("tweety"), Griffin("g")]:
    print(animal.speak(), animal.legs, type(animal).__name__, isinstance(animal, Dog))
print(issubclass(Griffin, Animal), hasattr(Dog("x"), "sound"), getattr(Dog("x"), "none", "default"))
d = Dog("d")
d.legs = 3
print(d.legs, Dog.legs)
del d.legs
print(d.legs)
speak = d.speak
print(speak(), d.speak == d.speak)
setattr(d, "name", "renamed")
print(speak())


class Fallback:
    def __getattr__(self, name):
        if name == "missing":
            raise AttributeError(name)
        return "fallback " + name


f = Fallback()
f.real = 1
print(f.real, f.other, hasattr(f, "missing"))


class Iter:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        return self.n


print(list(Iter(4)), sum(Iter(5)), max(Iter(3)))
