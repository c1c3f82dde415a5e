"""Object names: ours, those that users choose, and those that nobody may have."""

from __future__ import annotations

import os.path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidRequest
from shared.storage.names import KINDS, check_name, hour_of, hour_prefix, is_name, new_name

NOW = 1_795_425_300.0  # 2026-11-23 09:15 UTC


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_a_new_name_tells_its_kind_its_hour_and_its_tenant(kind: str) -> None:
    name = new_name(kind, "shop-1", NOW)
    assert name.startswith(f"{kind}/2026112309/shop-1/")
    assert hour_of(name) == "2026112309"
    assert name.startswith(hour_prefix(kind, "2026112309"))


def test_no_two_names_are_alike_though_the_moment_is() -> None:
    assert len({new_name("images", "shop", NOW) for _ in range(1000)}) == 1000


@given(st.floats(0, 4_102_444_800))
def test_the_hour_is_that_of_the_given_clock_whatever_this_machine_thinks(now: float) -> None:
    seconds = int(now)
    midnight_hour = seconds % 86_400 // 3600
    assert int(hour_of(new_name("images", "shop", now))[-2:]) == midnight_hour


@pytest.mark.parametrize("kind", ["incoming", "photos", "", "../images", "images/x"])
def test_names_are_made_for_our_own_kinds_only(kind: str) -> None:
    with pytest.raises(InvalidRequest):
        new_name(kind, "shop", NOW)


@pytest.mark.parametrize("tenant", ["", "a" * 65, "Shop", "a/b", "..", "a b", "größe", "a\n"])
def test_a_tenant_that_is_none_is_refused(tenant: str) -> None:
    with pytest.raises(InvalidRequest):
        new_name("images", tenant, NOW)


@pytest.mark.parametrize(
    "key",
    [
        "",
        ".",
        "..",
        "../other/products.csv",
        "a/../../other/products.csv",
        "a/./b",
        "a//b",
        "/a",
        "a/",
        "a\\..\\b",
        "a\x00b",
        "a\nb",
        "\ud800",
        "x" * 256,
        "/".join(["x" * 200] * 6),
    ],
)
def test_a_key_that_leads_elsewhere_or_fits_no_store_is_refused(key: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_name(f"incoming/shop/{key}")
    assert refused.value.code == "invalid_object_name"
    refused.value.detail.encode()  # can be sent to whoever asked


@given(st.text(st.sampled_from("ab./\\ %~\x00é尺"), max_size=12))
def test_whatever_a_key_says_it_stays_below_its_tenants_folder(key: str) -> None:
    try:
        name = check_name(f"incoming/shop/{key}")
    except InvalidRequest:
        return
    assert os.path.normpath(name) == name
    assert name.startswith("incoming/shop/")


@pytest.mark.parametrize(
    "name",
    [
        "uploads/2026112309/shop/01KARCYZ4G0000000000000000/x",
        "uploads/2026112309/01KARCYZ4G0000000000000000",
        "uploads/20261123/shop/01KARCYZ4G0000000000000000",
        "uploads/2026112309/shop/01karcyz4g0000000000000000",
        "uploads/2026112309/shop/../shop/01KARCYZ4G0000000000000000",
        "uploads/2026112309/shop/01KARCYZ4G0000000000000000\n",
        ".unfinished/01KARCYZ4G0000000000000000",
    ],
)
def test_what_only_resembles_a_name_is_none(name: str) -> None:
    assert not is_name(name)
    with pytest.raises(InvalidRequest):
        check_name(name)


def test_what_users_lay_down_has_no_hour() -> None:
    with pytest.raises(InvalidRequest):
        hour_of("incoming/shop/products.csv")


@pytest.mark.parametrize(("kind", "hour"), [("..", "2026112309"), ("images", ""), ("images", "../x")])
def test_no_prefix_leads_elsewhere(kind: str, hour: str) -> None:
    with pytest.raises(InvalidRequest):
        hour_prefix(kind, hour)
