import sys

print("out")
sys.exit("something went wrong")
