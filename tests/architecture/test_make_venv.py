"""What `make` says on a machine whose Python does not fit, tried with stand-ins for Python."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "deploy" / "make-venv.sh"
SHELL = shutil.which("sh") or "/bin/sh"

# Answers what the script asks of a Python; making a virtual environment leaves a note of who made it.
STAND_IN = """#!{shell}
case "$1 $2" in
    "--version ") echo "Python {version}" ;;
    *version_info*) {fits} ;;
    *ensurepip*) {has_venv} ;;
    "-m venv") echo "{name}" >"$3" ;;
    *) echo "unexpected: $*" >&2; exit 2 ;;
esac
"""


class Machine:
    """A PATH that holds nothing but the stand-ins."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made_by = folder / "made-by"

    def has(self, name: str, version: str, *, fits: bool = True, venv: bool = True) -> Path:
        program = self.folder / name
        answers = {True: "exit 0", False: "exit 1"}
        text = STAND_IN.format(
            shell=SHELL, name=name, version=version, fits=answers[fits], has_venv=answers[venv]
        )
        program.write_text(text)
        program.chmod(0o755)
        return program

    def make_venv(self, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SHELL, str(SCRIPT), str(self.made_by)],
            env={"PATH": str(self.folder), **env},
            capture_output=True,
            text=True,
            timeout=30,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_python3_that_fits_is_taken(machine: Machine) -> None:
    machine.has("python3", "3.11.2")
    machine.has("python3.14", "3.14.0")
    assert machine.make_venv().returncode == 0
    assert machine.made_by.read_text() == "python3\n"


def test_the_newest_that_fits_is_taken_when_python3_does_not(machine: Machine) -> None:
    machine.has("python3", "3.9.1", fits=False)
    machine.has("python3.12", "3.12.1")
    machine.has("python3.13", "3.13.0")
    assert machine.make_venv().returncode == 0
    assert machine.made_by.read_text() == "python3.13\n"


def test_one_without_venv_is_passed_over(machine: Machine) -> None:
    machine.has("python3", "3.11.2", venv=False)
    machine.has("python3.12", "3.12.1")
    assert machine.make_venv().returncode == 0
    assert machine.made_by.read_text() == "python3.12\n"


def test_a_python_without_venv_gets_a_sentence_that_says_what_to_install(machine: Machine) -> None:
    machine.has("python3", "3.11.2", venv=False)
    done = machine.make_venv()
    assert done.returncode == 1
    assert "Python 3.11.2 cannot make virtual environments" in done.stderr
    assert "apt install python3-venv" in done.stderr


def test_an_old_python_gets_a_sentence_that_says_which_fit(machine: Machine) -> None:
    machine.has("python3", "3.9.1", fits=False)
    done = machine.make_venv()
    assert done.returncode == 1
    assert "needs Python 3.11 to 3.14; Python 3.9.1 was found" in done.stderr
    assert "make demo PYTHON=" in done.stderr


def test_a_machine_without_python_gets_the_same_sentence(machine: Machine) -> None:
    done = machine.make_venv()
    assert done.returncode == 1
    assert "needs Python 3.11 to 3.14; no python3 was found" in done.stderr


def test_the_named_python_is_taken(machine: Machine) -> None:
    machine.has("python3", "3.11.2")
    named = machine.has("my python", "3.13.0")
    assert machine.make_venv(PYTHON=str(named)).returncode == 0
    assert machine.made_by.read_text() == "my python\n"


def test_a_named_python_that_does_not_fit_is_not_replaced_by_another(machine: Machine) -> None:
    machine.has("python3", "3.11.2")
    named = machine.has("old", "3.8.0", fits=False)
    done = machine.make_venv(PYTHON=str(named))
    assert done.returncode == 1
    assert "Python 3.8.0 was found" in done.stderr
