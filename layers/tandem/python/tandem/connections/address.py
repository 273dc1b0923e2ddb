"""Which addresses Tandem connects to: public ones, unless integration and tenant both permit private ones. Some it
connects to in no case: they lead to what hands out credentials, or to the function itself, and no RMM is there.

An instance URL is whatever an admin typed, and a name resolves to whatever its owner says, a moment later to something
else. So it is the resolved address that counts, at every connection (transport.py); what can be told from the URL alone
is told when it is typed.
"""

import ipaddress
import socket
from dataclasses import dataclass
from unicodedata import normalize
from urllib.parse import urlsplit

from tandem.connections.errors import WrongAddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_SPECIAL = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("192.88.99.0/24"))
"""Kept for protocols, and relays. Not every Python version counts the first among the private ones."""
_PRIVATE_NAMES = (".localhost", ".local", ".internal")

_NEVER: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "which stands for no address"),
    ("169.254.0.0/16", "a link-local address"),
    ("224.0.0.0/4", "a multicast address"),
    ("255.255.255.255/32", "the broadcast address"),
    ("fe80::/10", "a link-local address"),
    ("ff00::/8", "a multicast address"),
    # Where AWS answers over IPv6 what it answers at 169.254 over IPv4: credentials, time, names.
    ("fd00:ec2::/32", "an address of AWS's own services"),
    # Translators of a network's own: which IPv4 address is meant, only that network knows.
    ("64:ff9b:1::/48", "an IPv4 address behind a local translator"),
    ("::ffff:0:0:0/96", "an IPv4 address behind a local translator"),
)
"""Never connected to, and why not."""
_NEVER_NETWORKS = tuple((ipaddress.ip_network(network), why) for network, why in _NEVER)
_IPV4_COMPATIBLE = ipaddress.ip_network("::/96")


@dataclass(frozen=True, slots=True)
class AddressRule:
    """`may_be_private`: the integration says allow_private_address and the tenant file permits it; then http and
    private addresses are fine, too. `may_be_this_machine`: of those also 127.0.0.1 and ::1, where inside of Lambda the
    runtime's own API listens: for the local stack and tests only."""

    may_be_private: bool = False
    may_be_this_machine: bool = False

    def check_url(self, url: str) -> None:
        """Raises WrongAddress for a URL that is not https, or names a private address as far as its text tells."""
        if self.may_be_private:
            return
        if urlsplit(url).scheme != "https":
            raise WrongAddress(
                f"Tandem sends credentials over https only, and this address is {url!r}. Enter one with https://."
            )
        if is_private_address(url):
            raise WrongAddress(f"{urlsplit(url).hostname} is on a private network. {_PERMISSION}")

    def check(self, host: str, addresses: list[str]) -> None:
        """Raises WrongAddress unless Tandem may connect to every address that the host resolved to."""
        for text in addresses:
            address = ipaddress.ip_address(text.partition("%")[0])
            if not self.may_be_private:
                if not is_public(address):
                    raise WrongAddress(f"{host} leads to {text}, which is not on the public internet. {_PERMISSION}")
            elif (why := _why_never(address, self.may_be_this_machine)) is not None:
                raise WrongAddress(
                    f"{host} leads to {text}, {why}. Tandem never connects there: enter another address."
                )


_PERMISSION = (
    "If that is meant, say allow_private_address: true, and let the tenant file permit it; otherwise enter the address "
    "under which the server is reached from the internet."
)


def is_public(address: Address) -> bool:
    """On the public internet: an IPv4 address inside an IPv6 one (mapped, NAT64, 6to4, Teredo) counts as itself."""
    inner = _effective(address)
    if isinstance(inner, ipaddress.IPv6Address):
        return inner in _GLOBAL_UNICAST and inner.is_global and not inner.is_multicast
    special = inner.is_multicast or inner.is_reserved or any(inner in network for network in _SPECIAL)
    return inner.is_global and not special


def is_private_address(url: str) -> bool:
    """The address names a machine that is not on the public internet. Only a literal IP address and `localhost` can be
    told without asking the DNS."""
    host = normalize("NFKC", urlsplit(url).hostname or "").rstrip(".")
    try:
        return not is_public(ipaddress.ip_address(_as_the_system_reads_it(host.partition("%")[0])))
    except ValueError:
        return host == "localhost" or host.endswith(_PRIVATE_NAMES)


def is_this_machine(url: str) -> bool:
    """The URL names the machine that asks, as an address or as `localhost`."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _why_never(address: Address, may_be_this_machine: bool) -> str | None:
    """Why Tandem connects to it in no case; None for an address that may be an RMM's."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return None if may_be_this_machine else "which is the machine that Tandem itself runs on"
    if isinstance(address, ipaddress.IPv6Address):
        if address in _IPV4_COMPATIBLE:
            return "which stands for no address"
        # A relay would lead from outside to what is inside; a network's own addresses are entered as they are.
        if any(not is_public(inner) for inner in _embedded(address)):
            return "which hides a private IPv4 address"
    return next((why for network, why in _NEVER_NETWORKS if address in network), None)


def _embedded(address: ipaddress.IPv6Address) -> tuple[ipaddress.IPv4Address, ...]:
    """The IPv4 addresses that stand in one of NAT64, 6to4 or Teredo."""
    if address in _NAT64:
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    return address.teredo or ()


def _effective(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    embedded = _embedded(address)
    return embedded[-1] if embedded else address


def _as_the_system_reads_it(host: str) -> str:
    """The address that `127.1`, `0x7f.0.0.1` and `2130706433` spell: name resolution takes them for one."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return host
