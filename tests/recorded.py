"""What other libraries have said once, in cases/, written by campaigns/recording.py. So no test
needs them installed."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "cases"


@cache
def recorded(library: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CASES / f"{library}.json").read_text("utf-8"))
    return found
