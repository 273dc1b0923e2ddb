"""Routes of users and API keys."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tandem.admin.authentication import hash_of, new_key
from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.notifications import changed_preferences, preferences_answer
from tandem.admin.paging import page_of
from tandem.admin.problems import conflict, invalid, not_found
from tandem.admin.references import user as the_user_of
from tandem.admin.schemas.base import NoBody, NoQuery, Page, PageQuery
from tandem.admin.schemas.people import (
    ApiKeyAnswer,
    ApiKeyCreate,
    NewApiKeyAnswer,
    UserAnswer,
    UserChange,
    UserCreate,
)
from tandem.ids import new_id
from tandem.store.configuration.people import EmailTakenError, LastAdminError
from tandem.store.configuration.records import ApiKey, Role, User

_LAST_ADMIN = "refused: an active admin with an admin key must remain, or nobody could administer the tenant"


def list_users(call: Call[NoBody, PageQuery]) -> Answer:
    """One page of users."""
    return Answer(page_of(call, "users", call.services.people.users_page, lambda each: each.user_id, _user))


def create_user(call: Call[UserCreate, NoQuery]) -> Answer:
    """A new user."""
    user = User(new_id(), call.body.name, call.body.email, Role(call.body.role))
    _put(call, lambda: user)
    return Answer(_user(user), 201, f"/users/{user.user_id}")


def get_user(call: Call[NoBody, NoQuery]) -> Answer:
    """One user."""
    return Answer(_user(_the_user(call)))


def change_user(call: Call[UserChange, NoQuery]) -> Answer:
    """A user, changed. A key never may more than its user does, so a lesser role takes effect on all keys."""

    def changed() -> User:
        user, body = _the_user(call), call.body
        return replace(
            user,
            name=body.name if body.given("name") else user.name,
            email=body.email if body.given("email") else user.email,
            role=Role(body.role) if body.given("role") else user.role,
            active=body.active if body.given("active") else user.active,
            notifications=(
                changed_preferences(user.notifications, body.notifications)
                if body.given("notifications")
                else user.notifications
            ),
        )

    return Answer(_user(_put(call, changed)))


def list_keys(call: Call[NoBody, PageQuery]) -> Answer:
    """One page of API keys, without their texts."""
    return Answer(page_of(call, "api-keys", call.services.people.keys_page, lambda each: each.key_id, _key))


def create_key(call: Call[ApiKeyCreate, NoQuery]) -> Answer:
    """A new key for a user, with its text."""
    user = the_user_of(call, "user_id", call.body.user_id)
    assert user is not None  # noqa: S101 the body names one
    role = Role(call.body.role) if call.body.role is not None else user.role
    if not user.role.allows(role):
        raise invalid("role", f"this user is {user.role.value}: the key may not do more")
    text = new_key()
    key = ApiKey(new_id(), hash_of(text), user.user_id, role, text[-4:], call.now)
    call.services.table.retrying(lambda: call.services.people.add_key(key))
    shown = _key(key).model_dump() | {"key": text}
    return Answer(NewApiKeyAnswer.model_validate(shown), 201, f"/api-keys/{key.key_id}")


def delete_key(call: Call[NoBody, NoQuery]) -> Answer:
    """The key opens nothing any more: here at once, elsewhere within half a minute."""

    def remove() -> None:
        key_id = call.params["key_id"]
        key = next((each for each in call.services.people.api_keys() if each.key_id == key_id), None)
        if key is None:
            raise not_found("API key", key_id)
        try:
            call.services.people.remove_key(key)
        except LastAdminError:
            raise conflict(_LAST_ADMIN) from None

    call.services.table.retrying(remove)
    call.services.authenticator.forget()
    return Answer(status=204)


def _put(call: Call[Any, Any], changed: Callable[[], User]) -> User:
    def put() -> User:
        user = changed()
        try:
            call.services.people.put_user(user)
        except LastAdminError:
            raise conflict(_LAST_ADMIN) from None
        except EmailTakenError as error:
            raise invalid("email", str(error)) from None
        return user

    user = call.services.table.retrying(put)
    call.services.authenticator.forget()
    return user


def _the_user(call: Call[Any, Any]) -> User:
    user = call.services.people.user(call.params["user_id"])
    if user is None:
        raise not_found("user", call.params["user_id"])
    return user


def _user(user: User) -> UserAnswer:
    return UserAnswer.model_validate(
        {
            "id": user.user_id,
            "name": user.name,
            "email": user.email,
            "role": user.role.value,
            "active": user.active,
            "notifications": preferences_answer(user.notifications),
        }
    )


def _key(key: ApiKey) -> ApiKeyAnswer:
    return ApiKeyAnswer.model_validate(
        {
            "id": key.key_id,
            "user_id": key.user_id,
            "role": key.role.value,
            "last_characters": key.prefix,
            "created_at": key.created_at,
        }
    )


_USERS = "Users"
_KEYS = "API keys"
_KEEPS_AN_ADMIN = "the last admin would be locked out"

ROUTES: Routes = (
    Route("GET", "/users", "List users", Role.VIEWER, list_users, Page[UserAnswer], _USERS, query=PageQuery),
    Route("POST", "/users", "Create a user", Role.ADMIN, create_user, UserAnswer, _USERS, 201, body=UserCreate),
    Route("GET", "/users/{user_id}", "Read a user", Role.VIEWER, get_user, UserAnswer, _USERS),
    Route(
        "PATCH",
        "/users/{user_id}",
        "Change a user",
        Role.ADMIN,
        change_user,
        UserAnswer,
        _USERS,
        body=UserChange,
        conflicts=_KEEPS_AN_ADMIN,
    ),
    Route("GET", "/api-keys", "List API keys", Role.VIEWER, list_keys, Page[ApiKeyAnswer], _KEYS, query=PageQuery),
    Route(
        "POST",
        "/api-keys",
        "Create an API key",
        Role.ADMIN,
        create_key,
        NewApiKeyAnswer,
        _KEYS,
        201,
        body=ApiKeyCreate,
        description="The key's text is in this answer only.",
    ),
    Route(
        "DELETE",
        "/api-keys/{key_id}",
        "Remove an API key",
        Role.ADMIN,
        delete_key,
        None,
        _KEYS,
        204,
        conflicts=_KEEPS_AN_ADMIN,
    ),
)
