"""Imported by a benchmark that computes with torch in its own process, before torch is."""

from workers.models.engines.threads import let_waiting_threads_sleep

let_waiting_threads_sleep()
