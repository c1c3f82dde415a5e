"""Addresses of images that need no key: signed, and valid for a time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from sqlalchemy import select

from shared.db.engine import Database
from shared.db.tables import secrets as secret_rows

MAC_BYTES = 16  # of HMAC-SHA256; half of it is as good as the whole against forging (RFC 2104, section 5)
STEPS = 24  # an address stays the same for a part of its time, so that browsers find it in their cache


class Signer:
    """`sig` is `<expiry>.<mac>`: seconds since 1970, and a MAC over tenant, image and expiry."""

    def __init__(self, secret: bytes, ttl: int) -> None:
        self._secret = secret
        self._ttl = ttl
        self._step = max(1, ttl // STEPS)

    def thumbnail(self, tenant: str, image_id: str, now: float) -> str:
        """The path of an image's thumbnail that this tenant may hand on; good for at least the set time."""
        return f"/v1/images/{image_id}/thumbnail?sig={self.sign(tenant, image_id, now)}"

    def sign(self, tenant: str, image_id: str, now: float) -> str:
        last = now + self._ttl
        expiry = int(last - last % self._step + self._step)
        return f"{expiry}.{self._mac(tenant, image_id, expiry)}"

    def verify(self, sig: str, tenant: str, image_id: str, now: float) -> bool:
        text, _, mac = sig.partition(".")
        if not (text.isascii() and text.isdigit() and len(text) <= 15) or int(text) < now:
            return False
        return hmac.compare_digest(mac.encode(), self._mac(tenant, image_id, int(text)).encode())

    def _mac(self, tenant: str, image_id: str, expiry: int) -> str:
        message = f"{tenant}\n{image_id}\n{expiry}".encode()
        digest = hmac.digest(self._secret, message, hashlib.sha256)[:MAC_BYTES]
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def shared_secret(db: Database, name: str = "signing") -> bytes:
    """The deployment's own secret of this name; the first process to ask makes it."""
    query = select(secret_rows.c.value).where(secret_rows.c.name == name)
    with db.read() as c:
        value = c.execute(query).scalar()
    if value is None:
        with db.write() as c:
            c.execute(
                db.insert(secret_rows)
                .values(name=name, value=secrets.token_hex(32))
                .on_conflict_do_nothing(index_elements=["name"])
            )
            value = c.execute(query).scalar_one()
    return str(value).encode()
