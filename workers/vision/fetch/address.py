"""Which addresses an image may be fetched from: public unicast, and nothing that leads elsewhere."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

# IANA's IPv4 special-purpose registry, as far as it is not for everyone, and multicast. Our own list, because
# `ipaddress.is_global` changed its answers between Python releases.
_FORBIDDEN_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network; Linux takes 0.0.0.0 for loopback
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; also the metadata service of one cloud
        "127.0.0.0/8",
        "168.63.129.16/32",  # a public address that Azure's machines reach their host by
        "169.254.0.0/16",  # link-local; most clouds' metadata service
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)

# IPv6 is the other way round: IANA gives public unicast addresses out of one block only. Outside it lie
# loopback, link-local, ULA, multicast, IPv4-mapped, IPv4-compatible and NAT64 (64:ff9b::/96) addresses.
_PUBLIC_V6 = IPv6Network("2000::/3")
_FORBIDDEN_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo (IPv4 inside), ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: IPv4 inside
        "3fff::/20",  # documentation
    )
)
_ISATAP_INTERFACES = (0x0000_5EFE, 0x0200_5EFE)  # RFC 5214: an interface id that ends in an IPv4 address


def is_public(address: Address) -> bool:
    """Whether anyone on the internet may be asked at this address.

    No form of IPv6 that carries an IPv4 address passes, whatever that is: a gateway would take us there.
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _FORBIDDEN_V4)
    if address not in _PUBLIC_V6 or any(address in network for network in _FORBIDDEN_V6):
        return False
    return (int(address) >> 32) & 0xFFFF_FFFF not in _ISATAP_INTERFACES
