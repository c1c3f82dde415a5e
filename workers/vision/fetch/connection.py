"""A connection that looks its host up once, checks every address, and connects to a checked one.

The standard library's client is used bare: what a larger one adds (pools, retries, redirects, proxies from
the environment, cookies, decoding) is what must not happen here.
"""

import socket
import ssl
from collections.abc import Callable
from http.client import HTTPConnection
from ipaddress import IPv6Address

import certifi

from workers.vision.fetch.address import Address
from workers.vision.fetch.deadline import Deadline, DeadlineSocket, DeadlineTLSSocket
from workers.vision.fetch.target import Target

Resolve = Callable[[str, Deadline], list[Address]]
MayConnect = Callable[[Address], bool]


class ForbiddenAddressError(Exception):
    """The host leads to an address that may not be connected to."""


def client_context(authorities: str | None = None) -> ssl.SSLContext:
    """TLS that verifies names, with sockets that obey a deadline.

    Trusted are the system's authorities (`SSL_CERT_FILE` changes them), those of certifi, for systems that
    have none, and those in the PEM file `authorities`.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if authorities is not None:
        context.load_verify_locations(authorities)
    context.sslsocket_class = DeadlineTLSSocket
    return context


class GuardedConnection(HTTPConnection):
    """One request to one target. Raises ForbiddenAddressError, TimeoutError, OSError when it connects."""

    def __init__(
        self,
        target: Target,
        deadline: Deadline,
        *,
        resolve: Resolve,
        may_connect: MayConnect,
        context: ssl.SSLContext,
    ) -> None:
        super().__init__(target.host, target.port)
        self._target = target
        self._deadline = deadline
        self._resolve = resolve
        self._may_connect = may_connect
        self._context = context

    def connect(self) -> None:
        """Between the check of an address and the connection to it nothing is looked up again."""
        addresses = self._resolve(self._target.host, self._deadline)
        # One forbidden address condemns the name: it may be a name that changes sides.
        if not all(map(self._may_connect, addresses)):
            raise ForbiddenAddressError
        plain = self._connect_to_one(addresses)
        self.sock = self._over_tls(plain) if self._target.scheme == "https" else plain

    def _connect_to_one(self, addresses: list[Address]) -> DeadlineSocket:
        failure = OSError("the host has no address")
        for tried, address in enumerate(addresses):
            # Each address gets its share, so that one that swallows packets leaves time for the next.
            seconds = self._deadline.left() / (len(addresses) - tried)
            family = socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET
            connection = DeadlineSocket(family, socket.SOCK_STREAM)
            connection.deadline = self._deadline
            connection.settimeout(seconds)
            try:
                connection.connect((str(address), self._target.port))
            except OSError as error:
                connection.close()
                failure = error
            else:
                return connection
        raise failure

    def _over_tls(self, plain: DeadlineSocket) -> DeadlineTLSSocket:
        plain.settimeout(self._deadline.left())
        try:
            secure = self._context.wrap_socket(plain, server_hostname=self._target.host.rstrip("."))
        except BaseException:
            plain.close()
            raise
        assert isinstance(secure, DeadlineTLSSocket)  # the context's `sslsocket_class`
        secure.deadline = self._deadline
        return secure
