"""What a killed training goes on from: tensors as safetensors, all else as JSON. Nothing is unpickled."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load, save

from shared.errors import Conflict, ObjectCorrupt
from shared.storage.durable import sync
from workers.trainer.course import Course, course_from_json
from workers.trainer.training.learner import State

CURVES: Final = "curves.jsonl"
_POINTER: Final = "checkpoint.json"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """`learner` as it is and as it was in the best epoch; `optimizer` is that of the stage under way."""

    course: Course
    learner: State
    best: State
    optimizer: State


class Checkpoints:
    """The checkpoints of one training in one folder, of which only the last is kept.

    `identity` says which training this is: recipe, data and what else the result depends on.
    """

    def __init__(self, folder: Path, identity: dict[str, str]) -> None:
        self._folder = folder
        self._identity = identity
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, checkpoint: Checkpoint) -> None:
        """Replaces the former one in one step, so that a kill at any time leaves one of the two."""
        name = f"checkpoint-{checkpoint.course.done:05d}.safetensors"
        best: State = {} if checkpoint.best is checkpoint.learner else checkpoint.best
        parts = {"learner": checkpoint.learner, "best": best, "optimizer": checkpoint.optimizer}
        content = save(
            {f"{part}/{k}": v.contiguous() for part, state in parts.items() for k, v in state.items()}
        )
        _write(self._folder / name, content)
        pointer = {
            "identity": self._identity,
            "file": name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "course": checkpoint.course.as_json(),
        }
        _write(self._folder / _POINTER, json.dumps(pointer, indent=1).encode())
        lines = (json.dumps(epoch) + "\n" for epoch in checkpoint.course.as_json()["history"])
        _write(self._folder / CURVES, "".join(lines).encode())
        for old in self._folder.glob("checkpoint-*.safetensors"):
            if old.name != name:
                old.unlink()

    def read(self) -> Checkpoint | None:
        """The last one, None where there is none.

        Raises Conflict for another training's, and ObjectCorrupt for one that is not what was written.
        """
        pointer = self._folder / _POINTER
        if not pointer.is_file():
            return None
        try:
            told: dict[str, Any] = json.loads(pointer.read_bytes())
            identity, sha256, course = told["identity"], told["sha256"], course_from_json(told["course"])
            content = (self._folder / told["file"]).read_bytes()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ObjectCorrupt(f"{pointer} is not what was written ({error}): delete it") from error
        if identity != self._identity:
            differ = [k for k in self._identity if identity.get(k) != self._identity[k]]
            raise Conflict(
                f"{self._folder} holds another training's checkpoint ({', '.join(differ)} differ): "
                "take another folder, or delete it"
            )
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ObjectCorrupt(f"{self._folder / told['file']} is not what was written: delete {pointer}")
        states: dict[str, State] = {"learner": {}, "best": {}, "optimizer": {}}
        for key, value in load(content).items():
            part, _, rest = key.partition("/")
            states[part][rest] = value
        learner = states["learner"]
        return Checkpoint(course, learner, states["best"] or learner, states["optimizer"])


def optimizer_state(optimizer: torch.optim.Optimizer) -> State:
    """Its tensors, by `<parameter's number>/<slot>`; rates and the like follow from recipe and step."""
    return {
        f"{number}/{slot}": value.detach().to("cpu", copy=True)
        for number, slots in optimizer.state_dict()["state"].items()
        for slot, value in slots.items()
        if isinstance(value, torch.Tensor)
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, state: State) -> None:
    slots: dict[int, State] = {}
    for key, value in state.items():
        number, _, slot = key.partition("/")
        slots.setdefault(int(number), {})[slot] = value
    optimizer.load_state_dict({"state": slots, "param_groups": optimizer.state_dict()["param_groups"]})


def _write(path: Path, content: bytes) -> None:
    """All or nothing, on the disk when this returns."""
    new = path.with_name(f".{path.name}.new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync(path.parent)
