#!/bin/sh
# Run the installing command "$@" and tell on one line of the terminal how far it is; what it said is
# shown only when it fails.
set -u
log=$(mktemp)
"$@" >"$log" 2>&1 &
installing=$!
# A command in the background does not hear Ctrl-C by itself.
trap 'kill "$installing" 2>/dev/null; wait "$installing" 2>/dev/null; rm -f "$log"; exit 130' INT TERM

seconds=0
while kill -0 "$installing" 2>/dev/null; do
    [ -t 1 ] && printf '\r\033[K%4d s  %.70s' "$seconds" "$(tail -n 1 "$log")"
    sleep 1
    seconds=$((seconds + 1))
done
[ -t 1 ] && printf '\r\033[K'

wait "$installing"
status=$?
[ "$status" -eq 0 ] || cat "$log" >&2
rm -f "$log"
exit "$status"
