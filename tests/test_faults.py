"""Files that are deleted, cut, replaced, or links and pipes by the names of a run, and disks without
room: nothing is lost and nothing of others is touched. campaigns/faults.py does all of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from faulting import (
    ROOM,
    WRITERS,
    Fault,
    Scene,
    Stage,
    deleted,
    link_to_file,
    names_of,
    pipe,
    replaced,
    room,
    scenes,
    written,
)
from interrupting import WAYS, make_data

EVERY = 24  # of so many scenes one is played here; the campaign plays them all


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(tmp_path_factory.mktemp("stage"))


@pytest.mark.parametrize("scene", [*scenes()][::EVERY], ids=str)
def test_whatever_happens_to_a_file_nothing_is_lost(scene: Scene, stage: Stage) -> None:
    assert stage.wrong(scene) == []


@pytest.mark.parametrize("fault", [pipe, link_to_file, deleted, replaced])
@pytest.mark.parametrize("moment", ["late", "killed, then --resume"])
def test_a_part_that_was_changed_is_never_read(fault: Fault, moment: str, stage: Stage) -> None:
    """Of a pipe nobody would ever read the end."""
    (way,) = [way for way in WAYS if way.target.endswith(".parquet")]
    assert stage.wrong(Scene(way, names_of(way)[-1], fault, moment)) == []


@pytest.mark.parametrize("target", WRITERS)
def test_without_room_the_old_file_stays(target: str, tmp_path: Path) -> None:
    make_data(tmp_path, 300)
    assert {
        size: found for size in ROOM if (found := [*written(tmp_path, target, room(size))])
    } == {}
