"""What all tables share. `ID` holds a ULID or a random id."""

from __future__ import annotations

from sqlalchemy import MetaData, String

metadata = MetaData()

ID = String(64)
TENANT = String(64)
OBJECT = String(200)
FINGERPRINT = String(16)
HASH = String(64)
