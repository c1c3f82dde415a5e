"""An object store on any server that speaks the plain part of S3, through the `minio` client."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from minio import Minio
from minio.error import MinioException, S3Error
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from shared.errors import NameTaken, ObjectCorrupt, ObjectMissing, StoreUnavailable
from shared.storage.names import check_name, check_prefix, is_name
from shared.storage.port import Stored
from shared.storage.s3_http import SizedTimeouts
from shared.storage.s3_upload import PART, Upload
from shared.storage.verify import BLOCK, check_range, copy_to_file, verified, wrong_length

T = TypeVar("T")

_UNKNOWN = -1  # the client's word for a length it is not told


class S3Store:
    """Objects of one bucket.

    `region` is given so that the client need not ask for it, which not every server answers.
    """

    def __init__(
        self, endpoint: str, bucket: str, access_key: str, secret_key: str, *, secure: bool, region: str
    ) -> None:
        self._bucket = bucket
        self._address = f"{endpoint}/{bucket}"
        self._client = Minio(
            endpoint,
            access_key=access_key,
            secret_key=secret_key,
            secure=secure,
            region=region,
            http_client=SizedTimeouts(),
        )

    def ensure(self) -> None:
        with self._translated():
            try:
                self._client.make_bucket(self._bucket)
            except S3Error as error:
                if error.code != "BucketAlreadyOwnedByYou":
                    raise

    def ping(self) -> None:
        with self._translated():
            if not self._client.bucket_exists(self._bucket):
                raise StoreUnavailable(f"{self._address}: the bucket is not there")

    def put(self, name: str, data: bytes | BinaryIO, length: int | None = None) -> Stored:
        # Names are random, so a name in use is a mistake of ours; one more round trip finds it out.
        if self.size(name) is not None:
            raise NameTaken(f"{name} is in use")
        upload = Upload(name, io.BytesIO(data) if isinstance(data, bytes) else data, length)
        with self._translated():
            written = self._client.put_object(
                self._bucket, name, cast(BinaryIO, upload), _UNKNOWN, part_size=PART, num_parallel_uploads=1
            )
        if not upload.has_etag(written.etag or "") and self.size(name) != upload.length:
            self.delete(name)
            raise StoreUnavailable(f"{self._address}: {name} was accepted but is not stored whole")
        return Stored(name, upload.sha256, upload.length)

    def put_file(self, name: str, path: Path) -> Stored:
        with path.open("rb") as file:
            return self.put(name, file)

    def adopt(self, incoming: str, name: str) -> Stored:
        with self._translated(), self._body(incoming) as body:
            return self.put(name, cast(BinaryIO, body), _length_of(body))

    def get(self, name: str, *, sha256: str, length: int) -> bytes:
        return _again_if_corrupt(lambda: self._get(name, sha256, length))

    def get_range(self, name: str, offset: int, length: int, *, sha256: str) -> bytes:
        check_range(offset, length)
        return _again_if_corrupt(lambda: self._get_range(name, offset, length, sha256))

    def fetch_to(self, name: str, path: Path, *, sha256: str, length: int) -> None:
        _again_if_corrupt(lambda: copy_to_file(name, self._blocks(name), path, sha256=sha256, length=length))

    def size(self, name: str) -> int | None:
        check_name(name)
        with self._translated():
            try:
                return self._client.stat_object(self._bucket, name).size
            except S3Error as error:
                if error.code == "NoSuchKey":
                    return None
                raise

    def delete(self, name: str) -> None:
        check_name(name)
        with self._translated():
            self._client.remove_object(self._bucket, name)

    def list(self, prefix: str) -> Iterator[str]:
        check_prefix(prefix)
        with self._translated():
            for found in self._client.list_objects(self._bucket, prefix, recursive=True):
                if found.object_name is not None and is_name(found.object_name):
                    yield found.object_name

    def _get(self, name: str, sha256: str, length: int) -> bytes:
        with self._translated(), self._body(name) as body:
            found = _length_of(body)
            if found != length:
                raise wrong_length(name, length, found)
            return verified(name, body.read(), sha256=sha256, length=length)

    def _get_range(self, name: str, offset: int, length: int, sha256: str) -> bytes:
        with self._translated(), self._body(name, offset, length) as body:
            return verified(name, body.read(), sha256=sha256, length=length)

    @contextlib.contextmanager
    def _body(self, name: str, offset: int = 0, length: int = 0) -> Iterator[BaseHTTPResponse]:
        """The response whose body is the object, or the range if `length` is not 0."""
        check_name(name)
        try:
            response = self._client.get_object(self._bucket, name, offset, length)
        except S3Error as error:
            if error.code == "NoSuchKey":
                raise ObjectMissing(f"{name} is not in the store") from error
            if error.code == "InvalidRange":
                raise ObjectCorrupt(f"{name}: it ends before byte {offset}") from error
            raise
        try:
            yield response
        finally:
            response.close()
            response.release_conn()

    def _blocks(self, name: str) -> Iterator[bytes]:
        with self._translated(), self._body(name) as body:
            yield from body.stream(BLOCK)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except S3Error as error:
            raise StoreUnavailable(f"{self._address}: {error.code}: {error.message}") from error
        except (MinioException, HTTPError) as error:
            raise StoreUnavailable(f"{self._address}: {error}") from error


def _again_if_corrupt(read: Callable[[], T]) -> T:
    """A byte may have been flipped on its way here; what is damaged where it lies is so the second time."""
    try:
        return read()
    except ObjectCorrupt:
        return read()


def _length_of(body: BaseHTTPResponse) -> int:
    return int(body.headers["Content-Length"])
