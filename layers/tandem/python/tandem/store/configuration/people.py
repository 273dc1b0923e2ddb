"""Users and their API keys. One admin who can act must remain, so writes happen one after another."""

from collections.abc import Iterable

from tandem.store import keys
from tandem.store.configuration.records import ApiKey, Role, User, api_key_of, user_of, values_of
from tandem.store.configuration.table import ConfigurationTable, Delete, Put, Scope, Write


class LastAdminError(Exception):
    """After this change nobody could administer the tenant any more."""


class EmailTakenError(Exception):
    """Another user has this email address; the text says who."""


class People:
    """All users and API keys of the tenant."""

    def __init__(self, table: ConfigurationTable) -> None:
        self._table = table

    def users(self) -> list[User]:
        """Every user."""
        return [user_of(values) for values in self._table.all("USER")]

    def users_page(self, after: str | None, limit: int) -> list[User]:
        """Users in the order of their ids, behind the id `after`."""
        return [user_of(values) for values in self._table.page("USER", after, limit)]

    def user(self, user_id: str) -> User | None:
        """One user."""
        values = self._table.get(keys.user_key(user_id))
        return user_of(values) if values else None

    def several(self, user_ids: Iterable[str]) -> dict[str, User]:
        """Those of these users that there are, by id."""
        found = self._table.several([keys.user_key(each) for each in user_ids])
        return {user.user_id: user for user in map(user_of, found)}

    def api_keys(self) -> list[ApiKey]:
        """Every API key."""
        return [api_key_of(values) for values in self._table.all("APIKEY")]

    def keys_page(self, after: str | None, limit: int) -> list[ApiKey]:
        """API keys in the order of their ids, behind the id `after`."""
        behind = (key for key in self.api_keys() if after is None or key.key_id > after)
        return sorted(behind, key=lambda key: key.key_id)[:limit]

    def key_by_hash(self, key_hash: str) -> ApiKey | None:
        """The key whose text has this SHA-256 (hex)."""
        values = self._table.get(keys.api_key_key(key_hash))
        return api_key_of(values) if values else None

    def put_user(self, user: User) -> None:
        """Write onto version `user.version`. Raises LastAdminError, EmailTakenError, ConflictError."""
        version = self._table.version_of(Scope.ACCESS)
        users = {each.user_id: each for each in self.users()} | {user.user_id: user}
        for other in users.values():
            if user.email is not None and other.user_id != user.user_id and _same(other.email, user.email):
                raise EmailTakenError(f"user '{other.user_id}' has this address")
        if user.version > 0 and not _somebody_administers(users, self.api_keys()):
            raise LastAdminError
        self._commit(Put(keys.user_key(user.user_id), values_of(user), user.version), version)

    def add_key(self, key: ApiKey) -> None:
        """Write a new key. Raises ConflictError."""
        self._commit(Put(keys.api_key_key(key.key_hash), values_of(key), 0), None)

    def remove_key(self, key: ApiKey) -> None:
        """Remove a key. Raises LastAdminError, ConflictError."""
        version = self._table.version_of(Scope.ACCESS)
        users = {each.user_id: each for each in self.users()}
        rest = [each for each in self.api_keys() if each.key_hash != key.key_hash]
        if not _somebody_administers(users, rest):
            raise LastAdminError
        self._commit(Delete(keys.api_key_key(key.key_hash), key.version), version)

    def _commit(self, write: Write, expecting: int | None) -> None:
        self._table.commit(Scope.ACCESS, [write], expecting)


def _same(email: str | None, other: str) -> bool:
    return email is not None and email.casefold() == other.casefold()


def _somebody_administers(users: dict[str, User], api_keys: list[ApiKey]) -> bool:
    """An active admin has a key of that role."""
    admins = {user.user_id for user in users.values() if user.active and user.role is Role.ADMIN}
    return any(key.role is Role.ADMIN and key.user_id in admins for key in api_keys)
