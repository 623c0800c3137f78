"""A report from notebooks: whole or not at all, and equal from run to run."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from videophy_lab import report
from videophy_lab.execution import normalise_text
from videophy_lab.params import (
    ParamsError,
    find_notebook,
    fit_kind,
    plan_jobs,
    read_overrides,
    read_params,
    shorten_name,
)
from videophy_lab.provenance import describe_commit, hide_place
from videophy_lab.report import ReportError, publish, run_report

LIBRARY = Path(__file__).parent / "notebooks"
PARAMS = """\
title: Two notebooks <whole>
summary: What it says & how.
parameters:
  rows: 18
notebooks:
  - counts
  - notebook: plain
    parameters: {level: .9}
"""


def write_params(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "params.yaml").write_text(text, encoding="utf-8")
    return folder


def hash_tree(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def plan(folder: Path, **overrides: str) -> list:
    return plan_jobs(read_params(folder), folder=folder, library=LIBRARY, overrides=overrides)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a report in a folder that has a hand-written file and leftovers of an earlier one."""
    folder = write_params(tmp_path_factory.mktemp("reports") / "made", PARAMS)
    (folder / "README.md").write_text("by hand")
    (folder / "tables").mkdir()
    (folder / "tables" / "counts_stale.csv").write_text("a\n1\n")
    (folder / "provenance.json").write_text(json.dumps({"files": ["tables/counts_stale.csv"]}))
    assert run_report(folder, library=LIBRARY, progress=False) == folder / "index.html"
    return folder


class Links(HTMLParser):
    """Collect what a page loads, what it links to, and its anchors."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.tags: list[str] = []
        self.images: list[dict] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.anchors |= {given["id"]} if given.get("id") else set()
        if tag == "img":
            self.images.append(given)
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        else:
            self.loads += [
                given[key] for key in ("src", "href", "srcset", "data", "poster") if given.get(key)
            ]


def test_the_report_holds_what_the_contract_names(made: Path) -> None:
    assert sorted(hash_tree(made)) == [
        "README.md",
        "estimates.csv",
        "figures/counts_joint.pdf",
        "figures/counts_joint.png",
        "index.html",
        "notebooks/counts.html",
        "notebooks/counts.ipynb",
        "notebooks/plain.html",
        "notebooks/plain.ipynb",
        "params.yaml",
        "provenance.json",
        "tables/counts_joint.csv",
        "tables/counts_joint.tex",
    ]


def test_two_runs_give_equal_bytes(made: Path) -> None:
    before = hash_tree(made)
    run_report(made, library=LIBRARY, progress=False)
    assert hash_tree(made) == before


def test_a_failing_cell_leaves_the_previous_report(made: Path) -> None:
    before = hash_tree(made)
    write_params(made, "title: Failing\nnotebooks: [fails]\n")
    try:
        with pytest.raises(ReportError) as caught:
            run_report(made, library=LIBRARY, progress=False)
    finally:
        write_params(made, PARAMS)
    kept = made / ".building" / "failed" / "fails.ipynb"
    for part in (
        "fails.ipynb, cell 4 of 5",
        "ratio = 1 / divisor",
        "ZeroDivisionError: division by zero",
        str(kept),
    ):
        assert part in str(caught.value)
    assert "ZeroDivisionError" in kept.read_text(encoding="utf-8")
    after = hash_tree(made)
    assert after.pop(".building/failed/fails.ipynb")
    assert after == before


def test_pages_load_nothing_from_a_network_and_break_no_link(made: Path) -> None:
    for page in (made / "index.html", made / "notebooks" / "counts.html", made / "notebooks" / "plain.html"):
        parsed = Links(page)
        assert "script" not in parsed.tags
        assert "link" not in parsed.tags
        assert "@import" not in page.read_text(encoding="utf-8")
        assert "url(" not in page.read_text(encoding="utf-8")
        for target in parsed.loads:
            assert target.startswith("data:image/png;base64,") or (page.parent / target).is_file()
        for target in parsed.links:
            file, _, anchor = target.partition("#")
            assert not file or (page.parent / file).is_file()
            assert not anchor or anchor in Links(page.parent / file if file else page).anchors
        assert all(image["alt"].startswith("Joint share") for image in parsed.images)


def test_the_page_escapes_text_and_opens_with_the_findings(made: Path) -> None:
    text = (made / "index.html").read_text(encoding="utf-8")
    assert "<h1>Two notebooks &lt;whole&gt;</h1>" in text
    assert "<p>What it says &amp; how.</p>" in text
    assert "Generator &lt;A&gt; &amp; co" in text
    assert "&lt;b&gt;of&lt;/b&gt; its videos." in text
    assert "<em>twenty</em> generators" in text
    order = [
        text.index(part)
        for part in ("Best generator", 'id="counts"', 'class="findings"', "<figure", 'id="plain"')
    ]
    assert order == sorted(order)
    assert "18 rows" in text


def test_the_page_rounds_and_the_table_does_not(made: Path) -> None:
    table = pd.read_csv(made / "tables" / "counts_joint.csv")
    text = (made / "index.html").read_text(encoding="utf-8")
    assert f'<td class="number">{table["joint %"][0]:.1f}</td>' in text
    assert str(table["joint %"][0]) not in text
    assert f'<td class="number">{table["change"].iloc[-1]:.1f}</td>'.replace("-", "−") in text


def test_estimates_name_their_notebook(made: Path) -> None:
    estimates = pd.read_csv(made / "estimates.csv")
    assert list(estimates.columns)[:3] == ["quantity", "generator", "estimate"]
    assert list(estimates.columns)[-2:] == ["n_prompts", "notebook"]
    assert estimates["notebook"].eq("counts").sum() == 18


def test_executed_notebooks_hold_no_time_no_place_and_no_stderr(made: Path) -> None:
    text = (made / "notebooks" / "counts.ipynb").read_text(encoding="utf-8")
    for part in ("papermill", 'execution"', '"stderr"', str(made), str(Path.home()), "0x7"):
        assert part not in text
    notebook = json.loads(text)
    assert [cell["id"] for cell in notebook["cells"]] == [
        f"cell-{n}" for n in range(1, len(notebook["cells"]) + 1)
    ]
    printed = [
        cell["outputs"][0]["text"]
        for cell in notebook["cells"]
        if "PYTHONHASHSEED" in "".join(cell["source"])
    ]
    assert printed == [["0 <object object at 0x…>\n"]]


def test_provenance_tells_how_to_make_it_again(made: Path) -> None:
    provenance = json.loads((made / "provenance.json").read_text(encoding="utf-8"))
    assert provenance["python"] == sys.version.split()[0]
    assert provenance["packages"]["pandas"] == pd.__version__
    assert provenance["notebooks"] == {
        "counts": {"ratings": "bundled", "rows": 18, "seed": 1},
        "plain": {"level": 0.9},
    }
    assert str(made) not in json.dumps(provenance)


@pytest.mark.parametrize("name", ["clips/mine.mp4", "figures/deep/mine.png", "tables/notes.txt"])
def test_files_of_others_are_not_lost(made: Path, tmp_path: Path, name: str) -> None:
    """Before the first run of a report, and after it."""
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    shutil.copy(made / "params.yaml", fresh)
    again = Path(shutil.copytree(made, tmp_path / "again"))
    for folder in (fresh, again):
        mine = folder / name
        mine.parent.mkdir(parents=True, exist_ok=True)
        mine.write_text("mine", encoding="utf-8")
        hidden = mine.parent / ".ipynb_checkpoints" / "copy.ipynb"
        hidden.parent.mkdir()
        hidden.write_text("", encoding="utf-8")
        with pytest.raises(ReportError, match=rf"{mine.name} was not made by this report"):
            run_report(folder, library=LIBRARY, progress=False)
        assert mine.read_text(encoding="utf-8") == "mine"
        mine.unlink()
        report.check_strangers(folder)


def test_interrupt_and_second_run(made: Path) -> None:
    folder = made.parent / "waiting"
    where = os.path.relpath(LIBRARY / "waits.ipynb", folder)
    write_params(folder, f"title: Waiting\nnotebooks: [{where}]\n")
    (folder / "index.html").write_text("the previous page")
    command = [sys.executable, "-c", "from videophy_lab.cli import main; main()", "report", str(folder)]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60
        while not (folder / ".building" / "manifest" / "waits.json").exists() and time.monotonic() < deadline:
            assert running.poll() is None, running.stderr and running.stderr.read()
            time.sleep(0.05)
        with pytest.raises(ReportError, match="another process makes the report"):
            run_report(folder, progress=False)
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=120)
    finally:
        running.kill()
    assert running.returncode == 130
    assert told.strip().splitlines()[-1] == "Error: interrupted; the previous report is as it was"
    assert "Traceback" not in told
    assert sorted(hash_tree(folder)) == ["index.html", "params.yaml"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "titel: x\nnotebooks: [plain]\n",
            r"key 'title' is missing\n  key 'titel' is not known; did you mean 'title'\?",
        ),
        ("title: x\nnotebooks: []\n", "key 'notebooks': List should have at least 1 item"),
        ("title: 3\nnotebooks: [plain]\n", "key 'title': Input should be a valid string, got '3'"),
        (
            "title: x\nnotebooks:\n- {notebook: plain, parameter: {}}\n",
            r"'notebooks.0.parameter' .* 'parameters'\?",
        ),
        ("title: [x\n", "params.yaml cannot be read as YAML"),
        ("just text", "must hold the keys title, summary, parameters, notebooks"),
        (
            "title: x\nnotebooks: [plian]\n",
            r"no notebook 'plian'; did you mean 'plain'\? allowed: counts, fails, plain",
        ),
        ("title: x\nnotebooks: [plain, 02_plain]\n", "lists a notebook twice: plain"),
        ("title: x\nnotebooks: [gone.ipynb]\n", "notebook 'gone.ipynb' is not in"),
        (
            "title: x\nnotebooks: [plain]\nparameters: {levle: 1}\n",
            r"'levle'; did you mean 'level'\? allowed: level",
        ),
        ("title: x\nnotebooks: [plain]\nparameters: {out: a}\n", "'out' is set by the report itself"),
        (
            "title: x\nnotebooks: [counts, {notebook: plain, parameters: {rows: 1}}]\n",
            "of 02_plain.ipynb nowhere declares",
        ),
        (
            "title: x\nnotebooks: [counts]\nparameters: {ratings: my/ratings.csv}\n",
            "there is no file 'my/ratings.csv'",
        ),
    ],
)
def test_wrong_params_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ParamsError, match=message):
        plan(write_params(tmp_path, text))


def test_missing_folder_and_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="there is no folder"):
        read_params(tmp_path / "gone")
    with pytest.raises(ParamsError, match=r"params\.yaml is missing"):
        read_params(tmp_path)


def test_overrides_win_and_are_read_as_yaml(tmp_path: Path) -> None:
    counts, plain = plan(write_params(tmp_path, PARAMS), rows="7", level="0.5")
    assert counts.parameters == {"rows": 7}
    assert counts.settings == {"rows": 7, "ratings": "bundled", "seed": 1}
    assert plain.parameters == {"level": 0.5}
    with pytest.raises(
        ParamsError, match=r"-p: no notebook declares the parameter 'rosw'; did you mean 'rows'"
    ):
        plan(tmp_path, rosw="7")


def test_a_file_typed_here_is_found_from_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.csv").write_text("a\n")
    (tmp_path / "reports").mkdir()
    monkeypatch.chdir(tmp_path)
    assert read_overrides({"ratings": "mine.csv", "n": "3"}, Path("reports")) == {
        "ratings": "../mine.csv",
        "n": 3,
    }


def test_numbered_notebooks_are_found_by_name(tmp_path: Path) -> None:
    for name in ("01_laws.ipynb", "2b-votes.ipynb", "votes.ipynb"):
        (tmp_path / name).touch()
    assert [shorten_name(Path(name)) for name in ("01_laws.ipynb", "2b-votes.ipynb", "3d_view.ipynb")] == [
        "laws",
        "votes",
        "view",
    ]
    assert find_notebook("laws", folder=tmp_path, library=tmp_path).name == "01_laws.ipynb"
    with pytest.raises(ParamsError, match=r"ambiguous: 2b-votes.ipynb, votes.ipynb"):
        find_notebook("votes", folder=tmp_path, library=tmp_path)


def test_publishing_puts_the_old_report_back_when_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging = tmp_path / ".building"
    for folder, text in ((tmp_path, "old"), (staging, "new")):
        (folder / "tables").mkdir(parents=True)
        (folder / "tables" / "a.csv").write_text(text)
        (folder / "index.html").write_text(text)
    move = report.move_path

    def break_down(source: Path, target: Path) -> None:
        if source == staging / "tables":
            raise OSError("disk full")
        move(source, target)

    monkeypatch.setattr(report, "move_path", break_down)
    with pytest.raises(OSError, match="disk full"):
        publish(staging, tmp_path)
    assert (tmp_path / "index.html").read_text() == "old"
    assert (tmp_path / "tables" / "a.csv").read_text() == "old"


def test_outputs_under_a_strange_name_are_an_error(tmp_path: Path) -> None:
    jobs = plan(write_params(tmp_path, PARAMS))
    (tmp_path / "manifest").mkdir()
    (tmp_path / "manifest" / "conuts.json").write_text("{}")
    with pytest.raises(ReportError, match=r"Outputs\(notebook='conuts'\)"):
        report.check_manifests(tmp_path, jobs)


def test_the_kernel_is_this_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from videophy_lab.kernel import KernelHere

    spec = {"argv": ["/another/python"], "display_name": "another", "language": "python"}
    (tmp_path / "kernels" / "python3").mkdir(parents=True)
    (tmp_path / "kernels" / "python3" / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert KernelHere(kernel_name="python3").format_kernel_cmd()[:3] == [
        sys.executable,
        "-m",
        "ipykernel_launcher",
    ]


def test_random_names_addresses_and_places_are_taken_out() -> None:
    text = '<style>#T_1a2b3_row0 {}</style><table id="T_1a2b3"> <o at 0x7f12ab34cd> in /home/me/lab/x'
    assert normalise_text(text, [Path("/home/me/lab")]) == (
        '<style>#T_1_row0 {}</style><table id="T_1"> <o at 0x…> in ./x'
    )


def test_an_absolute_path_is_cut_down() -> None:
    assert [hide_place(value) for value in ("/home/me/mine.csv", "../mine.csv", 3)] == [
        "mine.csv",
        "../mine.csv",
        3,
    ]


def test_no_git_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert describe_commit(tmp_path, [])["commit_reason"] == "not run from a git checkout"


@pytest.mark.parametrize(
    ("value", "default", "fitted"),
    [("hard", ["all"], ["hard"]), (["a"], [], ["a"]), (3, 0.5, 3), ("x", "", "x"), (None, None, None)],
)
def test_a_parameter_takes_the_kind_of_its_default(value: object, default: object, fitted: object) -> None:
    assert fit_kind("slices", value, default) == fitted


@pytest.mark.parametrize(
    ("value", "default"), [("many", 10), (True, 10), ("yes", False), ("abc", {}), (5, "1-5")]
)
def test_a_parameter_of_another_kind_is_an_error(value: object, default: object) -> None:
    with pytest.raises(ParamsError, match="the parameter 'n'"):
        fit_kind("n", value, default)
