#!/bin/sh
# Known vulnerabilities of what we install at the tested versions, as a report: it fails nothing.
#
#     sh deploy/audit.sh [python]     a python with pip; pip-audit goes into an environment of its own
#
# Ends with 0 also where there is no network: then it says so in one line.
set -u
cd "$(dirname "$0")/.." || exit 0
python=${1:-python3}
folder=$(mktemp -d) || exit 0
trap 'rm -rf "$folder"' EXIT
if ! { "$python" -m venv "$folder/venv" && "$folder/venv/bin/python" -m pip install --quiet --timeout 10 --retries 1 \
    --disable-pip-version-check pip-audit; } >"$folder/log" 2>&1; then
    echo "not audited: pip-audit cannot be installed ($(tail -n 1 "$folder/log"))"
    exit 0
fi
# Constraints are whole: nothing has to be resolved, and nothing is installed.
if timeout 60 "$folder/venv/bin/pip-audit" --disable-pip --no-deps --progress-spinner off \
    --requirement constraints.txt >"$folder/report" 2>"$folder/log"; then
    echo "no known vulnerability in constraints.txt"
elif [ -s "$folder/report" ]; then
    cat "$folder/report"
else
    echo "not audited: $(tail -n 1 "$folder/log")"
fi
exit 0
