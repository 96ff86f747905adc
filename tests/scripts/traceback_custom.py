class ConfigError(Exception):
    pass


class Loud:
    def __del__(self):
        print("del at exit")


keep = Loud()
print("start")
raise ConfigError("bad value: %r" % {"a": 1})
