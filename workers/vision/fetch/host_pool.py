"""A thread pool in which no host can hold more than its share of the threads."""

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Task:
    host: str | None
    call: Callable[[], Any]
    future: Future[Any]


class HostPool:
    """Runs calls on `threads` threads, at most `per_host` at a time for one host, hosts in turn.

    `share`, asked for a host each time a thread is free, may allow it fewer at that moment.

    A call waits in its host's queue and not on a thread, so while one host hangs the other threads keep
    working. Calls without a host (None) are not limited.
    """

    def __init__(
        self,
        threads: int,
        per_host: int,
        name: str = "image",
        *,
        share: Callable[[str], int] | None = None,
    ) -> None:
        self._per_host = per_host
        self._share = share
        self._waiting: OrderedDict[str | None, deque[_Task]] = OrderedDict()
        self._running: Counter[str | None] = Counter()
        self._closed = False
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, host: str | None, call: Callable[..., T], *args: object, **kwargs: object) -> Future[T]:
        """The future of `call(*args, **kwargs)`. Raises RuntimeError after `shutdown`."""
        future: Future[T] = Future()
        with self._changed:
            if self._closed:
                raise RuntimeError("the pool is shut down")
            task = _Task(host, lambda: call(*args, **kwargs), future)
            self._waiting.setdefault(host, deque()).append(task)
            self._changed.notify()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; run those that wait, or cancel them; wait for the threads if asked to."""
        with self._changed:
            self._closed = True
            if cancel_futures:
                for queue in self._waiting.values():
                    for task in queue:
                        task.future.cancel()
                self._waiting.clear()
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
                self._running[task.host] -= 1
                if not self._running[task.host]:
                    del self._running[task.host]
                self._changed.notify_all()  # its host may have been given a greater share

    def _next(self) -> _Task | None:
        """The next call that may run, waiting for one; None when the pool is shut down and empty."""
        with self._changed:
            while True:
                task = self._take()
                if task is not None:
                    return task
                if self._closed and not self._waiting:
                    self._changed.notify_all()  # the other idle threads end too
                    return None
                self._changed.wait()

    def _take(self) -> _Task | None:
        for host, queue in self._waiting.items():
            if host is None or self._running[host] < self._most(host):
                task = queue.popleft()
                # The host goes to the end of the row, so that hosts take turns.
                self._waiting.move_to_end(host)
                if not queue:
                    del self._waiting[host]
                self._running[host] += 1
                return task
        return None

    def _most(self, host: str) -> int:
        return self._per_host if self._share is None else min(self._per_host, self._share(host))
