"""A TCP link between our processes and a server, which a test can spoil.

    with Link(server.port) as link, link.frozen():
        ...                        # whoever speaks to link.port hears nothing

The processes are given the link's port in place of the server's. A fault lasts for its block, and meets
connections that are open already as well as new ones; what it left of them goes on afterwards.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from tests.faults.network.call import Call
from tests.faults.network.weather import FAIR, Weather

_HERE = "127.0.0.1"


class Link:
    """Forwards what comes to `port` of this machine to `server_port`; fair until a fault is asked for."""

    def __init__(self, server_port: int) -> None:
        self._server = (_HERE, server_port)
        self._weather = FAIR
        self._calls: set[Call] = set()
        self._lost: list[Call] = []
        self._flows = asyncio.Event()
        self._flows.set()
        self._listener = socket.create_server((_HERE, 0), backlog=128)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0  # so many were made
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="link", daemon=True)
        self._thread.start()
        self._accepting = asyncio.run_coroutine_threadsafe(self._accept(), self._loop)

    @contextmanager
    def latency(self, seconds: float) -> Iterator[None]:
        """Every block of bytes comes so much later, either way."""
        with self._in(Weather(latency_s=seconds)):
            yield

    @contextmanager
    def drip(self, bytes_per_s: float) -> Iterator[None]:
        """No more bytes than that get through, either way."""
        with self._in(Weather(bytes_per_s=bytes_per_s)):
            yield

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Nothing arrives and nothing is refused: new connections are taken, and hear nothing either."""
        with self._in(Weather(frozen=True)):
            yield

    @contextmanager
    def reset(self) -> Iterator[None]:
        """Open connections are reset, and new ones as soon as they are made."""
        with self._in(Weather(refuses=True), anew=True):
            yield

    @contextmanager
    def half_open(self) -> Iterator[None]:
        """Open connections are gone for the server and look open to the client; new ones work.

        So it is after a lost route or behind a balancer that forgot them. They hear nothing after the
        block either: whoever waits has to give them up.
        """
        self._do(self._lose(set(self._calls)))
        yield

    @contextmanager
    def cut_after(self, count: int) -> Iterator[None]:
        """Each connection is reset when `count` bytes have gone to the server; open ones at once."""
        with self._in(Weather(cut_after=count), anew=True):
            yield

    @contextmanager
    def flipped_from_server(self, number: int) -> Iterator[None]:
        """Byte `number` from the server arrives wrong, on each connection; open ones are reset first."""
        with self._in(Weather(flip_from_server=number), anew=True):
            yield

    @contextmanager
    def flipped_to_server(self, number: int) -> Iterator[None]:
        """The same of what the client sends."""
        with self._in(Weather(flip_to_server=number), anew=True):
            yield

    @contextmanager
    def _in(self, weather: Weather, *, anew: bool = False) -> Iterator[None]:
        """`anew`: connections from before the block, and from within it, end at its borders."""
        self._do(self._change(weather, anew=anew))
        try:
            yield
        finally:
            self._do(self._change(FAIR, anew=anew))

    def close(self) -> None:
        self._accepting.cancel()
        self._do(self._reset([*self._calls, *self._lost]))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        """On the link's thread, to which all that follows belongs."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _change(self, weather: Weather, *, anew: bool) -> None:
        self._weather = weather
        if weather.frozen:
            self._flows.clear()
        else:
            self._flows.set()
        if anew:
            await self._reset(list(self._calls))

    async def _reset(self, calls: Iterable[Call]) -> None:
        for call in calls:
            await call.reset()

    async def _lose(self, calls: set[Call]) -> None:
        for call in calls:
            await call.lose()
            self._lost.append(call)

    async def _accept(self) -> None:
        while True:
            client, _ = await self._loop.sock_accept(self._listener)
            self.connections += 1
            call = Call(client, self._server, lambda: self._weather, self._flows.wait)
            if self._weather.refuses:
                await call.reset()
                continue
            self._calls.add(call)
            call.when_over(self._calls.discard)
