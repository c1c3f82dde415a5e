"""A URL taken apart strictly: whatever two parsers could read in two ways is refused."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote, urlsplit

from shared.catalog.text import is_storable
from workers.vision.fetch.values import FetchCode, FetchProblem

MAX_URL_CHARS = 2000

_DEFAULT_PORTS = {"http": 80, "https": 443}
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")  # and the backslash, which browsers read as a slash
_LAST_PORT = 65535
# Taken apart here, because what the standard library makes of "[::1]x:80" depends on its release.
_NETLOC = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:]+))(?::(?P<port>[0-9]{0,5}))?")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
# A last label of digits or hex makes a resolver read the name as an IPv4 address: 2130706433, 0x7f.1, 0177.1
_NUMERIC_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")
# Characters that stand in a path or query as they are; `%` too, for what is quoted already.
_SAFE = "/%:@!$&'()*+,;=~?[]"


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect and what to ask for; `host` is lower-case ASCII, IPv6 without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def netloc(self) -> str:
        """As the Host header and a per-host limit name it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parse_target(url: str, ports: frozenset[int] | None) -> Target | FetchProblem:
    """The target of a URL, or `url_blocked`.

    Refused: other schemes, user names, ports not in `ports` (None: any), control characters, backslashes,
    zone ids, and every spelling of an IPv4 address but four plain decimal numbers.
    """
    if len(url) > MAX_URL_CHARS:
        return _blocked(f"a URL has at most {MAX_URL_CHARS} characters")
    if _CONTROL.search(url) or not is_storable(url):
        return _blocked("the URL holds a control character, a backslash or half a surrogate pair")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        return _blocked(f"the URL cannot be read: {error}")
    if parts.scheme not in _DEFAULT_PORTS:
        return _blocked("only http:// and https:// are fetched")
    if "@" in parts.netloc:
        return _blocked("a URL with a user name is not fetched")
    written = _NETLOC.fullmatch(parts.netloc)
    host = _ascii_host(written) if written else None
    if written is None or host is None:
        return _blocked("the URL's host is neither a name nor a plain address")
    port = int(written["port"] or _DEFAULT_PORTS[parts.scheme])
    if port > _LAST_PORT or (ports is not None and port not in ports):
        return _blocked(f"port {port} is not fetched from")
    path = quote(parts.path or "/", safe=_SAFE)
    query = f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
    return Target(parts.scheme, host, port, path + query)


def _ascii_host(written: re.Match[str]) -> str | None:
    if written["v6"]:
        try:
            return str(IPv6Address(written["v6"]))
        except AddressValueError:
            return None
    try:
        name = written["name"].encode("idna").decode("ascii").lower()
    except UnicodeError:  # an empty or over-long label, or half a surrogate pair
        return None
    if _NUMERIC_END.fullmatch(name):
        try:
            return str(IPv4Address(name))
        except AddressValueError:
            return None
    return name if _HOST_NAME.fullmatch(name) and len(name) <= 253 else None


def _blocked(detail: str) -> FetchProblem:
    return FetchProblem(FetchCode.BLOCKED, detail)


def host_of(url: str) -> str | None:
    """The host (and port, if unusual) that a limit per host counts a URL under; None if it has none."""
    target = parse_target(url, None)
    return target.netloc if isinstance(target, Target) else None
