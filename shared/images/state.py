"""The states of an image's row."""

from enum import StrEnum


class ImageState(StrEnum):
    NEW = "new"  # an upload as it came: no vision worker has looked at it
    READY = "ready"  # normalised
    REJECTED = "rejected"  # looked at and refused: its reasons stand beside it
