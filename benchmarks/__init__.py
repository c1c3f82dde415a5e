"""Each script measures ours beside its limit in the same run, and ends with one JSON line."""
