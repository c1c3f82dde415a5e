"""How a gateway is reached that listens somewhere."""

from __future__ import annotations

import pytest

from services.cli.embedded.address import check_address, url_of
from services.cli.trouble import Trouble


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("192.168.1.5", "http://192.168.1.5:80"),
        ("shop.local", "http://shop.local:80"),
    ],
)
def test_a_listening_address_becomes_one_to_ask_at(host: str, url: str) -> None:
    assert url_of(host, 80) == url


@pytest.mark.parametrize("port", [-1, 0, 65536, 99999])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    """The system's resolver would take 99999 as 34463."""
    with pytest.raises(Trouble, match="1 to 65535"):
        check_address("127.0.0.1", port)
