"""The settings table of the READMEs: `python -m services.cli.settings_table README.md …` rewrites it there.

The table stands between two marks. Without a file it is printed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from shared.settings import Settings

BEGIN, END = "<!-- settings -->", "<!-- /settings -->"


def table() -> str:
    """One row a setting, in the order of the class."""
    fields = Settings.model_fields.items()
    rows = [f"| {_name(name)} | {_default(field)} | {_what(field)} |" for name, field in fields]
    return "\n".join(["| setting | default | what |", "|---|---|---|", *rows])


def section(page: str) -> str:
    """What stands between the marks of `page`. Raises ValueError when they are not there."""
    found = _between().search(page)
    if found is None:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return found[1]


def with_table(page: str) -> str:
    """`page` with the table of today. Raises ValueError when it has no marks."""
    section(page)
    return _between().sub(lambda _: f"{BEGIN}\n{table()}\n{END}", page, count=1)


def _between() -> re.Pattern[str]:
    return re.compile(f"{re.escape(BEGIN)}\n(.*?)\n?{re.escape(END)}", re.DOTALL)


def _name(name: str) -> str:
    return f"`{Settings.model_config['env_prefix']}{name.upper()}`"


def _default(field: FieldInfo) -> str:
    """A default as the environment would spell it; made ones are told, secret ones never are."""
    if field.default_factory is not None:
        return "made at start"
    if field.default is None or field.default == "" or isinstance(field.default, SecretStr):
        return ""
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    return f"`{field.default}`"


def _what(field: FieldInfo) -> str:
    return (field.description or "").replace("|", r"\|")


def main(pages: list[str]) -> None:
    if not pages:
        print(table())
    for page in map(Path, pages):
        page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
