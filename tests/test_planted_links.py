"""Links and files that somebody has planted where a run writes: none is followed, and nothing that
no run has made is changed or deleted."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import Batch, Command

pytest.importorskip("polars")

from backprop import __version__
from backprop.batching.drafts import Draft, draft
from backprop.batching.folders import FolderDraft
from backprop.batching.job import Job
from backprop.batching.tasks import Result, answered, parts_of
from backprop.cli.files import whole_file
from backprop.errors import UsageError
from backprop.tables.formats import Kind
from backprop.tables.opening import BY_NAME

CSV = "x,y\n1,2\n3,4\n"
IN_THE_WAY = "is in the way: it is a link, or belongs to others"
HIDDEN = {
    "o.parquet": (".o.parquet.backprop-draft", ".o.parquet.backprop-draft-parts",
                  ".o.parquet.backprop-journal", ".o.parquet.backprop-journal.new"),
    "o.csv": (".o.csv.backprop-draft", ".o.csv.backprop-journal", ".o.csv.backprop-journal.new"),
}  # fmt: skip
PLANTED = [(target, name) for target, names in HIDDEN.items() for name in names]


def victim() -> Path:
    """A folder that holds what a run could take for its own."""
    folder = Path("victim")
    folder.mkdir()
    for name in ("a", "00000000.parquet", "part-00000.csv"):
        (folder / name).write_text("precious", "utf-8")
    return folder


def is_whole(folder: Path) -> bool:
    held = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    return held == dict.fromkeys(("a", "00000000.parquet", "part-00000.csv"), "precious")


@pytest.mark.parametrize(("target", "name"), PLANTED)
@pytest.mark.parametrize("to", ["victim", "victim/a", "victim/none"])
def test_a_link_in_the_way_is_refused_and_stays(
    target: str, name: str, to: str, batch: Batch
) -> None:
    Path("d.csv").write_text(CSV, "utf-8")
    folder = victim()
    Path(name).symlink_to(to)
    said = batch("x*y", "--data", "d.csv", "-o", target)
    assert said.code == 2
    assert f"{name} {IN_THE_WAY}\n" in said.err
    assert is_whole(folder)
    assert os.readlink(name) == to
    assert not Path(target).exists()


@pytest.mark.parametrize(("target", "name"), PLANTED)
def test_a_file_with_a_second_name_is_not_written(target: str, name: str, batch: Batch) -> None:
    Path("d.csv").write_text(CSV, "utf-8")
    folder = victim()
    os.link(folder / "a", name)
    assert batch("x*y", "--data", "d.csv", "-o", target).code == 2
    assert is_whole(folder)


def test_what_no_run_has_made_stays_in_a_folder_of_parts(batch: Batch) -> None:
    Path("d.csv").write_text(CSV, "utf-8")
    parts = Path(".o.parquet.backprop-draft-parts")
    parts.mkdir()
    (parts / "notes.txt").write_text("precious", "utf-8")
    (parts / "00000007.parquet").write_text("of an earlier run", "utf-8")
    assert batch("x*y", "--data", "d.csv", "-o", "o.parquet").code == 0
    assert [path.name for path in parts.iterdir()] == ["notes.txt"]
    assert Path("o.parquet").exists()


@pytest.mark.parametrize("late", [".o.csv.backprop-journal", ".o.csv.backprop-journal.new"])
def test_a_link_that_comes_while_a_run_goes_on_is_not_followed(
    late: str, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = victim()
    target: Draft = draft("o.csv", Kind("csv"))
    target.open(None)
    Path(late).symlink_to("victim/a")
    with suppress(UsageError):
        target.save({"run": "r"})
    target.discard()
    assert is_whole(folder)


@pytest.mark.parametrize("name", [".o.backprop-draft", ".o.backprop-journal"])
def test_the_folder_of_a_cluster_is_no_link(name: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    folder = victim()
    Path(name).symlink_to("victim")
    target = FolderDraft("o", Kind("csv"))
    target.run = "0" * 64
    with pytest.raises(UsageError, match=IN_THE_WAY):
        target.open(None)
    target.discard()
    assert is_whole(folder)
    assert os.readlink(name) == "victim"


def test_a_cluster_deletes_only_what_runs_have_made(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    inside = Path(".o.backprop-draft")
    (inside / ("1" * 64)).mkdir(parents=True)
    (inside / "task-abc").mkdir()
    (inside / "notes").mkdir()
    target = FolderDraft("o", Kind("csv"))
    target.run = "0" * 64
    target.open(None)
    assert sorted(path.name for path in inside.iterdir()) == ["0" * 64, "notes"]
    target.finish()
    assert [path.name for path in inside.iterdir()] == ["notes"]
    assert Path("o").is_dir()


def test_a_file_that_is_replaced_is_drafted_under_a_name_that_nobody_has(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "urandom", bytes)
    taken = Path(".o.txt.0000000000000000.tmp")
    taken.write_text("precious", "utf-8")
    with pytest.raises(UsageError, match="can't be written: File exists"), whole_file("o.txt"):
        pass
    assert taken.read_text("utf-8") == "precious"


def test_the_user_s_own_link_to_the_answers_is_followed(batch: Batch) -> None:
    Path("d.csv").write_text(CSV, "utf-8")
    Path("there").mkdir()
    Path("o.csv").symlink_to("there/o.csv")
    assert batch("x*y", "--data", "d.csv", "-o", "o.csv").code == 0
    assert Path("there/o.csv").read_text("utf-8").startswith("value,dx,dy\n")
    assert os.readlink("o.csv") == "there/o.csv"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs two owners")
def test_a_draft_of_another_user_is_refused(batch: Batch) -> None:
    Path("d.csv").write_text(CSV, "utf-8")
    draft_of_another = Path(".o.csv.backprop-draft")
    draft_of_another.write_text("precious", "utf-8")
    os.chown(draft_of_another, 12345, 12345)
    said = batch("x*y", "--data", "d.csv", "-o", "o.csv")
    assert (said.code, draft_of_another.read_text("utf-8")) == (2, "precious")


def test_a_picture_leaves_no_draft(command: Command, tmp_path: Path) -> None:
    done = command("draw", "x*y", "-o", "c.svg", cwd=tmp_path)
    assert (done.returncode, os.listdir(tmp_path)) == (0, ["c.svg"])


# The worker of a cluster.


def task(folder: str) -> Result:
    """What a worker hands back that writes the first part into a folder of a draft."""
    Path("d.csv").write_text(CSV, "utf-8")
    (part,) = parts_of(["d.csv"], BY_NAME)
    job = Job("x*y", None, "written", True, "notes", {}, {"x": "x", "y": "y"}, {}, ("x", "y"))
    return answered(part, os.path.join(folder, "part-00000.csv"), job, Kind("csv"), __version__)


def drafted() -> Path:
    folder = Path(".o.backprop-draft", "0" * 64).absolute()
    folder.mkdir(parents=True)
    return folder


def test_a_worker_leaves_a_part_and_nothing_else(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    folder = drafted()
    found = task(str(folder))
    assert found["tally"]["rows"] == 2
    assert (folder / "part-00000.csv").read_text(
        "utf-8"
    ) == "value,dx,dy\n2.0,2.0,1.0\n12.0,4.0,3.0\n"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize("which", ["the draft", "the run"])
def test_a_worker_follows_no_link_that_comes_after_its_look(
    which: str, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("backprop.batching.tasks.check_worker", lambda *_: None)
    folder, held = drafted(), victim()
    (held / folder.name).mkdir()
    link = folder if which == "the run" else folder.parent
    link.rename("elsewhere")
    link.symlink_to(held)
    assert task(str(folder))["error"].startswith(f"{folder} can't be written to: ")
    (held / folder.name).rmdir()
    assert is_whole(held)


def test_a_folder_that_is_replaced_while_a_worker_writes_gets_nothing(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    folder, held, finish = drafted(), victim(), Draft.finish

    def late(self: Draft) -> None:
        folder.rename("elsewhere")
        folder.symlink_to(held)
        finish(self)

    monkeypatch.setattr(Draft, "finish", late)
    assert "error" not in task(str(folder))
    assert is_whole(held)
    assert os.listdir("elsewhere") == ["part-00000.csv"]
