"""Fetch an image by URL from a host nobody has vetted."""

import re
import ssl
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from urllib.parse import urljoin

from shared.catalog.text import shown
from workers.vision.fetch.address import Address, is_public
from workers.vision.fetch.connection import (
    ForbiddenAddressError,
    GuardedConnection,
    MayConnect,
    Resolve,
    client_context,
)
from workers.vision.fetch.deadline import Deadline
from workers.vision.fetch.health import HostHealth
from workers.vision.fetch.resolve import resolve
from workers.vision.fetch.target import Target, parse_target
from workers.vision.fetch.values import FetchCode, Fetched, FetchLimits, FetchProblem, NotModified

FetchOutcome = Fetched | NotModified | FetchProblem

_REDIRECTS = (301, 302, 303, 307, 308)
_BLOCK_BYTES = 64 * 1024
_PEEK_BYTES = 64
_VALIDATOR = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,255}")
_HEADERS = {
    "User-Agent": "Tusou (product images)",
    "Accept": "image/jpeg,image/png,image/webp,image/gif,image/bmp,*/*;q=0.1",  # formats that are decoded
    "Accept-Encoding": "identity",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True)
class _Redirect:
    location: str


class Fetcher:
    """Fetches from public addresses, within limits; safe to use from many threads.

    `allow` lets further addresses through (a closed network, a test's own server). A connection serves one
    request: its deadline is the fetch's, and a redirect starts with a new look-up and a new check.
    """

    def __init__(
        self,
        limits: FetchLimits,
        allow: MayConnect | None = None,
        *,
        resolve: Resolve = resolve,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._limits = limits
        self._allow = allow
        self._resolve = resolve
        self._context = context or client_context()
        self._health = HostHealth(limits.suspend_after, limits.suspend_seconds)

    def at_once(self, host: str, most: int) -> int:
        """How many fetches of the host may run at a time: few, until it has answered."""
        return self._health.at_once(host, most)

    def fetch(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> FetchOutcome:
        """The bytes behind a URL; `NotModified` only when a validator of an earlier fetch was given.

        Takes at most `limits.seconds`, whatever the other side does, and raises nothing that it causes.
        """
        target = parse_target(url, self._limits.ports)
        if isinstance(target, FetchProblem):
            return target
        if not self._health.may_try(target.netloc):
            return _failed(f"{target.netloc} has not answered for a while; it is tried again later")
        validators = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        sent = {name: value for name, value in validators.items() if value and _VALIDATOR.fullmatch(value)}
        try:
            outcome = self._follow(url, target, sent)
        except TimeoutError:
            self._health.timed_out(target.netloc)
            return _failed(f"no whole answer within {self._limits.seconds:g} s")
        except ForbiddenAddressError:
            outcome = FetchProblem(FetchCode.BLOCKED, "the host leads to a private or reserved address")
        except (OSError, HTTPException) as error:
            outcome = _failed(f"{type(error).__name__}: {shown(str(error))}")
        self._health.answered(target.netloc)
        return outcome

    def _follow(self, url: str, target: Target, validators: dict[str, str]) -> FetchOutcome:
        deadline = Deadline(self._limits.seconds)
        for _ in range(self._limits.max_redirects + 1):
            outcome = self._ask(target, validators, deadline)
            if not isinstance(outcome, _Redirect):
                return outcome
            try:
                url = urljoin(url, outcome.location)
            except ValueError:
                return FetchProblem(FetchCode.BLOCKED, "a redirect leads to what is no URL")
            following = parse_target(url, self._limits.ports)
            if isinstance(following, FetchProblem):
                return FetchProblem(following.code, f"a redirect: {following.detail}")
            target = following
        return _failed(f"more than {self._limits.max_redirects} redirects")

    def _ask(
        self, target: Target, validators: dict[str, str], deadline: Deadline
    ) -> FetchOutcome | _Redirect:
        connection = GuardedConnection(
            target,
            deadline,
            resolve=self._resolve,
            may_connect=self._may_connect,
            context=self._context,
        )
        try:
            connection.putrequest("GET", target.path, skip_host=True, skip_accept_encoding=True)
            for name, value in ({"Host": target.netloc} | _HEADERS | validators).items():
                connection.putheader(name, value)
            connection.endheaders()
            with connection.getresponse() as response:
                return self._read(response, conditional=bool(validators))
        finally:
            connection.close()

    def _may_connect(self, address: Address) -> bool:
        return is_public(address) or (self._allow is not None and self._allow(address))

    def _read(self, response: HTTPResponse, *, conditional: bool) -> FetchOutcome | _Redirect:
        location = response.getheader("Location")
        if response.status in _REDIRECTS and location:
            return _Redirect(_as_utf8(location))
        if response.status == 304 and conditional:
            return NotModified(_validator(response, "ETag"), _validator(response, "Last-Modified"))
        if response.status != 200:
            return _failed(f"the host answered with status {response.status}")
        data = self._read_body(response)
        if isinstance(data, FetchProblem):
            return data
        return Fetched(data, _validator(response, "ETag"), _validator(response, "Last-Modified"))

    def _read_body(self, response: HTTPResponse) -> bytes | FetchProblem:
        declared = _declared_length(response)
        most = self._limits.max_bytes
        too_large = FetchProblem(FetchCode.TOO_LARGE, f"the image has more than {most} bytes")
        if declared is not None and declared > most:
            return too_large
        # No image format that is decoded starts so, and a page of 10 MB need not be read to its end.
        if response.peek(_PEEK_BYTES).lstrip()[:1] == b"<":
            return FetchProblem(FetchCode.NOT_IMAGE, "the host answered with an HTML or XML page")
        data = bytearray()
        while block := response.read(_BLOCK_BYTES):
            data += block
            if len(data) > most:
                return too_large
        if not data or (declared is not None and len(data) < declared):
            return _failed(f"the answer was cut off after {len(data)} bytes")
        return bytes(data)


def _failed(detail: str) -> FetchProblem:
    return FetchProblem(FetchCode.FAILED, detail)


def _declared_length(response: HTTPResponse) -> int | None:
    """Content-Length, unless the body is chunked, when it does not count."""
    length = response.getheader("Content-Length", "")
    if response.getheader("Transfer-Encoding") or not re.fullmatch(r"[0-9]{1,18}", length):
        return None
    return int(length)


def _validator(response: HTTPResponse, name: str) -> str | None:
    """A validator that can be sent back as it is."""
    value = response.getheader(name, "").strip()
    return value if _VALIDATOR.fullmatch(value) else None


def _as_utf8(location: str) -> str:
    """`http.client` reads headers as Latin-1; hosts that do not quote a path write UTF-8."""
    try:
        return location.encode("latin-1").decode()
    except UnicodeError:
        return location
