"""Images by URL: from public addresses only, within a deadline and a size, no host at the others' cost."""

from workers.vision.fetch.fetcher import Fetcher
from workers.vision.fetch.host_pool import HostPool
from workers.vision.fetch.target import host_of
from workers.vision.fetch.values import FetchCode, Fetched, FetchLimits, FetchProblem, NotModified

__all__ = [
    "FetchCode",
    "FetchLimits",
    "FetchProblem",
    "Fetched",
    "Fetcher",
    "HostPool",
    "NotModified",
    "host_of",
]
