"""MinIO, whose binary is built once and kept in a cache folder."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import MinioException

from tests.servers.absent import NotInstalled
from tests.servers.server import Server

ACCESS_KEY, SECRET_KEY = "tusou-tests", "tusou-tests-secret"


class MinIO(Server):
    def __init__(self) -> None:
        self.program = find_program()
        super().__init__()

    @property
    def url(self) -> str:
        return self.bucket_url("tusou")

    def bucket_url(self, bucket: str) -> str:
        return f"s3://{ACCESS_KEY}:{SECRET_KEY}@127.0.0.1:{self.port}/{bucket}?secure=false"

    def client(self, timeout_s: float = 10.0) -> Minio:
        """A client of its own, for tests that look at or damage what Tusou stored."""
        return Minio(
            f"127.0.0.1:{self.port}",
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
            secure=False,
            region="us-east-1",
            # Without retries: a young server answers 503 with `Retry-After: 60`, which would be obeyed.
            http_client=urllib3.PoolManager(timeout=timeout_s, retries=False),
        )

    def create_bucket(self) -> str:
        name = f"t-{uuid.uuid4().hex}"
        self.client().make_bucket(name)
        return name

    def command(self) -> list[str]:
        return [self.program, "server", str(self.data), "--quiet", "--address", f"127.0.0.1:{self.port}"]

    def environment(self) -> dict[str, str]:
        return {
            "MINIO_ROOT_USER": ACCESS_KEY,
            "MINIO_ROOT_PASSWORD": SECRET_KEY,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        }

    def answers(self) -> bool:
        """Not by its health page, which is ready a moment before the store is."""
        try:
            self.client(timeout_s=1.0).list_buckets()
        except (urllib3.exceptions.HTTPError, MinioException):
            return False
        return True


def find_program() -> str:
    """`$TUSOU_TEST_MINIO`, the PATH, then the cache folder."""
    named = os.environ.get("TUSOU_TEST_MINIO")
    cached = Path.home() / ".cache" / "tusou" / "bin" / "minio"
    for candidate in (named, shutil.which("minio"), cached):
        if candidate is not None and os.access(candidate, os.X_OK):
            return str(candidate)
    reason = f"not on the PATH, in $TUSOU_TEST_MINIO or {cached} (go install github.com/minio/minio@latest)"
    raise NotInstalled("MinIO", reason)
