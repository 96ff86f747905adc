class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name)


class Problem(Exception):
    pass


class Worse(Problem):
    def __init__(self, code):
        super().__init__("code %d" % code)
        self.code = code


def f(kind):
    local = Loud("local of f")
    if kind == 0:
        raise Problem("plain")
    if kind == 1:
        raise Worse(7)
    if kind == 2:
        return [][1]
    if kind == 3:
        return {}["k"]
    if kind == 4:
        return 1 // 0
    return "fine"


for kind in range(6):
    try:
        print(f(kind))
    except Worse as e:
        print("worse", e, e.code)
    except Problem as e:
        print("problem", e, e.args)
    except (IndexError, KeyError) as e:
        print(type(e).__name__, e)
    except ArithmeticError as e:
        print(type(e).__name__)
    else:
        print("else")
    finally:
        print("finally", kind)

try:
    e
except NameError:
    print("the name is gone")


def nested():
    try:
        try:
            raise ValueError("inner")
        finally:
            print("cleanup")
    except ValueError as e:
        raise RuntimeError("outer") from e


try:
    nested()
except RuntimeError as e:
    print(e, repr(e.__cause__))


def returns():
    for i in range(3):
        try:
            if i == 1:
                return "returned"
        finally:
            print("finally", i)


print(returns())
try:
    assert 1 == 2, "numbers"
except AssertionError as e:
    print("AssertionError", e)
try:
    raise Problem
except Problem as e:
    print(repr(e), str(e) == "")
try:
    None.x
except AttributeError as e:
    print(e)
try:
    [] + 1
except TypeError as e:
    print(e)
try:
    int("x")
except ValueError as e:
    print(e)
try:
    (lambda a: a)()
except TypeError as e:
    print("TypeError")
try:
    undefined
except NameError as e:
    print(e)
print(issubclass(KeyError, LookupError), isinstance(Worse(1), Exception))
