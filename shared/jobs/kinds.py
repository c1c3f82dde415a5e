"""The kinds of jobs. It stands alone, as settings know it too."""

from enum import StrEnum


class JobKind(StrEnum):
    SEARCH = "search"
    PRODUCT = "product"  # a single write whose photos have to be embedded
    IMPORT = "import"
    TRAINING = "training"
    EXPLANATION = "explanation"  # of one hit of a search
