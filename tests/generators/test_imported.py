"""A folder of videos as a generator: by name, by order, by table, and what is said about the rest."""

from __future__ import annotations

import csv
import json
import os
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from videophy_lab.generators.base import Made, Order
from videophy_lab.generators.imported import Imported
from videophy_lab.schema import make_prompt_id, make_video_id
from videophy_lab.video import encode_video, probe_video

CAPTIONS = (
    "A cook's knife slices a ripe, red tomato into 12 pieces.",
    "A heavy anchor sinks through clear water and lands on the sand.",
    "Zwei Bälle rollen über die Straße; einer fällt.",
    "A paper boat drifts downstream past a mossy stone.",
)
TITLES = ("Sharp+Tomato.mp4", "Deep Blue.mp4", "Strassen%20Ball.mp4", "Boat, No. 3.mp4")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    frames = np.linspace(0, 255, 6 * 32 * 32 * 3).astype(np.uint8).reshape(6, 32, 32, 3)
    return encode_video(frames, tmp_path_factory.mktemp("made") / "source.mp4", fps=8).read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "videos"
    path.mkdir()
    return path


def slug(caption: str) -> str:
    return caption.removesuffix(".").replace(" ", "_")


def fill(folder: Path, video: bytes, *names: str) -> dict[str, bytes]:
    """Write one video under several names, each of another size."""
    written = {}
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # a box of nothing at the end of the file
        written[name] = video + struct.pack(">I4s", 8 + number, b"free") + bytes(number)
        path.write_bytes(written[name])
    return written


def make_orders(*captions: str, seeds: tuple[int, ...] = (0,), upsampled: str = "") -> list[Order]:
    names = {caption: make_prompt_id(caption) for caption in captions or CAPTIONS}
    return [
        Order(make_video_id("imported", name, seed), name, seed, caption, upsampled)
        for caption, name in names.items()
        for seed in seeds
    ]


def make(imported: Imported, orders: list[Order], desk: Path) -> list[Made]:
    imported.prepare()
    found = {order.video_id: made for order, made in imported.make(orders, folder=desk)}
    return [found[order.video_id] for order in orders]


def write_table(path: Path, *rows: tuple[str, ...]) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return str(path)


def read_listing(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["file"]: row["reason"] for row in csv.DictReader(file)}


def test_files_come_in_byte_for_byte_by_their_names(folder, video, tmp_path) -> None:
    names = [
        f"{slug(CAPTIONS[0])}.mp4",
        f"sub/{slug(CAPTIONS[1])}_0.MOV",
        f"{make_prompt_id(CAPTIONS[2])}.webm",
    ]
    files = fill(folder, video, *names)
    fill(folder, video, "._hidden.mp4", ".cache/hidden.mp4")
    (folder / "notes.txt").write_text("no video")
    made = make(Imported(folder=str(folder)), make_orders(), tmp_path / "desk")
    assert [one.data for one in made] == [*files.values(), b""]
    assert [one.suffix for one in made][:3] == [".mp4", ".mov", ".webm"]
    assert made[1].settings == {"file": names[1], "matched_by": "caption"}
    assert made[2].settings == {"file": names[2], "matched_by": "prompt_id"}
    assert [one.text for one in made] == [""] * 4
    assert made[3].error == "no file of the folder matches this prompt"


def test_what_is_left_over_reaches_the_user(folder, video, tmp_path) -> None:
    typo = slug(CAPTIONS[3]).replace("mossy", "mosy") + ".mp4"
    fill(folder, video, f"{slug(CAPTIONS[0])}.mp4", typo, "b.mp4", "c.mp4", "d.mp4")
    imported, orders, desk = Imported(folder=str(folder)), make_orders(), tmp_path / "desk"
    cost = imported.describe_cost(orders)
    assert cost.startswith("5 files, 0.0 MB, matched by name; 1 of 4 videos have one; no file for 'A heavy")
    assert cost.endswith(f"left over: {typo}, b.mp4, c.mp4 and 1 more")
    assert not desk.exists()
    made = make(imported, orders, desk)
    assert made[3].error.endswith(f"(close: {typo}, but its name is that of no prompt)")
    assert read_listing(desk / "unmatched.csv") == dict.fromkeys(
        (typo, "b.mp4", "c.mp4", "d.mp4"), "its name is that of no prompt"
    )
    [note] = imported.list_notes()
    assert (
        note
        == f"4 of 5 files are left: {typo}, b.mp4, c.mp4 and 1 more; {desk / 'unmatched.csv'} lists all "
        + ("with the reasons")
    )
    assert Imported(folder=str(folder)).list_notes() == ()


def test_files_of_one_prompt_are_its_seeds(folder, video, tmp_path) -> None:
    names = [f"{slug(CAPTIONS[0])}{ending}.mp4" for ending in ("_10", "_9", "_2")]
    files = fill(folder, video, *names, f"{slug(CAPTIONS[1])}_7.mp4")
    orders = make_orders(*CAPTIONS[:2], seeds=(0, 1))
    imported = Imported(folder=str(folder))
    made = make(imported, orders, tmp_path / "desk")
    assert [one.settings.get("file") for one in made] == [
        names[2],
        names[1],
        f"{slug(CAPTIONS[1])}_7.mp4",
        None,
    ]
    assert made[0].data == files[names[2]]
    assert made[3].error == "the folder has no file for seed 1 of this prompt, only for seed 0"
    assert imported.list_notes()[0].startswith(f"1 of 4 files are left: {names[0][:60]}…; ")
    assert imported.list_notes()[1] == "1 prompts have files of seeds not asked for; --seed asks for them"
    assert "it is seed 2 of" in read_listing(tmp_path / "desk" / "unmatched.csv")[names[0]]


def test_digits_at_the_end_may_be_the_seeds(folder, video, tmp_path) -> None:
    stem = slug(CAPTIONS[0])
    fill(
        folder, video, f"{stem}_42.mp4", f"{stem}_1234.mp4", f"{stem}.mp4", f"{stem}_5.mp4", f"{stem}_05.mp4"
    )
    imported = Imported(folder=str(folder), seeds="number")
    made = make(imported, make_orders(CAPTIONS[0], seeds=(0, 42, 1234, 5)), tmp_path / "desk")
    assert [one.settings.get("file", "") for one in made] == [
        f"{stem}{end}" for end in (".mp4", "_42.mp4", "_1234.mp4")
    ] + [""]
    assert (
        "several files are seed 5 of one prompt"
        in read_listing(tmp_path / "desk" / "unmatched.csv")[f"{stem}_5.mp4"]
    )


def test_a_file_that_fits_two_prompts_goes_to_none(folder, video, tmp_path) -> None:
    fill(folder, video, "Its_a_ball.mp4", "A_round_thing.mp4")
    made = make(Imported(folder=str(folder)), make_orders("It's a ball.", "Its a ball"), tmp_path / "desk")
    assert [one.data for one in made] == [b"", b""]
    assert "(close: Its_a_ball.mp4, but its name fits 2 prompts: " in made[0].error


def test_prompts_that_a_run_knows_but_does_not_ask_for_count(folder, video, tmp_path) -> None:
    fill(folder, video, "Its_a_ball.mp4")
    one, other = make_orders("It's a ball.", "Its a ball")
    imported = Imported(folder=str(folder))
    assert [imported.refuse(order) for order in (one, other)] == ["", ""]
    [made] = make(imported, [other], tmp_path / "desk")
    assert "fits 2 prompts" in made.error


def test_a_file_goes_to_one_prompt_also_over_several_runs(folder, video, tmp_path) -> None:
    fill(folder, video, "Its_a_ball.mp4")
    one, other = make_orders("It's a ball.", "Its a ball")
    for _ in range(2):
        assert make(Imported(folder=str(folder)), [one], tmp_path / "desk")[0].data
    [made] = make(Imported(folder=str(folder)), [other], tmp_path / "desk")
    assert f"the file Its_a_ball.mp4 went to the prompt {one.prompt_id} before. Remedy: delete" in made.error


def test_broken_files_are_rows_with_a_reason(folder, video, tmp_path) -> None:
    names = [f"{slug(caption)}.mp4" for caption in CAPTIONS]
    fill(folder, video, *names)
    (folder / names[0]).write_bytes(b"")
    (folder / names[1]).write_bytes(video[: len(video) // 2])
    (folder / names[2]).write_text("<html>Access Denied</html>")
    made = make(Imported(folder=str(folder)), make_orders(), tmp_path / "desk")
    assert "is empty (0 bytes)" in made[0].error
    assert [bool(one.error) for one in made] == [True, True, True, False]
    assert [one.data for one in made][:3] == [b""] * 3


def test_a_file_that_changes_or_goes_during_a_run_is_a_row(folder, video, tmp_path) -> None:
    names = [f"{slug(caption)}.mp4" for caption in CAPTIONS[:2]]
    fill(folder, video, *names)
    imported = Imported(folder=str(folder))
    imported.prepare()
    described = imported.describe()
    (folder / names[0]).unlink()
    fill(folder, video, "x.mp4", "y.mp4", names[1])
    made = make(imported, make_orders(*CAPTIONS[:2]), tmp_path / "desk")
    assert "cannot be opened: No such file" in made[0].error
    assert made[1].error == f"{names[1]} has changed meanwhile. Remedy: import again."
    assert imported.describe() == described
    assert Imported(folder=str(folder)).describe() != described


def test_long_videos_are_kept_with_a_note(folder, video, tmp_path) -> None:
    frames = np.zeros((13, 16, 16, 3), np.uint8)
    path = encode_video(frames, folder / f"{slug(CAPTIONS[0])}.mp4", fps=2)
    assert probe_video(path).seconds == pytest.approx(6.5)
    imported = Imported(folder=str(folder))
    [made] = make(imported, make_orders(CAPTIONS[0]), tmp_path / "desk")
    assert made.data == path.read_bytes()
    assert imported.list_notes()[-1].startswith("1 videos last 6 s or longer, and are kept: A_cook")


def test_the_folder_may_move_and_its_files_may_not_change(folder, video, tmp_path) -> None:
    fill(folder, video, "a.mp4", "b.mp4")
    before = Imported(folder=str(folder)).describe()
    assert json.loads(json.dumps(before)) == before
    moved = shutil.copytree(folder, tmp_path / "moved")
    assert Imported(folder=str(moved)).describe() == before
    (moved / "a.mp4").rename(moved / "c.mp4")
    assert Imported(folder=str(moved)).describe() != before
    assert Imported(folder=str(folder), seeds="number").describe() != before


def test_which_text_the_videos_were_made_from_can_be_said(folder, video, tmp_path) -> None:
    fill(folder, video, f"{slug(CAPTIONS[0])}.mp4")
    orders = make_orders(CAPTIONS[0], upsampled="A long text.")
    for captions, text in {"unknown": "", "original": CAPTIONS[0], "upsampled": "A long text."}.items():
        [made] = make(Imported(folder=str(folder), captions=captions), orders, tmp_path / "desk")
        assert made.text == text


def test_a_name_that_is_not_utf8_can_be_listed(folder, video, tmp_path) -> None:
    name = os.fsdecode("Bälle.mp4".encode("latin-1"))
    try:
        fill(folder, video, name)
    except OSError:
        fill(folder, video, name := "Bälle.mp4")
    imported = Imported(folder=str(folder))
    make(imported, make_orders(CAPTIONS[0]), tmp_path / "desk")
    assert len(read_listing(tmp_path / "desk" / "unmatched.csv")) == 1
    json.dumps([imported.list_notes(), imported.describe()]).encode("utf-8")


# order


@pytest.mark.parametrize(
    ("names", "options"),
    [
        (("0001.mp4", "0002.mp4", "0003.mp4", "0004.mp4"), {}),
        (("0000.mp4", "0001.mp4", "0002.mp4", "0003.mp4"), {}),
        (("1.mp4", "2.mp4", "3.mp4", "4.mp4"), {"match": "order"}),
        (("video_00.webm", "video_01.webm", "video_02.webm", "video_03.webm"), {}),
        (("0001.mp4", "0002.mp4", "0003.mp4"), {"first": "0"}),
    ],
)
def test_numbered_files_follow_a_list(names, options, folder, video, tmp_path) -> None:
    files = fill(folder, video, *names)
    listed = tmp_path / "prompts.txt"
    listed.write_bytes(("\ufeff" + "\r\n\n  \n".join(CAPTIONS) + "\n").encode())
    imported = Imported(folder=str(folder), prompt_list=str(listed), **options)
    first_missing = len(names) == 3
    made = make(imported, make_orders(), tmp_path / "desk")
    data = [one.data for one in made]
    assert data == ([b""] if first_missing else []) + list(files.values())
    assert made[3].text == CAPTIONS[3]
    assert made[3].settings["matched_by"] == "order"
    assert imported.list_notes() == []


def test_a_list_may_be_a_table_and_have_upsampled_captions(folder, video, tmp_path) -> None:
    fill(folder, video, "0001.mp4", "0002_0.mp4", "0002_1.mp4")
    rows = [("prompt_id", "caption"), *((make_prompt_id(caption), caption) for caption in CAPTIONS)]
    table = write_table(tmp_path / "prompts.csv", *rows)
    made = make(Imported(folder=str(folder), prompt_list=table), make_orders(seeds=(0, 1)), tmp_path / "desk")
    assert {one.text for one in made} == {""}
    assert [one.settings.get("file") for one in made][:4] == ["0001.mp4", None, "0002_0.mp4", "0002_1.mp4"]
    listed = tmp_path / "long.txt"
    listed.write_text("A long text.\nAnother.\n", encoding="utf-8")
    orders = make_orders(CAPTIONS[0], upsampled="A long text.")
    imported = Imported(folder=str(folder), prompt_list=str(listed))
    assert make(imported, orders, tmp_path / "other")[0].text == "A long text."
    assert imported.list_notes()[0].startswith("2 of 3 files are left: 0002_0.mp4")
    reason = read_listing(tmp_path / "other" / "unmatched.csv")["0002_0.mp4"]
    assert reason == "its prompt in the list, 'Another.', is none of those asked for"


def test_numbers_that_are_not_those_of_the_list_are_refused(folder, video, tmp_path) -> None:
    listed = tmp_path / "prompts.txt"
    listed.write_text("\n".join(CAPTIONS), encoding="utf-8")
    fill(folder, video, "0001.mp4", "0005.mp4")
    imported = Imported(folder=str(folder), prompt_list=str(listed))
    with pytest.raises(
        ValueError, match=r"'0005.mp4' counts prompts from 1, .* has 4. Remedy: give the list"
    ):
        imported.describe_cost(make_orders())
    (folder / "0005.mp4").rename(folder / "0000.mp4")
    with pytest.raises(ValueError, match=r"'0000.mp4' counts prompts from 1"):
        Imported(folder=str(folder), prompt_list=str(listed), first="1").describe_cost(make_orders())


def test_a_number_that_two_files_have_and_a_name_without_one_are_left(folder, video, tmp_path) -> None:
    listed = tmp_path / "prompts.txt"
    listed.write_text("\n".join(CAPTIONS), encoding="utf-8")
    fill(folder, video, "0001.mp4", "01.mp4", "0002.mp4", "cover.mp4")
    imported = Imported(folder=str(folder), prompt_list=str(listed))
    made = make(imported, make_orders(), tmp_path / "desk")
    assert [bool(one.data) for one in made] == [False, True, False, False]
    assert read_listing(tmp_path / "desk" / "unmatched.csv") == {
        "0001.mp4": "its number is also that of 01.mp4",
        "01.mp4": "its number is also that of 0001.mp4",
        "cover.mp4": "its name is no number, as in 0001.mp4",
    }
    assert "count prompts from 1; -o first=0" in imported.list_notes()[0]


# table


def test_titles_come_in_by_a_table(folder, video, tmp_path) -> None:
    files = fill(folder, video, *TITLES)
    captions = [CAPTIONS[0], CAPTIONS[1].upper(), make_prompt_id(CAPTIONS[2]), CAPTIONS[3]]
    by_caption = write_table(tmp_path / "a.csv", ("file", "caption"), *zip(TITLES, CAPTIONS, strict=True))
    rows = [
        (TITLES[0], "", captions[0]),
        (f"./{TITLES[1]}", "", captions[1]),
        (f"elsewhere\\{TITLES[2]}", captions[2], ""),
        (
            f"https://videos.example/made/{TITLES[3].replace(' ', '%20').replace(',', '%2C')}?key=1",
            "",
            captions[3],
        ),
    ]
    mixed = write_table(tmp_path / "b.csv", ("file", "prompt_id", "caption"), *rows)
    for table in (by_caption, mixed):
        imported = Imported(folder=str(folder), table=table)
        made = make(imported, make_orders(), tmp_path / Path(table).stem)
        assert [one.data for one in made] == list(files.values())
        assert made[0].settings == {"file": TITLES[0], "matched_by": "table"}
        assert imported.list_notes() == []


def test_the_benchmarks_own_table_is_one(folder, video, tmp_path) -> None:
    names = [slug(caption) + ".mp4" for caption in CAPTIONS[:2]]
    files = fill(folder, video, *names)
    rows = [
        (caption, f"https://videos.example/{generator}/{name}", "4", "")
        for generator in ("one", "two")
        for caption, name in zip(CAPTIONS, [*names, "absent.mp4", "gone.mp4"], strict=True)
    ]
    table = write_table(tmp_path / "test.csv", ("caption", "video_url", "sa", ""), *rows)
    made = make(Imported(folder=str(folder), table=table), make_orders(), tmp_path / "desk")
    assert [one.data for one in made] == [*files.values(), b"", b""]
    assert (
        made[2].error == "the table names 'https://videos.example/one/absent.mp4', which is not in the folder"
    )


def test_the_captions_in_the_folder_are_a_table_unless_told_otherwise(folder, video, tmp_path) -> None:
    fill(folder, video, "a.mp4", f"{slug(CAPTIONS[1])}.mp4")
    write_table(folder / "captions.csv", ("file", "caption"), ("a.mp4", CAPTIONS[0]))
    orders = make_orders(*CAPTIONS[:2])
    made = make(Imported(folder=str(folder)), orders, tmp_path / "desk")
    assert [bool(one.data) for one in made] == [True, False]
    assert "no row of the table matches this prompt (close: A_heavy" in made[1].error
    assert made[1].error.endswith("but the table does not name it)")
    made = make(Imported(folder=str(folder), match="name"), orders, tmp_path / "other")
    assert [bool(one.data) for one in made] == [False, True]


def test_a_table_may_give_seeds(folder, video, tmp_path) -> None:
    fill(folder, video, *TITLES)
    rows = [
        (TITLES[0], CAPTIONS[0], "5"),
        (TITLES[1], CAPTIONS[0], "3.0"),
        (TITLES[2], CAPTIONS[1], ""),
        (TITLES[3], CAPTIONS[1], ""),
    ]
    table = write_table(tmp_path / "t.csv", ("file", "caption", "seed"), *rows)
    orders = make_orders(*CAPTIONS[:2], seeds=(0, 1, 3, 5))
    made = make(Imported(folder=str(folder), table=table), orders, tmp_path / "desk")
    assert [one.settings.get("file") for one in made] == [
        *(None, None, TITLES[1], TITLES[0]),
        *(TITLES[2], TITLES[3], None, None),
    ]
    assert made[0].error == "the folder has no file for seed 0 of this prompt, only for seed 3, 5"


def test_a_row_with_a_typing_error_names_the_close_file(folder, video, tmp_path) -> None:
    fill(folder, video, *TITLES)
    rows = [("Sharp Tomatoe.mp4", CAPTIONS[0]), (TITLES[1], "Another caption."), ("", CAPTIONS[2])]
    table = write_table(tmp_path / "t.csv", ("file", "caption"), *rows)
    imported = Imported(folder=str(folder), table=table)
    made = make(imported, make_orders(), tmp_path / "desk")
    assert made[0].error == (
        "the table names 'Sharp Tomatoe.mp4', which is not in the folder "
        f"(close: {TITLES[0]}, but the table does not name it)"
    )
    assert made[2].error == "no row of the table matches this prompt"
    reasons = read_listing(tmp_path / "desk" / "unmatched.csv")
    assert reasons[TITLES[1]] == "its prompt in the table, 'Another caption.', is none of those asked for"


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        (("name", "caption"), [], "has no column file, only name, caption. Remedy: name its"),
        (("flie", "caption"), [], "has no column file, only flie, caption. Is it flie?"),
        (("file", "captions"), [], "has no column prompt_id or caption, only file, captions"),
        (("file", "caption", "seed"), [("a.mp4", "A", "one")], "has the seed 'one' in row 1. Allowed"),
        (("file", "caption", "seed"), [("a.mp4", "A", "-1")], "has the seed '-1' in row 1. Allowed"),
        (("file", "caption"), [("a.mp4", "A"), ("a.mp4", "B")], "names the file 'a.mp4' twice, for prompt"),
        (
            ("file", "caption", "seed"),
            [("a.mp4", "A", "0"), ("a.mp4", "A", "1")],
            r"twice, for prompt \w+, seed 0 and for prompt \w+, seed 1 \(row 2\)",
        ),
        (("file", "caption", "seed"), [("a.mp4", "A", "0"), ("b.mp4", "A", "0")], "has two files for prompt"),
        (
            ("file", "caption", "seed"),
            [("a.mp4", "A", "0"), ("b.mp4", "A", "")],
            "Remedy: give all of them one",
        ),
        (("file;caption",), [("a.mp4;A",)], "separated by semicolons"),
        ((), [], "the file is empty"),
    ],
)
def test_a_wrong_table_is_explained(header, rows, message, folder, video, tmp_path) -> None:
    fill(folder, video, "a.mp4", "b.mp4")
    table = write_table(tmp_path / "t.csv", *([header] if header else []), *rows)
    with pytest.raises(ValueError, match=message):
        Imported(folder=str(folder), table=table).describe_cost(make_orders("A", "B"))


def test_a_row_twice_is_no_mistake(folder, video, tmp_path) -> None:
    fill(folder, video, "a.mp4")
    table = write_table(tmp_path / "t.csv", ("file", "caption"), ("a.mp4", "A"), ("a.mp4", "A"))
    assert make(Imported(folder=str(folder), table=table), make_orders("A"), tmp_path / "desk")[0].data


# options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "imported needs a folder. Remedy: name it, as in -o folder=VIDEOS"),
        ({"folder": "x", "match": "fuzzy"}, "match is 'fuzzy'. Allowed: 'auto', 'name', 'order', 'csv'"),
        ({"folder": "x", "seeds": "0"}, "seeds is '0'. Allowed: 'count', 'number'"),
        ({"folder": "x", "match": "name", "table": "t"}, "table is not looked at with match=name"),
        ({"folder": "x", "match": "csv", "prompt_list": "t"}, "prompt_list is not looked at with match=csv"),
        ({"folder": "x", "prompt_list": "p", "table": "t"}, "table and prompt_list are two ways"),
        ({"folder": "x", "match": "order"}, "match=order needs the prompts in the order of the files"),
    ],
)
def test_a_wrong_option_is_explained(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        Imported(**options)


def test_what_is_not_there_is_explained(folder, video, tmp_path) -> None:
    with pytest.raises(ValueError, match=r"the folder 'nowhere' is not there \(you are in "):
        Imported(folder="nowhere").describe()
    with pytest.raises(ValueError, match=r"has no video file. Allowed: .mp4, .webm"):
        Imported(folder=str(folder)).prepare()
    fill(folder, video, "a.mp4")
    with pytest.raises(ValueError, match=r"a.mp4' is a file"):
        Imported(folder=str(folder / "a.mp4")).describe()
    with pytest.raises(ValueError, match=r"the table 'no.csv' cannot be read: No such file"):
        Imported(folder=str(folder), table="no.csv").describe()
    with pytest.raises(ValueError, match=r"match=csv needs a table. Remedy: -o table=FILE.csv"):
        Imported(folder=str(folder), match="csv").prepare()
    listed = tmp_path / "list.txt"
    for data, message in ((b"\n \n", "is empty"), (b"\xff\xfe", "is not UTF-8")):
        listed.write_bytes(data)
        with pytest.raises(ValueError, match=message):
            Imported(folder=str(folder), prompt_list=str(listed)).prepare()
    table = write_table(tmp_path / "list.csv", ("sentence",), ("A",))
    with pytest.raises(ValueError, match="has no column prompt_id or caption"):
        Imported(folder=str(folder), prompt_list=table).prepare()


def test_real_videos_come_in_by_their_names(shared, tmp_path) -> None:
    folder = shared / "data" / "videos" / "videophy2"
    with (folder / "sa_pc.csv").open(encoding="utf-8") as file:
        rows = {Path(row["videopath"]).name: row["caption"] for row in csv.DictReader(file)}
    with (shared / "data" / "videophy2" / "captions.csv").open(encoding="utf-8") as file:
        captions = [row["caption"] for row in csv.DictReader(file)]
    orders = make_orders(*captions, *rows.values())
    imported = Imported(folder=str(folder))
    made = dict(zip((order.caption for order in orders), make(imported, orders, tmp_path), strict=True))
    assert len(rows) == 10
    found = {one.settings["file"]: caption for caption, one in made.items() if one.data}
    assert rows.items() <= found.items()
    for name, caption in found.items():
        assert made[caption].data == (folder / name).read_bytes()
    # the captions of the other ten are in none of the tables
    assert len(found) + len(read_listing(tmp_path / "unmatched.csv")) == 20
