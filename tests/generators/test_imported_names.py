"""Names of files and prompts: every official form comes back to its caption, and nothing is guessed."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from videophy_lab.generators.base import Order
from videophy_lab.generators.imported_names import match_names
from videophy_lab.generators.matching import find_close, squeeze_text
from videophy_lab.schema import make_prompt_id

CAPTIONS = [
    "A cook's knife slices a ripe, red tomato into 12 thin pieces.",
    "A “quoted” word — and a dash; a café’s door swings shut.",
    "Zwei Bälle rollen über die Straße, einer fällt.",
    "A half-full glass (250 ml) tips over: water runs out",
    "Is 50% of the sand gone? It trickles through the hour-glass!",
    "Ein Ball",
]
UPSAMPLED = "In a bright kitchen, a cook with a striped apron holds a knife above a ripe tomato. " * 5


def order(caption: str, upsampled: str = "") -> Order:
    return Order("", make_prompt_id(caption), 0, caption, upsampled)


def index(*captions: str) -> dict[str, Order]:
    return {make_prompt_id(caption): order(caption) for caption in captions}


def slug(caption: str) -> str:
    """As the benchmark names the videos of most generators."""
    return caption.removesuffix(".").replace(" ", "_").replace("/", "_")


FORMS = {
    "official": slug,
    "videocrafter": lambda caption: re.sub(r"[^A-Za-z0-9]", "_", caption),
    "any alphabet": lambda caption: "".join(c if c.isalnum() else "_" for c in caption),
    "address": lambda caption: quote(slug(caption)),
    "blanks": lambda caption: quote(caption.removesuffix("."), safe="").replace("%20", "+"),
    "lower": lambda caption: slug(caption).lower(),
    "upper": lambda caption: slug(caption).upper(),
    "straight quotes": lambda caption: slug(caption).translate(str.maketrans("“”‘’—", "\"\"''-")),
    "no punctuation": lambda caption: re.sub(r"[^\w ]", "", caption).replace(" ", "_"),
    "hyphens": lambda caption: re.sub(r"\W+", "-", caption).strip("-"),
    "decomposed": lambda caption: unicodedata.normalize("NFD", slug(caption)),
    "plain letters": lambda caption: (
        slug(caption)
        and "".join(c for c in unicodedata.normalize("NFD", slug(caption)) if not unicodedata.combining(c))
    ),
}
ENDINGS = {"": None, "_0": 0, "_3": 3, "_0042": 42, " (1)": 1, "-7": 7, "_seed_11": 11, "_sample2": 2}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("caption", CAPTIONS, ids=lambda caption: caption[:12])
def test_every_form_of_a_name_finds_its_caption(form, caption) -> None:
    names = {f"{FORMS[form](caption)}{ending}.mp4": number for ending, number in ENDINGS.items()}
    matching = match_names(list(names), index(*CAPTIONS))
    assert matching.left == {}
    assert {match.file: match.number for match in matching.matches} == names
    assert {match.prompt_id for match in matching.matches} == {make_prompt_id(caption)}
    assert {match.how for match in matching.matches} == {"caption"}


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=40)
SENTENCES = st.lists(TEXT, min_size=1, max_size=6, unique=True)


@given(SENTENCES, st.sampled_from(sorted(FORMS)), st.sampled_from(sorted(ENDINGS)))
def test_a_name_made_of_a_caption_finds_it_or_is_ambiguous_but_finds_no_other(captions, form, ending) -> None:
    name = FORMS[form](captions[0]) + ending + ".mp4"
    # what is left of it has to have a letter or a digit, and the form of it, too
    assume(any(c.isascii() and c.isalnum() for c in captions[0]))
    matching = match_names([name], index(*captions))
    if len(captions) == 1:
        assert matching.left == {}
    for match in matching.matches:
        assert match.prompt_id == make_prompt_id(captions[0])
    for reason in matching.left.values():
        assert reason.startswith("its name fits ")


WORDS = st.text("abcdéß'-0123456789", min_size=1, max_size=12)


@given(st.lists(WORDS, min_size=8, max_size=40).map(" ".join), st.data())
def test_a_name_that_was_cut_inside_a_word_finds_its_caption(caption, data) -> None:
    cuts = [n for n in range(16, len(caption)) if caption[n - 1 : n + 1].isalpha()]
    cuts = [n for n in cuts if len(squeeze_text(caption[:n])) >= 16]
    assume(cuts)
    beginning = caption.replace(" ", "_")[: data.draw(st.sampled_from(cuts))]
    prompts = index(caption, "Something that is spelled otherwise.")
    [match] = match_names([f"{beginning}_2.mp4"], prompts).matches
    assert (match.prompt_id, match.number) == (make_prompt_id(caption), 2)
    whole = squeeze_text(caption.encode("ascii", "ignore").decode()) == squeeze_text(beginning)
    assert match.how == ("caption" if whole else "beginning of the caption")


def test_a_name_is_also_that_of_an_upsampled_caption_or_of_an_id() -> None:
    prompts = index(*CAPTIONS)
    tomato = make_prompt_id(CAPTIONS[0])
    prompts[tomato] = order(CAPTIONS[0], UPSAMPLED)
    long = UPSAMPLED.replace(" ", "_")
    names = [f"{long}.mp4", f"{long[:250]}.mp4", f"{tomato}.mp4", f"{tomato.upper()}_1.webm"]
    matching = match_names([*names, f"{tomato}/17.mp4", f"videos/{tomato}/0018.mp4"], prompts)
    assert matching.left == {}
    assert {match.prompt_id for match in matching.matches} == {tomato}
    assert [match.number for match in matching.matches] == [None, None, None, 1, 17, 18]
    assert [match.how for match in matching.matches][:3] == [
        "upsampled caption",
        "beginning of the upsampled caption",
        "prompt_id",
    ]


def test_a_caption_that_is_not_known_is_found_by_its_hash() -> None:
    prompts = {name: Order("", name, 0, "") for name in map(make_prompt_id, CAPTIONS)}
    names = [f"{slug(caption)}{ending}.mp4" for caption in CAPTIONS for ending in ("", "_1")]
    matching = match_names([*names, "Another_caption.mp4"], prompts)
    assert [match.prompt_id for match in matching.matches] == [
        make_prompt_id(caption) for caption in CAPTIONS for _ in range(2)
    ]
    assert matching.left == {"Another_caption.mp4": "its name is that of no prompt"}


@pytest.mark.parametrize(
    ("captions", "name", "fits"),
    [
        (("It's a ball.", "Its a ball"), "Its_a_ball", 2),
        (("It's a ball.", "IT'S A BALL!", "Its, a ball"), "It's_a_ball_0", 3),
        (("Route 66", "Route"), "Route_66", 2),
        (("A ball falls on the grass.", "A ball falls on the grasshopper."), "A_ball_falls_on_the_gr", 2),
    ],
)
def test_a_name_that_fits_several_prompts_is_left(captions, name, fits) -> None:
    matching = match_names([f"{name}.mp4"], index(*captions))
    assert matching.matches == []
    assert matching.left[f"{name}.mp4"].startswith(f"its name fits {fits} prompts: ")


def test_a_whole_caption_that_begins_another_is_itself_unless_names_are_cut_to_its_length() -> None:
    short, long = "A ball falls on the grass", "A ball falls on the grasshopper and bounces"
    other = "A dog runs along the longest wet beach"
    [match] = match_names([f"{slug(short)}.mp4"], index(short, long, other)).matches
    assert match.prompt_id == make_prompt_id(short)
    cut = [f"{slug(text)[: len(short)]}.mp4" for text in (short, other)]
    matching = match_names(cut, index(short, long, other))
    assert [match.prompt_id for match in matching.matches] == [make_prompt_id(other)]
    assert "fits 2 prompts" in matching.left[cut[0]]


def test_a_beginning_that_ends_with_a_word_needs_others_of_its_length() -> None:
    captions = "A person folds a paper map on a table", "A gardener waters the dry flower bed"
    alone = match_names(["A_person_folds_a_paper.mp4"], index(*captions))
    assert alone.matches == []
    assert "only the beginning of 'A person folds" in alone.left["A_person_folds_a_paper.mp4"]
    both = match_names(["A_person_folds_a_paper.mp4", "A_gardener_waters_the_.mp4"], index(*captions))
    assert len(both.left) == 2
    # cut to 23 characters, of which the first loses a blank at its end
    cut = ["A_person_folds_a_paper.mp4", "A_gardener_waters_the_d.mp4"]
    assert [match.how for match in match_names(cut, index(*captions)).matches] == [
        "beginning of the caption",
        "beginning of the caption",
    ]


def test_a_short_beginning_and_a_typing_error_are_no_match() -> None:
    names = ["Zwei_B.mp4", "Zwei_Baelle_rollen_über_die_Straße,_einer_fällt.mp4", "ABC.mp4", "___.mp4"]
    matching = match_names(names, index(*CAPTIONS))
    assert matching.matches == []
    assert set(matching.left.values()) == {"its name is that of no prompt"}
    assert find_close(CAPTIONS[2], names) == [names[1]]
    assert find_close("", names) == ["___.mp4"]
    assert find_close(CAPTIONS[2], [f"{number}.mp4" for number in range(2000)]) == []


def test_a_name_that_is_no_text_is_left() -> None:
    assert list(match_names(["b\udcfcall.mp4"], index("A ball")).left) == ["b\udcfcall.mp4"]
    [match] = match_names(["A_\udcfcball.mp4"], index("A üball")).matches
    assert match.how == "caption"
