"""A thousand hostile requests to `backprop play`: python -m tests.campaigns.hostile_requests."""

from __future__ import annotations

import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import hostile

from backprop.serving.serve import started

COUNT = 1_100  # of which a few are no requests at all


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, started("x") as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        file = Path(folder) / "made"
        kinds: Counter[str] = Counter()
        statuses: Counter[int] = Counter()
        let_in = []
        for request in hostile.requests(server, COUNT, str(file)):
            status, headers, body = hostile.sent(server, request)
            kinds[request.what] += 1
            statuses[status] += 1
            if not hostile.refused(request, status, headers, body):
                let_in.append((request, status, body[:200]))
        server.shutdown()
        print(f"{kinds.total():,} requests: {dict(kinds)}, answered {dict(statuses)}")
        print(f"let in: {len(let_in)}, files made: {int(file.exists())}")
        for one in let_in[:5]:
            print(one)


if __name__ == "__main__":
    main()
