"""What else a publisher answers: redirects, a page too large, a file, odd headers, drawn pictures. Values only."""

from __future__ import annotations

import hashlib

from crawler.demo.http_bytes import HTML, Answer

_MOVED = {
    "/old/clock-winder": (301, "/back-office/clock-winder.html"),
    "/r/1": (302, "/r/2"),
    "/r/2": (301, "{base}/r/3"),
    "/r/3": (307, "/back-office/odd-headers.html"),
    "/r/loop": (302, "/r/loop-back"),
    "/r/loop-back": (302, "/r/loop"),
    "/out": (302, "http://elsewhere.example.invalid/landing"),
}


def oddity(path: str, base: str, large_bytes: int) -> Answer | None:
    """Return the answer to one of the odd paths, or None where it is none of them."""
    if path in _MOVED:
        status, target = _MOVED[path][0], _MOVED[path][1].format(base=base)
        body = f'<html><body><a href="{target}">Moved</a></body></html>'.encode()
        return Answer(status, body, (("Location", target), ("Content-Type", "text/html")))
    if path == "/large/ledger":
        return Answer(200, b"", (("Content-Type", HTML),), stream_bytes=large_bytes)
    if path == "/files/minutes.pdf":
        return Answer(200, b"%PDF-1.4\n% minutes of a meeting\n%%EOF\n", (("Content-Type", "application/pdf"),))
    return None


def odd_headers(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Header names in odd case, a doubled header, a Latin-1 value and an empty one: all seen in the wild."""
    odd = tuple((_odd_case(name), value) for name, value in headers)
    return (
        *odd,
        ("X-Redakteur", "Jörg Müßig"),
        ("Set-Cookie", "edition=morning; Path=/"),
        ("set-cookie", "theme=plain; Path=/"),
        ("X-Served-By", "press-1"),
        ("X-SERVED-BY", "press-2"),
        ("X-Empty", ""),
    )


def _odd_case(name: str) -> str:
    return "".join(char.upper() if at % 2 else char.lower() for at, char in enumerate(name))


def drawing(path: str) -> bytes:
    """A made-up picture: sky, hills and a sun whose colours follow from the name."""
    a, b, c = hashlib.sha256(path.encode()).digest()[:3]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 675" width="1200" height="675">'
        f'<rect width="1200" height="675" fill="hsl({a + 90},35%,72%)"/>'
        f'<circle cx="{200 + b * 3}" cy="{140 + c // 3}" r="70" fill="hsl(42,80%,78%)"/>'
        f'<path d="M0 {360 + b // 2} Q300 {200 + c} 620 {380 + a // 4} T1200 {330 + b // 3} V675 H0Z" '
        f'fill="hsl({b + 60},25%,42%)"/>'
        f'<path d="M0 {470 + c // 3} Q420 {360 + a // 2} 800 {500 + b // 5} T1200 {450 + a // 4} V675 H0Z" '
        f'fill="hsl({c + 70},30%,28%)"/></svg>'
    ).encode()
