"""The token ids of a text that frames of a video follow, for Idefics2."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

BOS, IMAGE, AROUND_IMAGE = "<s>", "<image>", "<fake_token_around_image>"
REMEDY = "Remedy: give the checkpoint's whole folder, or fetch tokenizer.json again."


@dataclass(frozen=True)
class FrameTokenizer:
    """Turn a text and a number of frames into ids, as Idefics2's processor does for ``"<image> " · frames``.

    The published tokenizer.json is used as it is: since version 5, transformers builds tokenizers of this
    kind anew, by rules of its own. A text is nothing but text: ``<image>``, ``</s>`` and the like inside it
    are read by their characters.

    Attributes
    ----------
    words, marks : tokenizers.Tokenizer
        For what is read literally, and for the marks of frames.
    bos, image : int
        Ids of the beginning and of an image's placeholder.
    """

    words: Tokenizer
    marks: Tokenizer
    bos: int
    image: int

    @classmethod
    def from_folder(cls, folder: Path) -> FrameTokenizer:
        """Read ``tokenizer.json`` of a checkpoint.

        Raises
        ------
        ValueError
            The file is missing, damaged, or has no marks of images.
        """
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise ValueError(f"{folder} has no tokenizer.json. {REMEDY}")
        words, marks = read_tokenizer(path), read_tokenizer(path)
        words.encode_special_tokens = True
        bos, image, around = (words.token_to_id(token) for token in (BOS, IMAGE, AROUND_IMAGE))
        if bos is None or image is None or around is None:
            raise ValueError(f"{path} lacks one of {BOS}, {IMAGE} and {AROUND_IMAGE}. {REMEDY}")
        special = marks.get_added_tokens_decoder()
        if not all(token in special and special[token].special for token in (image, around)):
            raise ValueError(f"{IMAGE} and {AROUND_IMAGE} are no special tokens in {path}. {REMEDY}")
        return cls(words, marks, bos, image)

    def encode(self, text: str, *, images: int, parts: int, latents: int) -> list[int]:
        """Turn a text and the images after it into ids.

        Parameters
        ----------
        text : str
        images : int
        parts : int
            Pictures of each image: 1, or 5 where the processor splits it.
        latents : int
            Placeholders of each picture.
        """
        mark = f"{AROUND_IMAGE}{IMAGE * latents}" * parts + AROUND_IMAGE
        # a lone character before the marks stands for the text: what follows a mark is split by itself
        whole = self.marks.encode(f".{f'{mark} ' * images}", add_special_tokens=False)
        first = whole.tokens.index(AROUND_IMAGE)
        return [self.bos, *self.words.encode(text, add_special_tokens=False).ids, *whole.ids[first:]]


def read_tokenizer(path: Path) -> Tokenizer:
    """Read a tokenizer without the cutting and padding that may be stored with it."""
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare exceptions
        raise ValueError(f"{path} cannot be read as a tokenizer ({error}). {REMEDY}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
