"""The items of an answer: hits with their products, and what the item is."""

from pathlib import Path

from shared.answer.join import join
from shared.answer.merge import Hit
from shared.answer.outcome import Item
from shared.images.box import WHOLE
from tests.index_rig import Rig, unit


def test_the_classifier_has_its_say_in_the_categories(tmp_path: Path) -> None:
    """Two neighbours vote one half each; the classifier gives shoes 0.8: (0.5 + 0.8 + 0.2 * 0.5) / 2."""
    rig = Rig(f"sqlite:///{tmp_path / 'tusou.db'}", tmp_path)
    rig.put("a", unit(1), category="dress")
    rig.put("b", unit(1), category="shoe")
    item = Item(WHOLE, None, None, b"", (("SHOE", 0.8), ("teapot", 0.2)))
    hits = [Hit(0.9, "a", "x", 0, WHOLE), Hit(0.9, "b", "y", 0, WHOLE)]
    with rig.db.read() as c:
        (answer,) = join(c, "shop", (item,), [hits], limit=10, no_match_below=None)
    assert answer["categories"] == [{"name": "shoe", "score": 0.7}, {"name": "dress", "score": 0.3}]
    assert (answer["label"], answer["label_score"]) == ("shoe", 0.7)


def test_categories_are_the_same_however_many_hits_are_shown(tmp_path: Path) -> None:
    """And a product that has many images among the hits votes once."""
    rig = Rig(f"sqlite:///{tmp_path / 'tusou.db'}", tmp_path)
    for product, category in (("a", "dress"), ("b", "shoe"), ("c", "shoe")):
        rig.put(product, unit(1), category=category)
    hits = [Hit(0.9, p, f"{p}{n}", 0, WHOLE) for p in "abc" for n in range(3 if p == "a" else 1)]
    with rig.db.read() as c:
        few, many = (
            join(c, "shop", (Item(WHOLE, None, None, b""),), [hits], limit=limit, no_match_below=None)[0]
            for limit in (1, 10)
        )
    assert (len(few["hits"]), len(many["hits"])) == (1, 5)
    assert few["categories"] == many["categories"]
    assert few["categories"] == [{"name": "shoe", "score": 0.6667}, {"name": "dress", "score": 0.3333}]
