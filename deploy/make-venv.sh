#!/bin/sh
# Make the virtual environment $1 with the newest Python from 3.11 to 3.14, or say what is missing.
set -u
venv=$1

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null; }

for python in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if fits "$python"; then
        if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "$("$python" --version) has no venv module: install it first (Debian, Ubuntu: apt install python3-venv)." >&2
            exit 1
        fi
        exec "$python" -m venv "$venv"
    fi
done
echo "Tusou needs Python 3.11 to 3.14; $(python3 --version 2>/dev/null || echo 'no python3') was found." >&2
echo "Install one of them, or name it: make demo PYTHON=/path/to/python3.13" >&2
exit 1
