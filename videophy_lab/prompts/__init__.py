"""How a benchmark is made: actions, prompts, their hard subset, and rules about generated videos.

Every step takes a table and gives tables: what is kept, and what was refused, with the reason. Language
models are asked through the one client, so that no answer is paid for twice and a step that was stopped
goes on.
"""

from __future__ import annotations

from videophy_lab.prompts.actions import gather_actions
from videophy_lab.prompts.additions import Merged, join_ratings, merge_additions, price_additions
from videophy_lab.prompts.caption_checks import CaptionLimits
from videophy_lab.prompts.caption_drafts import Terms
from videophy_lab.prompts.captions import Written, price_captions, write_all_captions
from videophy_lab.prompts.chat import PAPER_MODELS, ChatModel, Writer
from videophy_lab.prompts.filtering import filter_actions, price_filter
from videophy_lab.prompts.folder import read_folder
from videophy_lab.prompts.hard import Hard, HardRule, check_reference, choose_hard, mark_hard
from videophy_lab.prompts.lists import read_list
from videophy_lab.prompts.meaning import UpsamplingLimits
from videophy_lab.prompts.review import make_review, read_reviews
from videophy_lab.prompts.rewriting import ChatUpsampler, LocalUpsampler
from videophy_lab.prompts.rules import Ruled, price_rules, propose_rules
from videophy_lab.prompts.settling import keep_final, list_open, settle
from videophy_lab.prompts.tokens import check_tokens, load_tokenizer, tell_unchecked
from videophy_lab.prompts.upsampling import Upsampled, price_upsampling, upsample
from videophy_lab.prompts.watching import WatchingModel

__all__ = [
    "PAPER_MODELS",
    "CaptionLimits",
    "ChatModel",
    "ChatUpsampler",
    "Hard",
    "HardRule",
    "LocalUpsampler",
    "Merged",
    "Ruled",
    "Terms",
    "Upsampled",
    "UpsamplingLimits",
    "WatchingModel",
    "Writer",
    "Written",
    "check_reference",
    "check_tokens",
    "choose_hard",
    "filter_actions",
    "gather_actions",
    "join_ratings",
    "keep_final",
    "list_open",
    "load_tokenizer",
    "make_review",
    "mark_hard",
    "merge_additions",
    "price_additions",
    "price_captions",
    "price_filter",
    "price_rules",
    "price_upsampling",
    "propose_rules",
    "read_folder",
    "read_list",
    "read_reviews",
    "settle",
    "tell_unchecked",
    "upsample",
    "write_all_captions",
]
