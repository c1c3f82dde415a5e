#!/bin/sh
# Make the virtual environment $1 with a Python from 3.11 to 3.14, or say what to do.
# $PYTHON names one; otherwise it is python3, or else the newest that fits.
set -u
venv=$1

say() { printf '%s\n' "$*" >&2; }
fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null; }
makes_venvs() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }
version() { "$1" --version 2>/dev/null || echo "no $1"; }

if [ -n "${PYTHON:-}" ]; then
    set -- "$PYTHON"
else
    set -- python3 python3.14 python3.13 python3.12 python3.11
fi

without_venv=
for python in "$@"; do
    fits "$python" || continue
    if makes_venvs "$python"; then
        say "making $venv with $(version "$python") ..."
        exec "$python" -m venv "$venv"
    fi
    without_venv=${without_venv:-$python}
done

if [ -n "$without_venv" ]; then
    say "$(version "$without_venv") cannot make virtual environments: install its venv module first"
    say "(Debian, Ubuntu: apt install python3-venv), then run make again."
else
    say "Tusou needs Python 3.11 to 3.14; $(version "$1") was found."
    say "Install one of them, or name it: make demo PYTHON=/path/to/python3.13"
fi
exit 1
