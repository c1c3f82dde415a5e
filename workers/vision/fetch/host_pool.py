"""A thread pool in which no host can hold more than its share of the threads."""

import itertools
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from workers.vision.lane import Lane

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    lane: Lane
    host: str | None
    call: Callable[[], Any]
    future: Future[Any]


class HostPool:
    """Runs calls on `threads` threads, at most `per_host` at a time for one host, hosts in turn.

    `share`, asked for a host each time a thread is free, may allow it fewer at that moment. Such hosts hold
    half of the threads together, however many they are: the rest is for those that answer.

    A call waits in its host's queue and not on a thread, so while one host hangs the other threads keep
    working. Calls without a host (None) are not limited. Each lane has queues and shares of its own, and the
    smaller one goes first: the photo of a single write does not wait behind those of a chunk.
    """

    def __init__(
        self,
        threads: int,
        per_host: int,
        name: str = "image",
        *,
        share: Callable[[Lane, str], int] | None = None,
    ) -> None:
        self._per_host = per_host
        self._share = share
        self._waiting: dict[Lane, OrderedDict[str | None, deque[_Task]]] = {
            lane: OrderedDict() for lane in Lane
        }
        self._running: Counter[tuple[Lane, str | None]] = Counter()
        self._for_doubted = max(1, threads // 2)
        self._doubted: set[_Task] = set()  # that run
        self._closed = False
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(
        self, lane: Lane, host: str | None, call: Callable[..., T], *args: object, **kwargs: object
    ) -> Future[T]:
        """The future of `call(*args, **kwargs)`. Raises RuntimeError after `shutdown`."""
        future: Future[T] = Future()
        with self._changed:
            if self._closed:
                raise RuntimeError("the pool is shut down")
            task = _Task(lane, host, lambda: call(*args, **kwargs), future)
            self._waiting[lane].setdefault(host, deque()).append(task)
            self._changed.notify()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; run those that wait, or cancel them; wait for the threads if asked to."""
        with self._changed:
            self._closed = True
            if cancel_futures:
                for hosts in self._waiting.values():
                    for task in itertools.chain.from_iterable(hosts.values()):
                        task.future.cancel()
                    hosts.clear()
            self._changed.notify_all()
        if wait:
            for thread in self._threads:
                thread.join()

    def _work(self) -> None:
        while (task := self._next()) is not None:
            if task.future.set_running_or_notify_cancel():
                try:
                    result = task.call()
                except BaseException as error:
                    task.future.set_exception(error)
                else:
                    task.future.set_result(result)
            with self._changed:
                self._running -= Counter([(task.lane, task.host)])  # and drops what is 0
                self._doubted.discard(task)
                self._changed.notify_all()  # its host may have been given a greater share

    def _next(self) -> _Task | None:
        """The next call that may run, waiting for one; None when the pool is shut down and empty."""
        with self._changed:
            while True:
                task = self._take()
                if task is not None:
                    return task
                if self._closed and not any(self._waiting.values()):
                    self._changed.notify_all()  # the other idle threads end too
                    return None
                self._changed.wait()

    def _take(self) -> _Task | None:
        for lane, hosts in self._waiting.items():
            for host, queue in hosts.items():
                most = self._per_host if host is None else self._most(lane, host)
                doubted = most < self._per_host
                if doubted and len(self._doubted) >= self._for_doubted:
                    continue
                if host is None or self._running[lane, host] < most:
                    task = queue.popleft()
                    if doubted:
                        self._doubted.add(task)
                    # The host goes to the end of the row, so that hosts take turns.
                    hosts.move_to_end(host)
                    if not queue:
                        del hosts[host]
                    self._running[lane, host] += 1
                    return task
        return None

    def _most(self, lane: Lane, host: str) -> int:
        return self._per_host if self._share is None else min(self._per_host, self._share(lane, host))
