"""Token ids of prompts, as the official code makes them and as a careful reader wants them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sentencepiece

from videophy_lab.judges.owl.network import BOS, EOS, MEDIA_LENGTH, MEDIA_TOKEN

PAD = 0
LONE_SPACE = "▁"
IMAGE_MARK, VIDEO_MARK = "<image>", "<|video|>"
MEDIA_MARKS = (IMAGE_MARK, VIDEO_MARK)
TURN_MARKS = ("AI: ", "\nHuman: ")
CONTROL_IDS = {"<unk>": 0, "<s>": BOS, "</s>": EOS}
VIDEOCON_LENGTH = 257


@dataclass(frozen=True)
class Media:
    """The place of a video between the parts of a prompt."""

    token: int = MEDIA_TOKEN
    length: int = MEDIA_LENGTH


VIDEO = Media()


def split_text(text: str, marks: Sequence[str]) -> list[str]:
    """Split a text at marks, which stay as parts of their own; empty parts are dropped."""
    return [part for part in re.split(f"({'|'.join(map(re.escape, marks))})", text) if part]


@dataclass(frozen=True)
class OwlTokenizer:
    """The LLaMA tokenizer of a checkpoint.

    Parameters
    ----------
    processor : sentencepiece.SentencePieceProcessor
    """

    processor: sentencepiece.SentencePieceProcessor

    @classmethod
    def from_folder(cls, folder: str | Path) -> OwlTokenizer:
        """Read ``tokenizer.model`` of a checkpoint.

        Raises
        ------
        ValueError
            The file is missing, damaged, or not LLaMA's (unknown 0, beginning 1, end 2).
        """
        path = Path(folder) / "tokenizer.model"
        if not path.is_file():
            raise ValueError(
                f"{folder} has no tokenizer.model. Remedy: give the checkpoint's whole folder, or fetch the "
                "file from the repository it came from."
            )
        processor = sentencepiece.SentencePieceProcessor()
        try:
            processor.LoadFromSerializedProto(path.read_bytes())
        except RuntimeError as error:
            raise ValueError(f"{path} is damaged ({error}). Remedy: fetch the file again.") from error
        found = (processor.unk_id(), processor.bos_id(), processor.eos_id())
        if found != (0, BOS, EOS):
            raise ValueError(
                f"{path} has the ids {found} for unknown, beginning and end; LLaMA's are (0, {BOS}, {EOS}). "
                "Remedy: give the checkpoint's own tokenizer.model."
            )
        return cls(processor)

    def encode(self, text: str, *, literal: bool = True) -> list[int]:
        """Tokenise one stretch of text by itself, without a beginning.

        Parameters
        ----------
        text : str
        literal : bool
            Read ``<s>``, ``</s>`` and ``<unk>`` as their characters; otherwise they become control tokens, as
            in the official code, and what follows them starts anew.
        """
        parts = [text] if literal else split_text(text, tuple(CONTROL_IDS))
        ids: list[int] = []
        for part in parts:
            is_control = not literal and part in CONTROL_IDS
            ids += [CONTROL_IDS[part]] if is_control else self.processor.encode(part)
        return ids

    def encode_parts(self, parts: Sequence[str | Media]) -> list[int]:
        """Tokenise a prompt given in parts, so that no caption is taken for anything else.

        Parameters
        ----------
        parts : sequence of str or Media
            Each string is tokenised by itself and literally; :data:`VIDEO` gives 65 placeholders. Join a
            caption with the words around it first: each part begins with a space of its own.
        """
        ids = [BOS]
        for part in parts:
            ids += self.encode(part) if isinstance(part, str) else [part.token] * part.length
        return ids

    def encode_official(self, text: str, split_at: Sequence[str] = MEDIA_MARKS) -> list[int]:
        """Tokenise a whole prompt as the official AutoEval does, marks and control tokens in captions too.

        Raises
        ------
        ValueError
            The prompt has the mark of an image; the official run dies of it.

        References
        ----------
        github.com/Hritikbansal/videophy@01d366c, VIDEOPHY2/mplug_owl_video/processing_mplug_owl.py.
        """
        refuse_image(text)
        ids = [BOS]
        for part in split_text(text, split_at):
            ids += self.encode_media(part) or self.encode(part, literal=False)
        return ids

    def encode_videocon(self, text: str, length: int = VIDEOCON_LENGTH) -> list[int]:
        """Tokenise a whole prompt as the official VideoCon-Physics does: split at turns, cut, padded with 0.

        A prompt that is cut loses its end, the question's "AI: " included; the official code scores it all
        the same.

        Raises
        ------
        ValueError
            The prompt has the mark of an image; the official run dies of it.

        References
        ----------
        github.com/Hritikbansal/videophy@01d366c, videocon/training/pipeline_video/
        data_utils/xgpt3_dataset.py.
        """
        refuse_image(text)
        ids = [BOS]
        last = ""
        for part in split_text(text, MEDIA_MARKS + TURN_MARKS):
            more = self.encode_media(part)
            if len(ids) >= length or (more and len(ids) + len(more) > length):
                break
            if last == TURN_MARKS[0] and not more:
                more = [*self.encode(part, literal=False)[: length - 1 - len(ids)], EOS]
            ids += more or self.encode(part, literal=False)[: length - len(ids)]
            last = part
        return ids + [PAD] * (length - len(ids))

    def encode_media(self, part: str) -> list[int]:
        """Give the placeholders that stand for a video's mark; nothing for any other text."""
        return [VIDEO.token] * VIDEO.length if part == VIDEO_MARK else []

    def decode(self, ids: Sequence[int]) -> str:
        """Turn ids into text, control tokens left out."""
        kept = [int(each) for each in ids if each not in CONTROL_IDS.values()]
        return str(self.processor.decode(kept))

    def piece_id(self, piece: str) -> int:
        """Look a piece up.

        Raises
        ------
        ValueError
            The vocabulary does not have it.
        """
        found = self.processor.piece_to_id(piece)
        if self.processor.id_to_piece(found) != piece:
            raise ValueError(f"the vocabulary has no piece {piece!r}. Remedy: give a LLaMA tokenizer.model.")
        return found

    def answer_ids(self, words: Sequence[str]) -> tuple[int, ...]:
        """Find the id by which each answer is told.

        ``Yes`` is the one piece ``▁Yes``; a digit is ``▁`` and then the digit's own piece, whose id is given.

        Raises
        ------
        ValueError
            A word of several pieces, or words of both kinds.
        """
        encoded = [self.encode(word) for word in words]
        space = self.piece_id(LONE_SPACE)
        sizes = {len(ids) for ids in encoded}
        if sizes not in ({1}, {2}) or (sizes == {2} and {ids[0] for ids in encoded} != {space}):
            pieces = [self.processor.id_to_piece(ids) for ids in encoded]
            raise ValueError(
                f"the answers {list(words)} are written as {pieces}; each must be one piece, or each a lone "
                f"{LONE_SPACE!r} and one piece. Remedy: give the judge's own tokenizer.model."
            )
        return tuple(ids[-1] for ids in encoded)


def refuse_image(text: str) -> None:
    """Raise ValueError for a prompt with the mark of an image."""
    if IMAGE_MARK in text:
        raise ValueError(
            f"the text holds {IMAGE_MARK!r}, of which the official code dies. Remedy: take the mark out, or "
            "use the strict mode, which reads it as text."
        )
