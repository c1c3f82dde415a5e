"""Rounds that heal: re-dispatch, deadlines, expiry, sweeps."""
