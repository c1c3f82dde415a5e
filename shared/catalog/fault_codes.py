"""Why a field of a product or a row of a manifest was refused: one stable code each."""

from enum import StrEnum


class FaultCode(StrEnum):
    """The codes of this package's errors.

    They stand in `FieldError.code`, `RowError.reason` and `ManifestUnreadable.reason`. Later stages add
    their own codes to a row (an image that could not be fetched or decoded), so those fields are plain text.
    """

    # one field
    UNKNOWN_FIELD = "unknown_field"  # a JSON body names an attribute that products do not have
    BAD_TYPE = "bad_type"  # a number where text belongs, and the like
    BAD_CHARACTER = "bad_character"  # NUL or a lone surrogate: PostgreSQL cannot hold them
    VALUE_TOO_LONG = "value_too_long"
    MISSING_ID = "missing_id"
    ID_TOO_LONG = "id_too_long"
    BAD_PRICE = "bad_price"
    BAD_CURRENCY = "bad_currency"
    BAD_RATING = "bad_rating"
    NOT_FINITE = "not_finite"  # NaN or Infinity
    UNKNOWN_AVAILABILITY = "unknown_availability"
    BAD_URL = "bad_url"  # the product page's address
    BAD_SOURCE = "bad_source"  # an image's source
    TOO_MANY_VALUES = "too_many_values"  # labels or images of one product

    # one row
    ROW_TOO_LONG = "row_too_long"
    BAD_ENCODING = "bad_encoding"  # bytes that are not UTF-8
    BAD_QUOTES = "bad_quotes"  # CSV: a quote that is never closed, or text after a closing quote
    COLUMN_COUNT = "column_count"  # CSV: more or fewer cells than the header
    BAD_JSON = "bad_json"
    NOT_AN_OBJECT = "not_an_object"
    TOO_DEEP = "too_deep"

    # the whole manifest
    BAD_HEADER = "bad_header"
    TOO_COMPRESSED = "too_compressed"
    UNREADABLE = "unreadable"
    PARQUET_MISSING = "parquet_missing"  # the extra that reads Parquet is not installed
    MANIFEST_CRASHED = "manifest_crashed"  # the limited child died or broke a limit
