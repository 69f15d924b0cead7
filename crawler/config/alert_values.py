"""[alerts] of pressmark.toml, as a frozen pydantic model."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema, field_validator


def _address(value: object) -> str:
    where = _parts(value)
    if where is None or where[0] not in ("http", "https"):
        raise ValueError("must be an address like https://chat.example/hooks/…")
    return str(value).strip()


def _mail_server(value: object) -> str:
    where = _parts(value)
    if where is None or where[0] not in ("smtp", "smtps"):
        raise ValueError('must be an address like "smtp://user:password@mail.example:587" or "smtps://mail.example"')
    return str(value).strip()


def _parts(value: object) -> tuple[str, str] | None:
    """Scheme and host of an address; None where it is none."""
    try:
        where = urlsplit(value.strip()) if isinstance(value, str) else None
        found = (where.scheme, where.hostname or "", where.port) if where else None
    except ValueError:
        return None
    return found[:2] if found and found[1] else None


def _mailbox(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not re.fullmatch(r"(?:[^<>\r\n]* <)?[^\s<>@]+@[^\s<>@]+>?", text):
        raise ValueError("must be an address like you@example.org")
    return text


def _mailboxes(value: object) -> object:
    return [part for part in re.split(r"\s*,\s*", value.strip()) if part] if isinstance(value, str) else value


_TEXT = WithJsonSchema({"type": "string"})
Address = Annotated[str, BeforeValidator(_address), WithJsonSchema({"type": "string", "format": "uri"})]
MailServer = Annotated[str, BeforeValidator(_mail_server), _TEXT]
Mailbox = Annotated[str, BeforeValidator(_mailbox), _TEXT]
Mailboxes = Annotated[
    tuple[Mailbox, ...],
    BeforeValidator(_mailboxes),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class AlertSettings(BaseModel):
    """[alerts]: who is told when a source is not as usual, and when it is again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Literal["warn", "bad"] = Field(default="bad", description="from which state on")
    command: str | None = Field(default=None, description="a shell command; gets the alarm as JSON on its stdin")
    webhook: Address | None = Field(default=None, description="gets a POST with the alarm as JSON")
    mail_to: Mailboxes = Field(default=(), description="one address or several")
    mail_from: Mailbox | None = Field(default=None, description="default: the first of mail_to")
    smtp: MailServer | None = Field(
        default=None, description="smtp://user:password@host:587 (STARTTLS where offered) or smtps://host"
    )
    heartbeat: Address | None = Field(
        default=None, description="asked after each crawl that ended well; whoever keeps it misses the ones that do not"
    )

    @field_validator("smtp")
    @classmethod
    def _someone_to_write_to(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and not info.data.get("mail_to"):
            raise ValueError('needs alerts.mail_to = ["you@example.org"]')
        return value

    @property
    def is_empty(self) -> bool:
        """Nobody is to be told."""
        return not (self.command or self.webhook or self.smtp)
