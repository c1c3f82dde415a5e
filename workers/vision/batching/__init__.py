"""One thread owns the model; images reach it in batches, lane by lane."""
