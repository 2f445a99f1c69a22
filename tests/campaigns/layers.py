"""Single mistakes in the backward passes of classes: is the line found, and no other, and is the
hint right?

    python tests/campaigns/layers.py [--every K] [--part I] [--verbose] [FILE:CLASS ...]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from layer_checks import graded, made_slips, outcome
from layer_table import LAYERS
from slipping import with_fix

from backprop.grading.results import UNREADABLE, WRONG

LEAST = 0.95


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--every", type=int, default=1, help="make one of this many mistakes")
    parser.add_argument("--part", type=int, default=0, help="which of them")
    parser.add_argument("--verbose", action="store_true", help="show those without a hint")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    began = time.process_time()
    number = 0
    for layered in LAYERS:
        if options.names and layered.unit not in options.names:
            continue
        for slip in made_slips(layered):
            number += 1
            if number % options.every != options.part or outcome(layered, slip.text) != "wrong":
                continue
            counts["made"] += 1
            found = graded(layered, slip.text)
            flagged = [one for one in found.lines if one.verdict in (WRONG, UNREADABLE)]
            on_line = [one.line for one in flagged] == [slip.line]
            fixes = [one.fix for one in flagged if one.fix]
            counts["line"] += on_line
            counts["hint"] += on_line and bool(fixes)
            if len(flagged) == 1 and fixes:
                mended = with_fix(slip.text, flagged[0].line, fixes[0], flagged[0].hint or "")
                right = outcome(layered, mended) == "right"
                counts["wrong hint"] += not right
                if not right:
                    print(f"{layered.unit} {slip.line}: {slip.code} -> wrong hint {fixes[0]}")
                counts["elsewhere"] += right and not on_line
            if not on_line or (options.verbose and not fixes):
                said = "; ".join(f"{one.line} {one.hint}" for one in flagged)
                print(f"{layered.unit} {slip.line} {slip.kind}: {slip.code} -> {said}", flush=True)
    seconds = time.process_time() - began
    print(
        f"{counts['made']} mistakes: {counts['line']} on their line, {counts['hint']} with a hint,"
        f" {counts['elsewhere']} mended elsewhere, {counts['wrong hint']} wrong hints; {seconds:.0f} s"
    )
    return int(counts["line"] + counts["elsewhere"] < LEAST * counts["made"])


if __name__ == "__main__":
    sys.exit(main())
