"""Filter columns in blocks: what a view holds stays, whatever the writer does afterwards."""

from __future__ import annotations

import math

import numpy as np

from tests.engine_rows import FINGERPRINT, unit, upsert
from workers.indexer.engine.columns import FilterColumns, compile_filters
from workers.indexer.engine.cow import BLOCK_ROWS, CowColumn
from workers.indexer.engine.faiss_engine import FaissEngines
from workers.indexer.engine.port import Columns, Filters, ShardQuery
from workers.indexer.engine.vocabulary import LabelSets, Vocabularies

MANY = BLOCK_ROWS + 1_000


def test_a_view_keeps_its_values_when_the_writer_changes_them() -> None:
    column = CowColumn(np.int32)
    column.append(np.arange(MANY))
    view = column.freeze()
    column[5] = -1
    column[BLOCK_ROWS + 5] = -2
    assert (view[0][5], view[1][5]) == (5, BLOCK_ROWS + 5)
    assert (column[5], column[BLOCK_ROWS + 5]) == (-1, -2)


def test_only_the_changed_block_is_copied_and_only_once_until_the_next_view() -> None:
    column = CowColumn(np.int32)
    column.append(np.arange(MANY))
    before = column.freeze()
    column[5] = -1
    first = column._blocks[0]
    column[6] = -1
    assert column._blocks[0] is first
    after = column.freeze()
    assert after[0] is not before[0]
    assert after[1] is before[1]


def test_a_value_written_again_copies_nothing() -> None:
    """A patch of the price alone then copies the price alone, though it writes every column."""
    column = CowColumn(np.float64)
    column.append(np.array([1.5, math.nan]))
    before = column.freeze()
    column[0] = 1.5
    column[1] = math.nan
    assert column.freeze()[0] is before[0]


def test_rows_appended_to_a_shared_block_need_no_copy_and_old_rows_stay() -> None:
    column = CowColumn(np.int32)
    column.append(np.arange(10))
    before = column.freeze()
    column.append(np.arange(10, 20))
    after = column.freeze()
    assert after[0] is before[0]
    assert after[0][:20].tolist() == list(range(20))


def test_dead_rows_and_filters_are_judged_across_blocks() -> None:
    words = Vocabularies()
    columns = FilterColumns()
    red, blue = words.encode(Columns(color="red")), words.encode(Columns(color="blue"))
    columns.append([red if row % 2 else blue for row in range(MANY)])
    for row in (1, BLOCK_ROWS + 1, BLOCK_ROWS + 1):
        columns.kill(row)
    view = columns.freeze()
    allowed = np.flatnonzero(view.allowed(compile_filters(Filters(color=("red",)), words)))
    assert allowed.tolist() == [row for row in range(1, MANY, 2) if row not in (1, BLOCK_ROWS + 1)]
    assert view.dead == 2


def test_columns_are_read_back_as_they_were_told() -> None:
    words = Vocabularies()
    columns = FilterColumns()
    told = [
        Columns(),
        Columns("dress", "Acme", "red", ("b", "a"), "in_stock", 39.9, "EUR", 4.6),
        Columns(labels=("a",), price=0.0, rating=0.0),
    ]
    columns.append([words.encode(one) for one in told])
    view = columns.freeze()
    assert [view.read(row, words) for row in range(len(told))] == told


def test_an_older_view_takes_no_notice_of_an_excluded_product_that_came_after_it() -> None:
    engine = FaissEngines().open(2, FINGERPRINT)
    engine.apply([upsert(("old", "i", 0, (1.0, 0.0)))])
    (view,) = engine.freeze().views
    engine.apply([upsert(("new", "j", 0, (1.0, 0.0)))])
    query = ShardQuery(unit(1.0, 0.0), limit=5, exclude_products=frozenset({"new"}))
    ranking = view.ranking((), query)
    assert ranking is not None
    assert ranking.best(5).rows.tolist() == [0]


def test_sets_of_labels_are_found_by_each_of_their_labels() -> None:
    sets = LabelSets()
    codes = [sets.intern(labels) for labels in [("a", "b"), ("b",), (), ("a", "b"), ("c", "c")]]
    assert codes[3] == codes[0]
    assert set(sets.codes_with(["a"])) == {codes[0]}
    assert set(sets.codes_with(["b", "c"])) == {codes[0], codes[1], codes[4]}
    assert sets.codes_with(["never seen"]) == []
