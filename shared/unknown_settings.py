"""Names of the environment that look like settings and are none: most are mistyped."""

from __future__ import annotations

from collections.abc import Iterable

from shared.settings import Settings

PREFIX = Settings.model_config["env_prefix"]

# What the tests and the continuous integration of this project are told by the environment.
NOT_SETTINGS = ("TUSOU_DATA", "TUSOU_CI_CACHE")
TESTS_PREFIX = "TUSOU_TEST_"


def unknown_settings(names: Iterable[str]) -> str | None:
    """A sentence that names those of `names` that no setting has; None where there are none."""
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields}
    unknown = sorted(
        name
        for name in names
        if name.startswith(PREFIX)
        and not name.startswith(TESTS_PREFIX)
        and name not in known
        and name not in NOT_SETTINGS
    )
    return f"there is no setting {', '.join(unknown)}: ignored" if unknown else None
