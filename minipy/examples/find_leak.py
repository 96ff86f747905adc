"""Who keeps it? Finding a leak with the gc module."""
import gc


class Session:
    def __init__(self, user):
        self.user = user


class Server:
    def __init__(self):
        self.history = []

    def serve(self, user):
        session = Session(user)
        self.history.append(("served", session))
        return user.upper()


def sessions():
    return [thing for thing in gc.get_objects() if isinstance(thing, Session)]


server = Server()
for user in ("ann", "bob", "eve"):
    server.serve(user)

gc.collect()
print("sessions alive:", sorted(session.user for session in sessions()))


# Up from one of them, by who refers to it; what this very search holds is left out.
def holder(thing):
    found = [other for other in gc.get_referrers(thing) if other is not globals()]
    return found[0]


thing = sessions()[0]
path = [type(thing).__name__]
while thing is not server:
    thing = holder(thing)
    path.append(type(thing).__name__)
print(" <- ".join(path))

# The history is to blame. Without it nothing is left, and no cycle was among it.
server.history.clear()
print("sessions alive:", len(sessions()))

# What only the collector would have found is kept for a look at it, in place of being freed.
gc.set_debug(gc.DEBUG_SAVEALL)
session = Session("joe")
session.me = session
del session
print("found:", gc.collect(), [thing.user for thing in gc.garbage])
gc.set_debug(0)
gc.garbage.clear()
print("freed:", gc.collect())
