"""/v1/images: uploads, and what is served of them."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from services.gateway.http.signing import Signer, shared_secret
from shared.db.engine import now
from shared.db.tables import images, objects
from tests.gateway_rig import Gateway, png


def test_an_upload_answers_where_it_is_and_is_not_served_as_it_came(gateway: Gateway) -> None:
    answer = gateway.upload()
    image_id = answer.json["id"]
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/images/{image_id}"
    assert answer.json == {"id": image_id, "state": "new", "width": 300, "height": 200}
    for path in (f"/v1/images/{image_id}", f"/v1/images/{image_id}/thumbnail"):
        served = gateway.client.get(path)
        assert (served.status_code, served.json["code"]) == (409, "not_ready")


def test_a_normalised_image_is_served_as_a_jpeg_that_can_do_nothing(gateway: Gateway) -> None:
    image_id = gateway.add_image(data=b"a jpeg")
    answer = gateway.client.get(f"/v1/images/{image_id}")
    assert (answer.status_code, answer.data, answer.content_type) == (200, b"a jpeg", "image/jpeg")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"].startswith("private")
    assert "immutable" in answer.headers["Cache-Control"]


def test_a_browser_that_has_it_gets_304(gateway: Gateway) -> None:
    path = f"/v1/images/{gateway.add_image()}"
    etag = gateway.client.get(path).headers["ETag"]
    again = gateway.client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


def test_a_thumbnail_is_the_small_one_or_else_the_image(gateway: Gateway) -> None:
    without = gateway.add_image(data=b"large")
    small = gateway.rows(images)[0].normalised
    both = gateway.add_image(data=b"other", thumbnail=small)
    assert gateway.client.get(f"/v1/images/{without}/thumbnail").data == b"large"
    assert gateway.client.get(f"/v1/images/{both}/thumbnail").data == b"large"
    assert gateway.client.get(f"/v1/images/{both}").data == b"other"


def test_a_rejected_image_is_409(gateway: Gateway) -> None:
    image_id = gateway.upload().json["id"]
    with gateway.db.write() as c:
        c.execute(update(images).values(state="rejected"))
    assert gateway.client.get(f"/v1/images/{image_id}").json["code"] == "image_rejected"


def test_an_expired_image_is_gone(gateway: Gateway) -> None:
    image_id = gateway.add_image(expires_at=1.0)
    assert gateway.client.get(f"/v1/images/{image_id}").status_code == 404


def test_an_image_whose_object_is_marked_is_gone(gateway: Gateway) -> None:
    image_id = gateway.add_image()
    with gateway.db.write() as c:
        c.execute(update(objects).values(removed_at=now()))
    assert gateway.client.get(f"/v1/images/{image_id}").status_code == 404


def test_a_flipped_byte_is_never_served(gateway: Gateway) -> None:
    image_id = gateway.add_image(data=b"a jpeg")
    (name,) = gateway.store.objects
    gateway.store.objects[name] = b"a jpeh"
    answer = gateway.client.get(f"/v1/images/{image_id}")
    assert (answer.status_code, answer.json["code"]) == (500, "object_corrupt")


def test_a_signed_address_opens_one_image_for_a_time_and_no_other(gateway: Gateway) -> None:
    gateway.key()
    image_id, other = gateway.add_image(), gateway.add_image()
    elsewhere = {"Host": "shop.example"}
    clock = gateway.db.clock()
    sig = gateway.deps.signer.sign("default", image_id, clock)
    late = gateway.deps.signer.sign("default", image_id, clock - 2 * gateway.settings.image_url_ttl)
    forged = sig[:-1] + ("A" if sig[-1] != "A" else "B")
    for path in (f"/v1/images/{image_id}", f"/v1/images/{image_id}/thumbnail"):
        assert gateway.client.get(f"{path}?sig={sig}", headers=elsewhere).status_code == 200
        for bad in (forged, late, "", "x", f"{10**14}.x", sig.partition(".")[0]):
            assert gateway.client.get(f"{path}?sig={bad}", headers=elsewhere).status_code == 401
    assert gateway.client.get(f"/v1/images/{other}?sig={sig}", headers=elsewhere).status_code == 401
    assert gateway.client.get(f"/v1/images/{'0' * 32}?sig={sig}", headers=elsewhere).status_code == 401


def test_a_key_without_a_reading_scope_sees_no_image(gateway: Gateway) -> None:
    image_id = gateway.add_image()
    for scope in ("search", "catalogue", "admin"):
        headers = gateway.key("default", scope)
        assert gateway.client.get(f"/v1/images/{image_id}", headers=headers).status_code == 200


def test_an_address_stays_the_same_for_a_while_and_lives_at_least_its_time() -> None:
    signer = Signer(b"secret", ttl=86_400)
    start = 1_800_000_000.0
    addresses = {signer.thumbnail("t", "i", start + second) for second in range(0, 3600, 60)}
    assert len(addresses) == 1
    for second in range(0, 86_400, 997):
        now_ = start + second
        assert signer.verify(signer.sign("t", "i", now_), "t", "i", now_ + 86_400)


def test_a_signature_binds_tenant_image_time_and_secret() -> None:
    sig = Signer(b"secret", 60).sign("t", "i", 100.0)
    same = Signer(b"secret", 60)
    assert same.verify(sig, "t", "i", 100.0)
    assert not same.verify(sig, "u", "i", 100.0)
    assert not same.verify(sig, "t", "j", 100.0)
    assert not same.verify(sig, "t", "i", 1000.0)
    assert not Signer(b"other", 60).verify(sig, "t", "i", 100.0)


def test_all_gateways_of_a_database_share_one_secret(gateway: Gateway) -> None:
    assert shared_secret(gateway.db) == shared_secret(gateway.db)
    assert len(shared_secret(gateway.db)) == 64


@pytest.mark.parametrize("form", [{}, {"image": "text"}, {"image": (None, "x"), "more": "1"}])
def test_an_upload_without_a_file_is_refused(gateway: Gateway, form: dict[str, object]) -> None:
    import io

    form = {k: (io.BytesIO(png()), "a.png") if isinstance(v, tuple) else v for k, v in form.items()}
    answer = gateway.client.post("/v1/images", data=form, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert gateway.rows(images) == []
