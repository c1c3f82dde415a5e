"""The trainer's commands under their own names: its options are its own, and so is its --help."""

from __future__ import annotations

from typing import Final

import typer

from services.cli.training.process import run_trainer

_COMMANDS: Final = {
    "train": "Train a network on DATA; a run that was ended goes on from its last checkpoint.",
    "evaluate": "Measure a model or a running service on labelled pictures: report.json and report.html.",
    "export": "Write a model as an ONNX file for the edge, and tell what it is worth there.",
    "variant": "Write a network with the recommended input, averaging, whitening and descriptor.",
}
# All is handed on, --help too: the trainer knows its options, and it alone imports torch.
_PASSED_ON: Final = {"allow_extra_args": True, "ignore_unknown_options": True}


def training(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    for name, told in _COMMANDS.items():
        app.command(name, help=told, context_settings=_PASSED_ON, add_help_option=False)(_passed_on)


def _passed_on(context: typer.Context) -> None:
    raise typer.Exit(run_trainer([str(context.info_name), *context.args]))
