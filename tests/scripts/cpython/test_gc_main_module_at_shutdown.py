# A cycle that the main module still holds at the end is finalized.
class C:
    def __del__(self):
        print("__del__ called")


l = [C()]
l.append(l)
