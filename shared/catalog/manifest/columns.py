"""Which column of a manifest means what: names, their aliases, and the names that mean nothing."""

from collections.abc import Iterable, Mapping

from shared.catalog.text import is_storable

MAX_NUMBERED_IMAGES = 9
_MAX_IGNORED = 100
_MAX_NAME_CHARS = 64

_ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("id", "sku", "product_id"),
    "title": ("title", "name"),
    "description": ("description",),
    "price": ("price",),
    "currency": ("currency",),
    "rating": ("rating",),
    "rating_count": ("rating_count",),
    "brand": ("brand",),
    "category": ("category",),
    "color": ("color", "colour"),
    "labels": ("labels", "tags"),
    "availability": ("availability",),
    "url": ("url", "link"),
    "images": ("images", "image", "image_url", "image_urls"),
    "image_version": ("image_version",),
} | {f"image_{n}": (f"image_{n}",) for n in range(1, MAX_NUMBERED_IMAGES + 1)}

# alias -> (column, rank); where several aliases of a column stand side by side, the lowest rank is read
_COLUMNS: dict[str, tuple[str, int]] = {
    alias: (column, rank) for column, aliases in _ALIASES.items() for rank, alias in enumerate(aliases)
}


class ColumnNames:
    """Resolves the names of one manifest and remembers those it ignores, each once."""

    def __init__(self) -> None:
        self._ignored: dict[str, None] = {}

    @property
    def ignored(self) -> tuple[str, ...]:
        """At most 100 names, in the order met."""
        return tuple(self._ignored)

    def places(self, header: Iterable[str]) -> dict[str, int]:
        """Where each known column stands in a header.

        Case, spaces around a name, and spaces or hyphens for underscores do not matter ("Image URL"). Of a
        name given twice the first is read.
        """
        chosen: dict[str, tuple[int, int, str]] = {}
        for place, name in enumerate(header):
            column, rank = _COLUMNS.get(_plain(name), ("", 0))
            if not column:
                self._ignore(name)
            elif column not in chosen:
                chosen[column] = (rank, place, name)
            else:
                best, worse = sorted((chosen[column], (rank, place, name)))
                chosen[column] = best
                self._ignore(worse[2])
        return {column: place for column, (_, place, _) in chosen.items()}

    def pick(self, row: Mapping[str, object]) -> dict[str, object]:
        """The values of a JSON object by column."""
        names = list(row)
        return {column: row[names[place]] for column, place in self.places(names).items()}

    def _ignore(self, name: str) -> None:
        if len(self._ignored) < _MAX_IGNORED:
            clean = name if is_storable(name) else repr(name)
            self._ignored[clean[:_MAX_NAME_CHARS]] = None


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")
