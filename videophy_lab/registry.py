"""Names of what can be plugged in, ours and other packages'; nothing is imported before it is asked for."""

from __future__ import annotations

import difflib
from importlib.metadata import EntryPoint, entry_points
from typing import Any

JUDGES = {
    "autoeval": "videophy_lab.judges.autoeval:AutoEval",
    "videocon_physics": "videophy_lab.judges.videocon_physics:VideoConPhysics",
    "videocon": "videophy_lab.judges.videocon:VideoCon",
    "videoscore": "videophy_lab.judges.videoscore:VideoScore",
    "videoscore2": "videophy_lab.judges.videoscore2:VideoScore2",
    "videollava": "videophy_lab.judges.vlm_models:VideoLlava",
    "qwen2_5_vl": "videophy_lab.judges.vlm_models:Qwen25VL",
    "qwen3_vl": "videophy_lab.judges.vlm_models:Qwen3VL",
    "cosmos_reason1": "videophy_lab.judges.vlm_models:CosmosReason1",
    "cosmos_reason2": "videophy_lab.judges.vlm_models:CosmosReason2",
    "vlm": "videophy_lab.judges.vlm:VisionLanguageJudge",
    "gemini": "videophy_lab.judges.remote:Gemini",
    "openai": "videophy_lab.judges.remote:OpenAICompatible",
    "kinematics": "videophy_lab.judges.kinematics:Kinematics",
    "arrow_of_time": "videophy_lab.judges.arrow_of_time:ArrowOfTime",
    "constant": "videophy_lab.judges.sentinels:Constant",
    "random": "videophy_lab.judges.sentinels:Random",
}
METRICS = {
    "aesthetic_quality": "videophy_lab.metrics.aesthetic:AestheticQuality",
    "aesthetic_v2": "videophy_lab.metrics.aesthetic:AestheticV2",
    "imaging_quality": "videophy_lab.metrics.imaging:ImagingQuality",
    "subject_consistency": "videophy_lab.metrics.consistency:SubjectConsistency",
    "background_consistency": "videophy_lab.metrics.consistency:BackgroundConsistency",
    "motion_smoothness": "videophy_lab.metrics.smoothness:MotionSmoothness",
    "flow_smoothness": "videophy_lab.metrics.smoothness:FlowSmoothness",
    "dynamic_degree": "videophy_lab.metrics.dynamics:DynamicDegree",
    "dynamic_degree_dis": "videophy_lab.metrics.dynamics:DynamicDegreeDis",
    "temporal_flickering": "videophy_lab.metrics.flicker:TemporalFlickering",
    "sharpness": "videophy_lab.metrics.frames:Sharpness",
    "colourfulness": "videophy_lab.metrics.frames:Colourfulness",
    "contrast": "videophy_lab.metrics.frames:Contrast",
}
GENERATORS = {
    "simulated": "videophy_lab.generators.simulated:Simulated",
    "cogvideox_5b": "videophy_lab.generators.diffusion:CogVideoX",
    "hunyuan_13b": "videophy_lab.generators.diffusion:HunyuanVideo",
    "cosmos1_7b": "videophy_lab.generators.diffusion:Cosmos1",
    "wan2_1_14b": "videophy_lab.generators.diffusion:Wan21",
    "wan2_2_a14b": "videophy_lab.generators.diffusion:Wan22",
    "hunyuan_1_5": "videophy_lab.generators.diffusion:HunyuanVideo15",
    "mochi_1": "videophy_lab.generators.diffusion:Mochi",
    "ltx_video": "videophy_lab.generators.diffusion:LTXVideo",
    "videocrafter2": "videophy_lab.generators.videocrafter2:VideoCrafter2",
    "ray2": "videophy_lab.generators.api:Ray2",
    "openai_videos": "videophy_lab.generators.api:OpenAIVideos",
    "veo": "videophy_lab.generators.api:Veo",
    "imported": "videophy_lab.generators.imported:Imported",
    "command": "videophy_lab.generators.command:Command",
}
# networks that interpolate frames come as plug-ins
INTERPOLATORS: dict[str, str] = {}
KINDS = {"judges": JUDGES, "metrics": METRICS, "generators": GENERATORS, "interpolators": INTERPOLATORS}
SCORERS = ("judges", "metrics")


def name_group(kind: str) -> str:
    """Name the group of entry points in which packages register what they bring."""
    return f"videophy_lab.{kind}"


def list_names(*kinds: str) -> dict[str, str]:
    """List the names of one or more kinds, each with its ``module:attribute``; ours win over plug-ins'."""
    found: dict[str, str] = {}
    for kind in kinds:
        plugins = {entry.name: entry.value for entry in entry_points(group=name_group(kind))}
        found |= plugins | KINDS[kind]
    return found


def find_class(name: str, *kinds: str) -> Any:
    """Import what a name stands for.

    Parameters
    ----------
    name : str
    *kinds : {"judges", "metrics", "generators", "interpolators"}
        Where to look.

    Raises
    ------
    ValueError
        No such name; the close matches and the allowed names are given.
    ImportError
        What the name stands for cannot be imported.
    """
    known = list_names(*kinds)
    if name not in known:
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(close)}? " if close else ""
        what = " or ".join(kind.removesuffix("s") for kind in kinds)
        allowed = ", ".join(sorted(known)) or f"none; packages register them in {name_group(kinds[0])}"
        raise ValueError(f"there is no {what} {name!r}. {hint}Allowed: {allowed}.")
    try:
        return EntryPoint(name, known[name], kinds[0]).load()
    except (ImportError, AttributeError) as error:
        raise ImportError(
            f"{name} ({known[name]}) cannot be imported: {error}. Remedy: install or mend its package."
        ) from error
