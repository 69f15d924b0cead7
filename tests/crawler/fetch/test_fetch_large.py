"""Large bodies: kept whole on disk, never whole in memory."""

from __future__ import annotations

import socket
import threading

from tests.crawler.recording import Job, crawl

SIZE = 200_000_000


def _serve(server: socket.socket) -> None:
    while True:
        peer, _ = server.accept()
        with peer:
            size = SIZE if b"/large" in peer.recv(65536) else 100
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % size)
            piece = b"x" * min(size, 1_000_000)
            for _ in range(size // len(piece)):
                peer.sendall(piece)


def test_two_hundred_megabytes_move_peak_memory_by_less_than_fifty() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server,), daemon=True).start()
        base = f"http://127.0.0.1:{server.getsockname()[1]}"
        settings = {"DOWNLOAD_MAXSIZE": 0, "PRESSMARK_BODY_BYTES": 4 << 20}
        _, small = crawl([Job("small", f"{base}/small")], settings)
        results, large = crawl([Job("large", f"{base}/large")], settings)
    (exchange,) = results["large"].kept
    assert exchange["size"] > SIZE and not exchange["in_memory"] and exchange["truncated"] is None
    assert results["large"].flags == ["body-cut"] and len(results["large"].body or b"") == 4 << 20
    assert large["peak_kib"] - small["peak_kib"] < 50_000
