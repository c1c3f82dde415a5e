"""Images a second of good hosts, alone and beside one that hangs, drips, loops, never ends or sends pages.

The pool and the fetcher are those of a vision worker. The good hosts answer after a while each, so threads
are what is scarce; each kind is measured for SECONDS, with more waiting than there are threads.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.shop import report
from shared.settings import Settings
from workers.vision.fetch import Fetched, Fetcher, FetchLimits, HostPool, host_of
from workers.vision.lane import Lane

SECONDS = float(os.environ.get("SECONDS", "60"))
GOOD_HOSTS = 4
ANSWERS_AFTER_S = 0.1
IMAGE = b"\xff\xd8\xff\xe0" + bytes(20_000)
MIB = 2**20

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def good(out: asyncio.StreamWriter) -> None:
    await asyncio.sleep(ANSWERS_AFTER_S)
    out.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(IMAGE) + IMAGE)
    await out.drain()


async def hangs(_out: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def drips(out: asyncio.StreamWriter) -> None:
    out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n\xff\xd8\xff\xe0")
    while True:
        out.write(b"\0")
        await out.drain()
        await asyncio.sleep(0.5)


async def loops(out: asyncio.StreamWriter) -> None:
    out.write(b"HTTP/1.1 302 Found\r\nLocation: /again.jpg\r\nContent-Length: 0\r\n\r\n")
    await out.drain()


async def endless(out: asyncio.StreamWriter) -> None:
    out.write(b"HTTP/1.1 200 OK\r\n\r\n\xff\xd8\xff\xe0")
    while True:
        out.write(bytes(MIB // 16))
        await out.drain()


async def pages(out: asyncio.StreamWriter) -> None:
    out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>")
    await out.drain()


BAD: dict[str, Answer] = {
    "hangs": hangs,
    "drips": drips,
    "loops": loops,
    "endless": endless,
    "pages": pages,
}


def serve(told: Connection) -> None:
    """All hosts, in a process of their own: what they cost is not the fetcher's."""

    async def host(answer: Answer) -> int:
        async def meet(head: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
            try:
                await head.readuntil(b"\r\n\r\n")
                await answer(out)
            except (OSError, asyncio.IncompleteReadError):
                pass  # the guest has left
            finally:
                out.close()

        server = await asyncio.start_server(meet, "127.0.0.1", 0)
        _kept.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def all_of_them() -> None:
        ports = {name: await host(answer) for name, answer in BAD.items()}
        told.send(([await host(good) for _ in range(GOOD_HOSTS)], ports))
        await asyncio.sleep(3600)

    _kept: list[Any] = []
    asyncio.run(all_of_them())


def measure(good_ports: list[int], bad_port: int | None) -> tuple[float, float]:
    """Good images a second, all along and in the last half, of a worker that knows no host yet."""
    settings = Settings()
    fetcher = Fetcher(FetchLimits(ports=None), allow=lambda _: True)
    most = settings.fetch_per_host
    pool = HostPool(settings.fetch_threads, most, share=lambda _, host: fetcher.at_once(host, most))
    came: Counter[bool] = Counter()
    began = time.perf_counter()
    end = began + SECONDS

    def again(port: int, is_good: bool) -> None:
        """One fetch after the other, as if a long import had them all waiting."""
        if time.perf_counter() < end:
            future = pool.submit(Lane.IMPORT, host_of(url(port)), fetcher.fetch, url(port))
            future.add_done_callback(lambda done: landed(done, port, is_good))

    def landed(done: Future[Any], port: int, is_good: bool) -> None:
        now = time.perf_counter()
        if is_good and not done.cancelled() and isinstance(done.result(), Fetched) and now < end:
            came[now > began + SECONDS / 2] += 1
        if not done.cancelled():
            again(port, is_good)

    for _ in range(2 * settings.fetch_threads):
        for port in good_ports:
            again(port, is_good=True)
        if bad_port is not None:
            again(bad_port, is_good=False)
    time.sleep(SECONDS)
    pool.shutdown(wait=False, cancel_futures=True)
    return came.total() / SECONDS, came[True] / (SECONDS / 2)


def url(port: int) -> str:
    return f"http://127.0.0.1:{port}/a.jpg"


def main() -> None:
    ours, theirs = multiprocessing.Pipe()
    hosts = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    hosts.start()
    good_ports, bad = ours.recv()
    before, _ = measure(good_ports, None)
    found = {name: measure(good_ports, port) for name, port in bad.items()}
    after, _ = measure(good_ports, None)
    hosts.kill()
    alone = (before + after) / 2
    report(
        "bad_hosts",
        [
            [f"images/s of {GOOD_HOSTS} good hosts", "all along", "of alone", "last half", "of alone"],
            ["alone, before and after", f"{before:.1f}  {after:.1f}", "", "", ""],
            *(
                [
                    f"beside one that {name}",
                    f"{whole:.1f}",
                    f"{whole / alone:.3f}",
                    f"{late:.1f}",
                    f"{late / alone:.3f}",
                ]
                for name, (whole, late) in found.items()
            ),
        ],
        limit=round(alone, 1),
        ours=round(min(whole for whole, _ in found.values()), 1),
        ratio=round(min(whole for whole, _ in found.values()) / alone, 3),
        ratios={name: round(whole / alone, 3) for name, (whole, _) in found.items()},
        seconds=SECONDS,
    )


if __name__ == "__main__":
    main()
