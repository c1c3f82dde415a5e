"""Look a host up, within a deadline."""

import queue
import socket
import threading
from ipaddress import ip_address

from workers.vision.fetch.address import Address
from workers.vision.fetch.deadline import Deadline


def resolve(host: str, deadline: Deadline) -> list[Address]:
    """The addresses of a host in the system's order of preference, each once.

    Raises OSError when there is none, TimeoutError at the deadline.
    """
    answers: queue.SimpleQueue[list[Address] | OSError] = queue.SimpleQueue()
    # The system's resolver knows no timeout of ours, so it is waited for rather than called.
    threading.Thread(target=_look_up, args=(host, answers), name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left())
    except queue.Empty:
        raise TimeoutError("the name server did not answer") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _look_up(host: str, answers: "queue.SimpleQueue[list[Address] | OSError]") -> None:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        answers.put(error)
    except UnicodeError as error:  # raised by the resolver's own encoding of names
        answers.put(OSError(str(error)))
    else:
        answers.put(list(dict.fromkeys(ip_address(entry[4][0]) for entry in found)))
