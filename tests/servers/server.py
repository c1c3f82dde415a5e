"""The life of a server process in a test: start, stop, kill, freeze, and no trace afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import psutil

from tests.servers.ports import free_port
from tests.servers.processes import ending_with_us, send, stopped, wait_until_gone


class Server(ABC):
    """One server on a port of its own, its data in a temporary folder.

    `start` after `stop` or `kill` comes back on the same port with the same data. As a context manager
    it is started on entry, and its processes and its folder are gone on exit.
    """

    ready_within_s: ClassVar[float] = 20.0
    stops_within_s: ClassVar[float] = 10.0
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    user: str | None = None  # who runs it, for servers that refuse to run as root

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"tusou-{type(self).__name__.lower()}-"))
        self.data = self.folder / "data"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """How Tusou's settings name this server."""

    @abstractmethod
    def command(self) -> list[str]:
        """The program in the foreground, with its arguments."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether a client would be served now."""

    def environment(self) -> dict[str, str]:
        """What the program must know beyond `whole_environment`."""
        return {}

    def whole_environment(self) -> dict[str, str]:
        # Nothing of ours leaks in: a PGDATA or a RABBITMQ_* of the developer would lead elsewhere.
        bare = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C", "TZ": "UTC"}
        return bare | self.environment()

    def prepare(self) -> None:
        """Makes the `data` folder; what stands in it at first is up to the server."""
        self.data.mkdir()
        self.own(self.data)

    def own(self, path: Path) -> None:
        """Hands `path` to whoever runs the server."""
        if self.user is not None:
            shutil.chown(path, self.user)

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError(f"{type(self).__name__} is not running")
        return self._process.pid

    def processes(self) -> list[psutil.Process]:
        """The server's process and all it has started, parents first."""
        try:
            main = psutil.Process(self.pid)
            return [main, *main.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def start(self) -> None:
        if not self.data.exists():
            self.prepare()
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ending_with_us(self.command()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=self.whole_environment(),
                user=self.user,
                # Ctrl-C at the terminal belongs to pytest, which then stops the servers in order.
                start_new_session=True,
            )
        self.wait_until_ready()

    def stop(self) -> None:
        """The orderly way; what has not ended after `stops_within_s` is killed."""
        if self._process is None:
            return
        self.thaw()
        family = self.processes()
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(self.stops_within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._bury(family)

    def kill(self) -> None:
        """`kill -9` of the server and all it has started."""
        family = self.processes()
        for process in family:
            send(process, signal.SIGKILL)
        self._bury(family)

    def freeze(self) -> None:
        """The server stops answering while its connections stay open, as on a stalled machine."""
        for process in self.processes():
            send(process, signal.SIGSTOP)
        # The signal takes each thread when that thread notices: on a busy machine a last answer slips out.
        deadline = time.monotonic() + 5.0
        while not all(stopped(process) for process in self.processes()) and time.monotonic() < deadline:
            time.sleep(0.01)

    def thaw(self) -> None:
        for process in reversed(self.processes()):
            send(process, signal.SIGCONT)

    def wipe(self) -> None:
        """Forgets all data of a stopped server: the next start is an empty one."""
        shutil.rmtree(self.data, ignore_errors=True)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def wait_until_ready(self) -> None:
        """Returns once a client is served; `start` does this by itself, `thaw` does not."""
        process = self._process
        assert process is not None
        deadline = time.monotonic() + self.ready_within_s
        while not self.answers():
            if process.poll() is not None or time.monotonic() > deadline:
                log = (self.folder / "log").read_text(errors="replace")[-2000:]
                self.stop()
                raise RuntimeError(f"{type(self).__name__} did not start:\n{log}")
            time.sleep(0.02)

    def _bury(self, family: list[psutil.Process]) -> None:
        """Waits until each is gone; what survived its parent is killed."""
        assert self._process is not None
        self._process.wait()
        for process in family:
            send(process, signal.SIGKILL)
        wait_until_gone(family, self.stops_within_s)
        self._process = None
