"""The states of an index. A catalog has one that is live."""

from enum import StrEnum


class IndexState(StrEnum):
    BUILDING = "building"
    LIVE = "live"
    RETIRED = "retired"
