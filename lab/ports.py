import random
import socket

# Below the ports that Linux gives to outgoing connections (32768 to 60999 by default): one of those
# could be taken between the choice of a port and the start of its server.
RANGE = range(20000, 32000)
_random = random.SystemRandom()
_given: set[int] = set()


def free_port() -> int:
    """A TCP port that nobody listens on now, another one at each call of this program."""
    while True:
        port = _random.choice(RANGE)
        if port not in _given and is_free(port):
            _given.add(port)
            return port


def is_free(port: int) -> bool:
    """Whether a server could bind the port on every address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True


def answers(port: int) -> bool:
    """Whether somebody listens on the port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
