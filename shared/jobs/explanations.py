"""Rows of explanations: which job makes one, and the two pictures that it becomes.

A row is there before its job is, and goes with the search, with either image and with its own job. So a
worker that finds it gone has explained something that was erased meanwhile, and keeps none of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, or_, select, update

from shared.db.tables import explanations
from shared.storage import owners


def find(c: Connection, job_id: str, item: int, hit: int) -> Row[Any] | None:
    """The explanation of the `hit`-th hit (from 1) of a search's `item`-th item (from 0)."""
    this = (explanations.c.job_id == job_id, explanations.c.item == item, explanations.c.hit == hit)
    return c.execute(select(explanations).where(*this)).one_or_none()


def complete(c: Connection, made_by: str, query_object: str, result_object: str) -> bool:
    """The pictures are there; false when the explanation was erased while they were made."""
    made = {"query_object": query_object, "result_object": result_object}
    this = explanations.c.made_by == made_by
    return bool(c.execute(update(explanations).where(this).values(**made)).rowcount)


def forget_jobs(c: Connection, ids: Iterable[str]) -> None:
    """Those of these searches, and those that these jobs made."""
    these = tuple(ids)
    _forget(c, or_(explanations.c.job_id.in_(these), explanations.c.made_by.in_(these)))


def forget_images(c: Connection, ids: Iterable[str]) -> None:
    """Those that show one of these images."""
    these = tuple(ids)
    _forget(c, or_(explanations.c.query_image.in_(these), explanations.c.result_image.in_(these)))


def _forget(c: Connection, which: ColumnElement[bool]) -> None:
    pictures = (explanations.c.query_object, explanations.c.result_object)
    gone = c.execute(delete(explanations).where(which).returning(*pictures))
    owners.remove(c, [name for row in gone for name in row])
