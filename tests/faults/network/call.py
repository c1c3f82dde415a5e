"""One connection through a link: a client's, and the one that the link makes to the server for it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tests.faults.network.weather import Weather

_BLOCK = 65_536
_DRIP_EVERY_S = 0.1
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER without any time: closing sends a reset


class Cut(ConnectionError):
    """As many bytes went through as were to."""


class Call:
    """`weather` is asked for each block; `flows` returns once the link is not frozen."""

    def __init__(
        self,
        client: socket.socket,
        address: tuple[str, int],
        weather: Callable[[], Weather],
        flows: Callable[[], Awaitable[object]],
    ) -> None:
        self._client = client
        self._address = address
        self._weather = weather
        self._flows = flows
        self._born_in = weather()
        self._server = _socket()
        self._task = asyncio.ensure_future(self._run())

    def when_over(self, tell: Callable[[Call], object]) -> None:
        self._task.add_done_callback(lambda _: tell(self))

    async def reset(self) -> None:
        """Both ends are told at once."""
        await self._stop()
        _abort(self._server)
        _abort(self._client)

    async def lose(self) -> None:
        """The server's end is closed; the client is not told, and nobody reads what it sends."""
        await self._stop()
        _abort(self._server)

    async def _stop(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        there, back = self._client, self._server
        born = self._born_in
        try:
            await self._flows()
            await asyncio.get_running_loop().sock_connect(back, self._address)
            # Both have ended before a socket is closed: its number becomes the next one's, and who waits
            # for it still would take the next one's bytes.
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(
                    self._pump(there, back, cut_after=born.cut_after, flip_at=born.flip_to_server)
                )
                pumps.create_task(self._pump(back, there, flip_at=born.flip_from_server))
        except* OSError:
            _abort(self._server)
            _abort(self._client)
        else:
            self._server.close()
            self._client.close()

    async def _pump(
        self,
        source: socket.socket,
        target: socket.socket,
        *,
        cut_after: int | None = None,
        flip_at: int | None = None,
    ) -> None:
        """Until the source has no more. Raises OSError."""
        loop = asyncio.get_running_loop()
        came = 0
        while block := await loop.sock_recv(source, _BLOCK):
            before, came = came, came + len(block)
            await self._flows()
            await asyncio.sleep(self._weather().latency_s)
            if flip_at is not None and before <= flip_at < came:
                at = flip_at - before
                block = block[:at] + bytes([block[at] ^ 0xFF]) + block[at + 1 :]
            if cut_after is not None and came >= cut_after:
                await loop.sock_sendall(target, block[: cut_after - before])
                raise Cut
            await self._send(target, block)
        target.shutdown(socket.SHUT_WR)

    async def _send(self, target: socket.socket, block: bytes) -> None:
        loop = asyncio.get_running_loop()
        while block:
            rate = self._weather().bytes_per_s
            count = len(block) if rate is None else max(1, int(rate * _DRIP_EVERY_S))
            await loop.sock_sendall(target, block[:count])
            block = block[count:]
            if block:
                await asyncio.sleep(_DRIP_EVERY_S)


def _socket() -> socket.socket:
    made = socket.socket()
    made.setblocking(False)
    return made


def _abort(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    end.close()
