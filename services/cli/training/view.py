"""What a person sees of a training: a bar with the loss, a line for each epoch, tables at the end."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.cli import show
from services.cli.show import console


class View:
    """A context; `show` takes the trainer's events in their order (workers/trainer/progress.py)."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[loss]}"),
            TimeElapsedColumn(),
        )
        self._bars = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
        self._bar = self._bars.add_task("reading", total=None, loss="")
        self._figures: list[dict[str, Any]] = []
        self._handlers: dict[str, Callable[[dict[str, Any]], None]] = {
            "started": self._started,
            "stage": self._stage,
            "caching": self._caching,
            "step": self._step,
            "looking": self._looking,
            "epoch": self._epoch,
            "finished": self._finished,
            "report": self._report,
            "measured": self._measured,
            "exported": self._exported,
        }

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()
        if self._figures and kind is None:
            measured_table(self._figures)

    def show(self, event: dict[str, Any]) -> None:
        """An event of a kind that is not known here is passed over: the trainer may be newer."""
        handler = self._handlers.get(event["event"])
        if handler is not None:
            handler(event)

    def _started(self, event: dict[str, Any]) -> None:
        if event["resumed_at"]:
            _line(f"resuming after {event['resumed_at']} epochs")

    def _stage(self, event: dict[str, Any]) -> None:
        self._bars.update(self._bar, description=f"stage {event['stage']}, {event['blocks']} blocks learn")

    def _caching(self, event: dict[str, Any]) -> None:
        self._bars.update(
            self._bar, description="frozen blocks", completed=event["done"], total=event["of"], loss=""
        )

    def _looking(self, event: dict[str, Any]) -> None:
        self._bars.update(
            self._bar, description="pictures", completed=event["done"], total=event["of"], loss=""
        )

    def _step(self, event: dict[str, Any]) -> None:
        self._bars.update(
            self._bar,
            description=f"epoch {event['epoch']}",
            completed=event["step"],
            total=event["steps"],
            loss=f"loss {event['loss']:.4f}",
        )

    def _epoch(self, event: dict[str, Any]) -> None:
        figures = "".join(f"  {name} {value:.4f}" for name, value in event["validation"].items())
        validated = f"  validation:{figures}" if figures else ""
        _line(f"epoch {event['number']}  loss {event['loss']:.4f}{validated}  {event['seconds']:.0f} s")
        self._bars.update(self._bar, completed=0, total=None, loss="")

    def _finished(self, event: dict[str, Any]) -> None:
        _line(f"trained {event['epochs']} epochs; the best was {event['best_epoch']}")

    def _report(self, event: dict[str, Any]) -> None:
        figures = {k: v for k, v in event.items() if isinstance(v, int | float)}
        for kind in ("by_category", "by_product"):
            figures |= {f"{name} {kind}": value for name, value in (event.get(kind) or {}).items()}
        show.table("report", ["figure", "value"], [[k, _number(v)] for k, v in figures.items()])
        _line(f"{event['folder']}/report.html")

    def _measured(self, event: dict[str, Any]) -> None:
        self._figures.append(event)

    def _exported(self, event: dict[str, Any]) -> None:
        _line(f"{event['folder']}: fingerprint {event['fingerprint']}")


def measured_table(figures: list[dict[str, Any]]) -> None:
    """One row for each model, and of two what the second loses."""
    rows: list[list[object]] = [
        [
            each["name"],
            f"{each['bytes'] / 1e6:.2f} MB",
            f"{each['images_per_s']:.1f}",
            _number(each["r1"]),
            _number(each["accuracy"]),
        ]
        for each in figures
    ]
    if len(figures) == 2:
        first, second = figures
        lost = [_lost(first[key], second[key]) for key in ("r1", "accuracy")]
        saved = f"{second['bytes'] / first['bytes']:.0%} of it"
        faster = f"{second['images_per_s'] / first['images_per_s']:.2f} times"
        rows.append(["loss", saved, faster, *lost])
    show.table("measured", ["model", "bytes", "images/s", "R@1", "accuracy"], rows)


def _lost(before: float | None, after: float | None) -> str:
    return "" if before is None or after is None else f"{before - after:+.4f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)


def _line(text: str) -> None:
    console.print(show.plain(text))
