"""`python -P -m workers.trainer` starts a trainer; with a command it trains, evaluates or exports, and tells
progress as lines of JSON."""

import json
import os
import sys

from workers.models.engines.threads import let_waiting_threads_sleep

let_waiting_threads_sleep()
# Without it matrix products on a GPU differ from run to run, whatever torch is told.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

INTERRUPTED = 130  # what a shell says of a program that Ctrl-C ended
# What the extra `train` brings.
EXTRA = ("torch", "torchvision", "torchmetrics", "pytorch_metric_learning", "numpy", "safetensors")

try:
    # Here, as reading torch takes seconds, in which Ctrl-C is no traceback either.
    if len(sys.argv) > 1:
        from workers.trainer.cli.app import main
    else:
        from workers.trainer.job.worker import main
    main()
except KeyboardInterrupt:
    raise SystemExit(INTERRUPTED) from None
except ModuleNotFoundError as error:
    if error.name not in EXTRA:
        raise
    said = f"{error.name} is not installed, and a trainer needs it: pip install 'tusou[train]'"
    print(json.dumps({"event": "failed", "code": "extra_missing", "error": said}), flush=True)
    raise SystemExit(1) from None
