"""A program as a generator: hostile captions, programs that misbehave, and what is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from videophy_lab.generators.base import GeneratorStoppedError, Made, Order
from videophy_lab.generators.command import Command
from videophy_lab.video import encode_video

# python without its site packages starts in a hundredth of a second
PYTHON = f"{sys.executable} -S -E"
PROGRAM = r"""
import json, os, signal, shutil, subprocess, sys, time
what, source, path, *rest = sys.argv[1:]
here = os.path.dirname(os.path.abspath(__file__))

def note(name, text):
    # of its own, since several programs may write at once
    draft = os.path.join(here, f"{name}.{os.getpid()}.tmp")
    with open(draft, "w") as file:
        file.write(text)
    os.rename(draft, os.path.join(here, name))

if what == "good":
    shutil.copy(source, path)
    note("arguments.json", json.dumps(rest))
elif what == "hang":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open(path, "w").write("half")
    child = subprocess.Popen([sys.executable, "-S", "-E", "-c",
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"])
    print("started", flush=True)
    note("pids", f"{os.getpid()} {child.pid}")
    time.sleep(60)
elif what == "polite":
    signal.signal(signal.SIGTERM, lambda *_: (print("saying goodbye", flush=True), sys.exit(0)))
    note("pids", str(os.getpid()))
    time.sleep(60)
elif what == "half":
    data = open(source, "rb").read()
    open(path, "wb").write(data[: len(data) // 2])
elif what == "dies":
    open(path, "wb").write(b"\0\0\0")
    os.kill(os.getpid(), signal.SIGKILL)
elif what == "prints":
    line = b"x" * 99 + b"\n"
    sys.stdout.buffer.write(b"the beginning\n")
    for _ in range(500):
        sys.stdout.buffer.write(line * 1000)
    sys.stdout.buffer.write(b"the end\n")
    shutil.copy(source, path)
elif what == "leaves":
    child = subprocess.Popen([sys.executable, "-S", "-E", "-c", "import time; time.sleep(60)"])
    note("pids", str(child.pid))
    shutil.copy(source, path)
elif what == "escapes":
    subprocess.Popen([sys.executable, "-S", "-E", "-c", "import time; time.sleep(9)"], start_new_session=True)
    shutil.copy(source, path)
elif what == "binary":
    sys.stdout.buffer.write(bytes(range(256)) * 40 + b"\x1b[31mred at last\x1b[0m\r\n")
    sys.exit(1)
elif what == "exit3":
    shutil.copy(source, path)
    print("all is well", file=sys.stderr)
    sys.exit(3)
elif what == "seed":
    print("seed is", rest[0])
    if int(rest[0]) % 2:
        sys.exit("an odd seed")
    shutil.copy(source, path)
elif what == "nothing":
    pass
elif what == "empty":
    open(path, "w").close()
elif what == "text":
    open(path, "w").write("this is no video")
elif what == "folder":
    os.mkdir(path)
elif what == "other":
    shutil.copy(source, path[:-4] + ".webm")
elif what == "input":
    print("read", len(sys.stdin.read()))
    shutil.copy(source, path)
elif what == "closed":
    os.close(1), os.close(2)
    time.sleep(0.2)
    shutil.copy(source, path)
"""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "source.mp4"
    frames = np.linspace(0, 255, 6 * 32 * 32 * 3).astype(np.uint8).reshape(6, 32, 32, 3)
    return encode_video(frames, path, fps=8)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "a program.py"
    path.write_text(PROGRAM, encoding="utf-8")
    return path


def order(caption: str = "A ball drops.", seed: int = 0, upsampled: str = "", prompt_id: str = "p1") -> Order:
    return Order(f"command/{prompt_id}/{seed}", prompt_id, seed, caption, upsampled)


def make_command(what: str, video: Path, program: Path, *rest: str, **options) -> Command:
    words = " ".join(rest)
    return Command(command=f"{PYTHON} '{program}' {what} '{video}' {{path}} {words}", grace=0.2, **options)


def make(command: Command, *orders: Order, folder: Path) -> list[Made]:
    given = orders or (order(),)
    command.prepare()
    found = {one.video_id: made for one, made in command.make(given, folder=folder)}
    assert not list(folder.glob("running-*")), "the scratch folder is left behind"
    return [found[one.video_id] for one in given]


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        if Path("/proc/self").exists():
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True
    return state not in "ZX"


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.02)
    return path.read_text()


def read_pids(program: Path) -> list[int]:
    return list(map(int, wait_for(program.parent / "pids").split()))


def assert_gone(program: Path) -> None:
    deadline = time.monotonic() + 30
    while any(map(is_running, read_pids(program))):
        assert time.monotonic() < deadline, "a process is left behind"
        time.sleep(0.02)


HOSTILE = [
    'A man\'s "red" ball; rm -rf $HOME && echo `id` $(touch owned) | cat > x',
    "Two\nlines\tand a tab\r\n",
    "Braces {seed} and {path} and {{caption}} and {unknown} stay, {} too",
    "--help",
    "' \\' \\",
    "Ümläute, 雨が降る, 🎈 and a ’curly’ “quote”",
    "* ? [a-z] ~ %s %(x)s",
    "a" * 100_000,
]


@pytest.mark.parametrize("caption", HOSTILE, ids=lambda caption: caption[:12])
def test_a_hostile_caption_stays_one_argument(caption, video, program, tmp_path) -> None:
    import json

    command = make_command("good", video, program, "--prompt={caption} {caption}")
    [made] = make(command, order(caption), folder=tmp_path / "desk")
    assert made.error == ""
    assert json.loads((tmp_path / "arguments.json").read_text()) == [f"--prompt={caption}", caption]
    assert not (Path.cwd() / "owned").exists()
    assert not (tmp_path / "owned").exists()


def test_a_good_program_gives_the_bytes_of_its_file(video, program, tmp_path) -> None:
    command = make_command("good", video, program, "{text} {seed} {prompt_id} {video_id} {{text}}")
    [made] = make(command, order("A ball drops.", seed=7), folder=tmp_path / "new" / "desk")
    assert made.data == video.read_bytes()
    assert (made.suffix, made.text, made.error) == (".mp4", "A ball drops.", "")
    said = made.settings["arguments"]
    assert said[-6:] == ["{path}", "A ball drops.", "7", "p1", "command/p1/7", "{text}"]
    assert 0 < made.seconds < 10
    assert made.files == {"log.txt": b""}


def test_which_text_is_sent_is_the_users_choice(video, program, tmp_path) -> None:
    both = order("Short.", upsampled="A long text.", prompt_id="p2")
    for words, options, text in [
        ("{text}", {}, "Short."),
        ("{text}", {"captions": "upsampled"}, "A long text."),
        ("{upsampled_caption}", {}, "A long text."),
        ("{caption}", {"captions": "upsampled"}, "Short."),
        ("{prompt_id}", {}, ""),
    ]:
        command = make_command("good", video, program, words, **options)
        assert make(command, both, folder=tmp_path / "desk")[0].text == text
    command = make_command("good", video, program, "{upsampled_caption}")
    lacking, there = make(command, order("Short."), both, folder=tmp_path / "desk")
    assert "p1 has no upsampled caption" in lacking.error
    assert there.data


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("exit3", "it ended with status 3; it said: all is well (log: "),
        ("dies", "it was ended by SIGKILL (out of memory?); it said nothing"),
        ("half", "the file that it wrote"),
        ("nothing", "it ended well and wrote no video.mp4 at {path}; it said nothing"),
        ("empty", "the file that it wrote is empty (0 bytes)"),
        ("text", "the file that it wrote"),
        ("folder", "the file that it wrote is a folder"),
        ("other", "wrote no video.mp4 at {path}, but video.webm (-o suffix=… says another ending)"),
    ],
)
def test_a_program_that_fails_gives_a_reason(what, reason, video, program, tmp_path) -> None:
    [made] = make(make_command(what, video, program), folder=tmp_path / "desk")
    assert reason in made.error
    assert made.data == b""
    assert str(tmp_path / "desk" / "running-") not in made.error
    log = tmp_path / "desk" / "logs" / "p1-0.log.txt"
    assert f"(log: {log})" in made.error
    assert log.read_bytes() == (b"all is well\n" if what == "exit3" else b"")


def test_a_program_that_hangs_is_ended_with_its_children(video, program, tmp_path) -> None:
    started = time.monotonic()
    [made] = make(make_command("hang", video, program, timeout=3.0), folder=tmp_path / "desk")
    assert time.monotonic() - started < 30
    assert made.error.startswith("it was not done after 3 s and was ended; it said: started")
    assert_gone(program)


def test_a_program_that_is_asked_to_end_may_say_goodbye(video, program, tmp_path) -> None:
    command = make_command("polite", video, program, timeout=3.0)
    command.grace = 50.0
    started = time.monotonic()
    [made] = make(command, folder=tmp_path / "desk")
    assert "it said: saying goodbye" in made.error
    assert time.monotonic() - started < 30


def test_much_output_is_kept_in_part(video, program, tmp_path) -> None:
    [made] = make(make_command("prints", video, program), folder=tmp_path / "desk")
    log = made.files["log.txt"]
    assert made.error == ""
    assert len(log) < 65_000
    assert log.startswith(b"the beginning\n")
    assert log.endswith(b"the end\n")
    assert b"[\xe2\x80\xa6 49936022 bytes are left out" in log


def test_what_cannot_be_shown_is_not_in_the_reason(video, program, tmp_path) -> None:
    [made] = make(make_command("binary", video, program), folder=tmp_path / "desk")
    assert "red at last (log" in made.error
    assert "\x1b" not in made.error
    assert made.error.isprintable()
    assert (tmp_path / "desk" / "logs" / "p1-0.log.txt").read_bytes().startswith(bytes(range(256)))


def test_what_a_good_program_leaves_running_is_ended(video, program, tmp_path) -> None:
    [made] = make(make_command("leaves", video, program), folder=tmp_path / "desk")
    assert made.data
    assert_gone(program)


def test_a_grandchild_with_the_pipe_in_another_session_is_not_waited_for(video, program, tmp_path) -> None:
    started = time.monotonic()
    [made] = make(make_command("escapes", video, program), folder=tmp_path / "desk")
    assert made.data
    assert time.monotonic() - started < 8


def test_a_program_gets_nothing_to_read_and_may_close_its_output(video, program, tmp_path) -> None:
    [made] = make(make_command("input", video, program), folder=tmp_path / "desk")
    assert made.files["log.txt"] == b"read 0\n"
    [made] = make(make_command("closed", video, program), folder=tmp_path / "desk")
    assert made.data


def test_seeds_reach_the_program_and_each_fails_alone(video, program, tmp_path) -> None:
    command = make_command("seed", video, program, "{seed}", concurrency=3)
    assert command.batch_size == 3
    even, odd, large = make(
        command, order(seed=2), order(seed=3), order(seed=2**62), folder=tmp_path / "desk"
    )
    assert even.files["log.txt"] == b"seed is 2\n"
    assert odd.error.startswith("it ended with status 1; it said: seed is 3 / an odd seed")
    assert large.data == even.data == video.read_bytes()


def test_programs_run_at_once_and_the_first_to_end_comes_first(video, program, tmp_path) -> None:
    # each waits for the video before it to be given, so that all of them have to run at once
    waits = "import os, shutil, sys, time\nwhile not os.path.exists(sys.argv[3]): time.sleep(0.02)\n"
    script = tmp_path / "waits.py"
    script.write_text(waits + "shutil.copy(*sys.argv[1:3])\n", encoding="utf-8")
    words = f"{PYTHON} '{script}' '{video}' {{path}} '{tmp_path}/{{caption}}'"
    command = Command(command=words, concurrency=3, timeout=60.0)
    (tmp_path / "0").touch()
    given = []
    for one, made in command.make([order(name, prompt_id=name) for name in "210"], folder=tmp_path / "desk"):
        assert made.error == ""
        given.append(one.caption)
        (tmp_path / str(int(one.caption) + 1)).touch()
    assert given == ["0", "1", "2"]


def test_prompts_that_no_program_can_be_given_fail_alone(video, program, tmp_path) -> None:
    command = make_command("good", video, program, "{caption}")
    null, long, fine = make(
        command,
        order("a\0b"),
        order("a" * 3_000_000, seed=1),
        order("fine", seed=2),
        folder=tmp_path / "desk",
    )
    assert "cannot be called with this prompt: embedded null byte" in null.error
    assert "cannot be called with this prompt: Argument list too long" in long.error
    assert fine.data


def test_an_odd_prompt_id_stays_in_the_folder(video, program, tmp_path) -> None:
    [made] = make(
        make_command("nothing", video, program), order(prompt_id="../../x/y"), folder=tmp_path / "d"
    )
    assert made.error
    assert [path.name for path in (tmp_path / "d" / "logs").iterdir()] == ["..-..-x-y-0.log.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a program.py", "d"]


def test_the_program_runs_in_its_directory_also_with_a_relative_folder(
    video, program, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "repository").mkdir()
    script = tmp_path / "repository" / "run.sh"
    script.write_text('#!/bin/sh\ncp "$1" "$2"\npwd\n', encoding="utf-8")
    command = Command(command=f"./run.sh '{video}' {{path}}", directory="repository")
    with pytest.raises(ValueError, match=r"no program './run.sh' that can be run in .*chmod \+x"):
        command.prepare()
    script.chmod(0o755)
    [made] = make(command, folder=Path("desk"))
    assert made.files["log.txt"].decode().strip() == str((tmp_path / "repository").resolve())
    with pytest.raises(ValueError, match="the directory 'nowhere' is not there"):
        Command(command="ls {path}", directory="nowhere").prepare()


def test_a_program_that_is_not_there_is_named_before_and_during_a_run(video, program, tmp_path) -> None:
    with pytest.raises(ValueError, match=r"no program 'no_such_program' that can be run in PATH\. Remedy"):
        Command(command="no_such_program {path}").prepare()
    script = tmp_path / "run.sh"
    script.write_text("#!/bin/sh\n", encoding="utf-8")
    script.chmod(0o755)
    command = Command(command=f"'{script}' {{path}}")
    command.prepare()
    script.unlink()
    with pytest.raises(GeneratorStoppedError, match="cannot be run: No such file"):
        list(command.make([order()], folder=tmp_path / "desk"))
    assert not list((tmp_path / "desk").glob("running-*"))
    script.write_text("no interpreter", encoding="utf-8")
    script.chmod(0o755)
    with pytest.raises(GeneratorStoppedError, match="Exec format error"):
        list(command.make([order()], folder=tmp_path / "desk"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "command needs a command. Remedy: give one, such as 'python run.py"),
        ({"command": "   "}, "command needs a command"),
        ({"command": "run 'it {path}"}, "cannot be split: No closing quotation"),
        ({"command": "run {caption}"}, r"has no \{path\}"),
        ({"command": "run {{path}}"}, r"has no \{path\}"),
        ({"command": "run {path} {capton}"}, r"placeholder \{capton\}. Did you mean \{caption\}"),
        ({"command": "run {path} {caption!r}"}, r"placeholder \{caption!r\}. Did you mean \{caption\}"),
        ({"command": "run {path} {HOME}"}, r"placeholder \{HOME\}. Allowed: \{text\}"),
        ({"command": "{caption} {path}"}, "the program '{caption}' has a placeholder"),
        ({"command": "run {path}", "captions": "both"}, "captions is 'both'. Allowed: 'auto'"),
        ({"command": "run {path}", "suffix": "mp4"}, "suffix is 'mp4'. Allowed: '.mp4'"),
        ({"command": "run {path}", "timeout": 0.0}, "timeout and grace"),
        ({"command": "run {path}", "timeout": float("nan")}, "timeout and grace"),
        ({"command": "run {path}", "concurrency": 0}, "concurrency is 0"),
    ],
)
def test_a_wrong_option_is_explained(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        Command(**options)


def test_braces_of_json_are_left_alone(video, program, tmp_path) -> None:
    import json

    command = make_command("good", video, program, """'{"a": {"b": "{caption}"}, "c": {}}'""")
    make(command, order("It's {nice}"), folder=tmp_path / "desk")
    [said] = json.loads((tmp_path / "arguments.json").read_text())
    assert json.loads(said) == {"a": {"b": "It's {nice}"}, "c": {}}


def test_what_does_not_decide_a_video_is_not_described() -> None:
    first = Command(command="run {path}", timeout=5.0, concurrency=2, grace=1.0)
    assert first.describe() == Command(command="run {path}").describe()
    assert first.describe() != Command(command="run {path} {seed}").describe()
    assert "the command has no {seed}" in first.describe_cost([order(seed=0), order(seed=1)])
    assert first.describe_cost([order(seed=0)]) == "1 calls of the command, at most 5 s each, 2 at once"


DRIVER = """
import sys
from pathlib import Path
from videophy_lab.generators.base import Order
from videophy_lab.generators.command import Command
command = Command(command=sys.argv[1], concurrency=2, grace=0.3)
orders = [Order(f"c/p/{seed}", "p", seed, "A ball.") for seed in range(2)]
try:
    list(command.make(orders, folder=Path(sys.argv[2])))
except KeyboardInterrupt:
    sys.exit(77)
"""


def test_ctrl_c_ends_the_programs_and_leaves_no_half_file(video, program, tmp_path) -> None:
    command = f"{PYTHON} '{program}' hang '{video}' {{path}}"
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, command, str(tmp_path / "desk")])
    read_pids(program)
    assert list((tmp_path / "desk").rglob("video.mp4"))
    driver.send_signal(signal.SIGINT)
    assert driver.wait(60) == 77
    assert_gone(program)
    assert list((tmp_path / "desk").rglob("*")) == []


def test_a_run_that_is_given_up_ends_its_programs(video, program, tmp_path) -> None:
    both = "import sys; from pathlib import Path; sys.argv[1:] = [sys.argv[3], *sys.argv[1:3]]; " + (
        f"sys.path.insert(0, r'{program.parent}'); __file__ = r'{program}'; exec(Path(__file__).read_text())"
    )
    (tmp_path / "both.py").write_text(both, encoding="utf-8")
    words = f"{PYTHON} '{tmp_path / 'both.py'}' '{video}' {{path}} {{caption}}"
    command = Command(command=words, concurrency=2, grace=0.2)
    made = command.make([order("hang"), order("good", seed=1)], folder=tmp_path / "desk")
    first, video_made = next(made)
    assert (first.caption, video_made.error) == ("good", "")
    read_pids(program)
    made.close()
    assert_gone(program)
    assert not list((tmp_path / "desk").glob("running-*"))
