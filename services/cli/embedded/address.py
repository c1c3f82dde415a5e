"""Where the embedded gateway listens, and whether it can."""

from __future__ import annotations

import errno
import ipaddress
import socket

from services.cli.trouble import Trouble


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def is_free(host: str, port: int) -> bool:
    """Whether a server may listen there now. Raises OSError where no server ever may."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def check_address(host: str, port: int) -> None:
    """Raises Trouble: else another server would answer in our place, and look like ours."""
    # The system's resolver takes 99999 as 34463.
    if not 0 < port < 2**16:
        raise Trouble(f"a port is a number of 1 to 65535, not {port}")
    try:
        free = is_free(host, port)
    except OSError as error:
        raise Trouble(f"no server can listen at {host} port {port}: {error.strerror}") from error
    if not free:
        raise Trouble(f"port {port} of {host} is taken: stop what listens there, or use --port or TUSOU_PORT")


def url_of(host: str, port: int) -> str:
    """How a client on this machine reaches a server that listens there."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if address.is_unspecified:
        host = "::1" if address.version == 6 else "127.0.0.1"
    return f"http://[{host}]:{port}" if address.version == 6 else f"http://{host}:{port}"
