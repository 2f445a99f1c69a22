"""A short run of campaigns/verdicts.py: verdicts against exact slopes computed apart."""

from __future__ import annotations

import pytest
from campaigns.verdicts import campaign


@pytest.mark.parametrize(("family", "count"), [("numbers", 100), ("arrays", 30)])
def test_no_verdict_is_wrong(family: str, count: int) -> None:
    _, findings = campaign(family, 5, 0, count)
    assert findings == []
