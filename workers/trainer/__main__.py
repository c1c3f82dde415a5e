"""`python -P -m workers.trainer`: train or evaluate, telling progress as lines of JSON."""

import os

# Before torch is loaded, which reads it once: OpenMP's threads would spin while they wait for each other, and
# one epoch of the small CNN on 2 busy cores takes five minutes instead of one.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from workers.trainer.app import main

main()
