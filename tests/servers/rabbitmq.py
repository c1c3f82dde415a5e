"""RabbitMQ as Debian ships it, and the name server of Erlang that it needs."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.servers.absent import NotInstalled
from tests.servers.ports import answers_with, free_port
from tests.servers.server import Server

# Not the wrapper on the PATH, which insists on the user `rabbitmq` and the machine's own folders.
_PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class Epmd(Server):
    """Erlang's port mapper. Left to itself a node starts one that outlives it; this one ends with us."""

    @property
    def url(self) -> str:
        return f"epmd://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return ["epmd", "-address", "127.0.0.1", "-port", str(self.port)]

    def answers(self) -> bool:
        names_request = b"\x00\x01n"
        return answers_with(self.port, names_request, self.port.to_bytes(4, "big"))


class RabbitMQ(Server):
    """One broker. It takes about half a minute to start on two cores."""

    ready_within_s = 120.0
    stops_within_s = 30.0

    def __init__(self) -> None:
        if not _PROGRAM.exists() or shutil.which("epmd") is None:
            raise NotInstalled("RabbitMQ", f"no {_PROGRAM} (Debian: apt-get install rabbitmq-server)")
        super().__init__()
        self._epmd = Epmd()
        self._dist_port = free_port()

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def command(self) -> list[str]:
        return [str(_PROGRAM)]

    def environment(self) -> dict[str, str]:
        return {
            "RABBITMQ_NODENAME": "tusou@localhost",
            "RABBITMQ_MNESIA_BASE": str(self.data / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.data / "log"),
            "RABBITMQ_PID_FILE": str(self.data / "pid"),
            "RABBITMQ_CONFIG_FILE": str(self.data / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.data / "plugins"),
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd.port),
            # The start script then becomes the broker instead of standing before it: one pid to stop.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def prepare(self) -> None:
        super().prepare()
        (self.data / "plugins").write_text("[].\n")
        (self.data / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\n")

    def answers(self) -> bool:
        method_frame_on_channel_0 = b"\x01\x00\x00"
        return answers_with(self.port, b"AMQP\x00\x00\x09\x01", method_frame_on_channel_0)

    def start(self) -> None:
        self._epmd.start()
        super().start()

    def stop(self) -> None:
        super().stop()
        self._epmd.stop()

    def kill(self) -> None:
        super().kill()
        self._epmd.kill()

    def close(self) -> None:
        super().close()
        self._epmd.close()
