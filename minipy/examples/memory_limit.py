# minipy --memory-limit 8M
"""A program that takes too much is told so, and may go on. Run it with the option above."""


def numbers(count):
    return [float(number) for number in range(count)]


for count in (1_000, 10_000, 100_000_000):
    try:
        print(count, sum(numbers(count)))
    except MemoryError as error:
        print(count, "is too much:", repr(error))

# What was taken is back.
print(sum(numbers(10_000)))
try:
    "x" * 10**9
except MemoryError:
    print("no")
