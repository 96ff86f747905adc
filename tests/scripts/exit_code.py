import sys


class Loud:
    def __del__(self):
        print("del at exit")


keep = Loud()
try:
    sys.exit(3)
finally:
    print("finally")
