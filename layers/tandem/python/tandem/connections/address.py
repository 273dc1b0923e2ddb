"""Which addresses Tandem connects to: public ones, unless integration and tenant both permit others.

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


@dataclass(frozen=True, slots=True)
class AddressRule:
    """`may_be_private`: the integration says allow_private_address and the tenant file permits it; then http and
    private addresses are fine, too."""

    may_be_private: bool = False

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
            if self.may_be_private:
                # No RMM is there, but what hands out credentials to whoever asks (169.254.169.254).
                if _effective(address).is_link_local:
                    raise WrongAddress(f"{host} leads to the link-local address {text}. Enter another address.")
            elif not is_public(address):
                raise WrongAddress(f"{host} leads to {text}, which is not on the public internet. {_PERMISSION}")


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


def _effective(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    return address


def _as_the_system_reads_it(host: str) -> str:
    """The address that `127.1`, `0x7f.0.0.1` and `2130706433` spell: name resolution takes them for one."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return host
