"""Users and API keys."""

from pydantic import Field

from tandem.admin.schemas.base import Email, Given, Id, Name, RoleName, Taken, Time, example, unless_given
from tandem.admin.schemas.notifications import NotificationPreferencesAnswer, NotificationPreferencesChange


class UserCreate(Taken):
    """A new user."""

    model_config = example(name="Ada Lovelace", email="ada@example.com", role="technician")

    name: Name = Field(examples=["Ada Lovelace"])
    email: Email
    role: RoleName


class UserChange(Taken):
    """What to change; what is left out stays as it is."""

    model_config = example(role="admin")

    name: Name = unless_given()
    email: Email = unless_given()
    role: RoleName = unless_given()
    active: bool = unless_given(description="The keys of a user who is not active open nothing")
    notifications: NotificationPreferencesChange = unless_given()


class UserAnswer(Given):
    """A person who works with Tandem."""

    id: str
    name: str
    email: str | None
    role: RoleName
    active: bool
    notifications: NotificationPreferencesAnswer


class ApiKeyCreate(Taken):
    """A new key for a user."""

    model_config = example(user_id="vxk3m2qd7z5h4tjw6nya", role="viewer")

    user_id: Id
    role: RoleName | None = Field(None, description="At most the user's; the user's if left out")


class ApiKeyAnswer(Given):
    """A key, without its text."""

    id: str
    user_id: str
    role: RoleName
    last_characters: str = Field(description="The last 4 characters of the key, to tell keys apart")
    created_at: Time


class NewApiKeyAnswer(ApiKeyAnswer):
    """A new key with its text, which is shown this once."""

    key: str = Field(examples=["tdm_n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"])
