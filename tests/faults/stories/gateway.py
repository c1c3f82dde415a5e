"""Accepting: what a client asked a gateway for, and asks for again when nobody answered."""

from __future__ import annotations

from typing import Any

from shared.db.tables import images, imports, jobs, log, products
from tests.faults.stories.story import Story
from tests.faults.truth import Truth
from tests.gateway_rig import Gateway, png

KEY = {"Idempotency-Key": "once"}


class Accepting:
    """One request, sent again by its client when the gateway died before it answered."""

    def begin(self, truth: Truth) -> None:
        with truth.gateway() as gateway:
            gateway.make_catalog()

    def go_on(self, truth: Truth) -> None:
        with truth.gateway() as gateway:
            answer = self.send(gateway)
            assert answer.status_code in (200, 202), answer.text

    def send(self, gateway: Gateway) -> Any:
        raise NotImplementedError

    def check(self, truth: Truth) -> None:
        with truth.gateway() as gateway:
            (job,) = gateway.rows(jobs)
            assert self.send(gateway).json["id"] == job.id
            assert job.due_at is not None, "a keeper sends what the dead one did not"
        truth.check_orphans()


class AcceptingSearch(Accepting):
    def send(self, gateway: Gateway) -> Any:
        return gateway.search(headers=KEY)

    def check(self, truth: Truth) -> None:
        super().check(truth)
        with truth.gateway() as gateway:
            assert len(gateway.rows(images)) == 1


class AcceptingImage(Accepting):
    def go_on(self, truth: Truth) -> None:
        with truth.gateway() as gateway:
            assert self.send(gateway).status_code == 201

    def send(self, gateway: Gateway) -> Any:
        return gateway.upload(headers=KEY)

    def check(self, truth: Truth) -> None:
        with truth.gateway() as gateway:
            (image,) = gateway.rows(images)
            assert self.send(gateway).json["id"] == image.id
            assert gateway.store.get(image.upload, sha256=image.sha256, length=len(png())) == png()
        truth.check_orphans()


class AcceptingImport(Accepting):
    def send(self, gateway: Gateway) -> Any:
        return gateway.send_manifest(headers=KEY)

    def check(self, truth: Truth) -> None:
        super().check(truth)
        with truth.gateway() as gateway:
            assert len(gateway.rows(imports)) == 1


class AcceptingWrite(Accepting):
    """A PUT has no key: sent again it is another write that says the same, and the later one wins."""

    def send(self, gateway: Gateway) -> Any:
        return gateway.put("p", title="Lamp", images=["https://example.com/p.jpg"])

    def check(self, truth: Truth) -> None:
        with truth.gateway() as gateway:
            (product,) = gateway.rows(products)
            written = gateway.rows(jobs)
            assert product.attributes["title"] == "Lamp"
            assert product.accepted_no == max(job.accept_no for job in written)
            assert len(written) <= 2
        truth.check_orphans()


class AcceptingDelete(Accepting):
    def begin(self, truth: Truth) -> None:
        super().begin(truth)
        with truth.gateway() as gateway:
            assert gateway.put("p", title="Lamp").status_code == 200

    def go_on(self, truth: Truth) -> None:
        with truth.gateway() as gateway:
            assert gateway.client.delete("/v1/products/p").status_code in (200, 404)

    def check(self, truth: Truth) -> None:
        with truth.gateway() as gateway:
            assert gateway.client.get("/v1/products/p").status_code == 404
            (product,) = gateway.rows(products)
            assert product.deleted_no is not None
            assert [entry.kind for entry in gateway.rows(log)] == ["delete"]


STORIES: dict[str, Story] = {
    "accept_search": AcceptingSearch(),
    "accept_image": AcceptingImage(),
    "accept_import": AcceptingImport(),
    "accept_write": AcceptingWrite(),
    "accept_delete": AcceptingDelete(),
}
