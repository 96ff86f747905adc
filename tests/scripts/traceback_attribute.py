class Node:
    pass


print(Node().missing)
