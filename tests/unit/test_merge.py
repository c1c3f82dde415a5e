"""Merging answers: parts of groups, and the whole photo's hits with the main item's."""

from shared.answer.merge import Hit, with_whole

BOX = (0.0, 0.0, 1.0, 1.0)


def hit(score: float, product: str, image: str) -> Hit:
    return Hit(score, product, image, 0, BOX)


def test_the_whole_photo_joins_the_main_item_and_the_better_hit_of_a_product_stays() -> None:
    main, other = [hit(0.9, "a", "a1"), hit(0.5, "b", "b1")], [hit(0.4, "x", "x1")]
    whole = [hit(0.8, "c", "c1"), hit(0.7, "b", "b2"), hit(0.6, "a", "a2")]
    merged = with_whole([main, other, whole], "product")
    assert [h.image_id for h in merged[0]] == ["a1", "c1", "b2"]
    assert merged[1:] == [other]


def test_grouped_by_image_each_image_stays() -> None:
    merged = with_whole([[hit(0.9, "a", "a1")], [hit(0.95, "a", "a1"), hit(0.8, "a", "a2")]], "image")
    assert [(h.image_id, h.score) for h in merged[0]] == [("a1", 0.95), ("a2", 0.8)]
