"""TLS as a crawler speaks it: verified by default; if told so, bad certificates are accepted and written down."""

from __future__ import annotations

import ssl
from functools import cached_property


class Trust:
    """Gives the context for a host. With `verify` false a host whose certificate fails is tried once more without."""

    def __init__(self, *, verify: bool = True) -> None:
        self.verify = verify
        self._accepted: dict[str, str] = {}

    def context(self, host: str) -> tuple[ssl.SSLContext, tuple[str, ...]]:
        """The context for `host`, and the notes its exchanges carry."""
        why = self._accepted.get(host)
        return (self._strict, ()) if why is None else (self._lenient, (f"certificate accepted though: {why}",))

    # Reading the system's certificates takes 20 ms, so not before there is something to verify.

    @cached_property
    def _strict(self) -> ssl.SSLContext:
        return _context(verify=True)

    @cached_property
    def _lenient(self) -> ssl.SSLContext:
        return _context(verify=False)

    def accept(self, host: str, error: ssl.SSLError) -> bool:
        """Whether to try `host` again without verification after `error`."""
        if self.verify or host in self._accepted:
            return False
        why = getattr(error, "verify_message", None) or error.reason or str(error)
        self._accepted[host] = why
        return True


def _context(*, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        # Old servers with small keys or SHA-1 signatures: read them, as we have decided not to trust them anyway.
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
    return context
