"""Whether a judge answers the same when asked again, and which answers it uses at all."""

from __future__ import annotations

import numpy as np
import pandas as pd

from videophy_lab.schema.probes import NULL, REPEAT
from videophy_lab.stats.paired import bounded_mean_estimate
from videophy_lab.stats.reliability import Noise, retest_agreement, retest_icc, split_noise
from videophy_lab.study.probe_controls import NO_VIDEO, OK
from videophy_lab.study.probe_shifts import SCORER
from videophy_lab.study.tables import make_estimates, make_row


def estimate_retest(pairs: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate how far every scorer's answers repeat, to the same question and to the same in other words.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`videophy_lab.study.pair_with_null`; those of ``repeat`` and ``caption_paraphrase`` count,
        with their controls as the first answer.

    Returns
    -------
    DataFrame
        Estimates with ``scorer, task, asked`` (``again``, ``in other words``): ``retest_icc`` (ICC(A,1)) and
        ``retest_agreement`` (share of pairs of answers that are equal); and ``variance_video,
        variance_wording, variance_sampling, variance_together`` with ``share`` (of the sum, negative ones
        held at 0) and ``n_left_out`` (videos that lack an answer).
    """
    rows = []
    for names, part in pairs.groupby(SCORER, sort=True):
        groups = dict(zip(SCORER, names, strict=True))
        again, clusters = stack_answers(part, REPEAT)
        worded, of_worded = stack_answers(part, "caption_paraphrase")
        for asked, table, labels in (("again", again, clusters), ("in other words", worded, of_worded)):
            if table.shape[1] < 2:
                continue
            matrix, prompts = table.to_numpy(dtype=float), labels.to_numpy(dtype=str)
            left_out = {"n_left_out": int(np.isnan(matrix).any(axis=1).sum())}
            icc = retest_icc(matrix, prompts, level=confidence)
            same = retest_agreement(matrix, prompts, level=confidence)
            for quantity, estimate in (("retest_icc", icc), ("retest_agreement", same)):
                rows.append(make_row(estimate, quantity, **groups, asked=asked) | left_out)
        if again.shape[1] > 1 or worded.shape[1] > 1:
            noise = _split(again, worded, pd.concat([clusters, of_worded]), confidence)
            for name in ("video", "wording", "sampling", "together"):
                row = make_row(getattr(noise, name), f"variance_{name}", **groups, asked="")
                rows.append(row | {"share": noise.shares.get(name, np.nan), "n_left_out": noise.n_left_out})
    table = make_estimates(rows, groups=[*SCORER, "asked"])
    return table if rows else table.assign(share=pd.Series(dtype=float))


def stack_answers(part: pd.DataFrame, edit: str) -> tuple[pd.DataFrame, pd.Series]:
    """Give the answers of one scorer and task about each video, the control's first, and their clusters.

    Returns
    -------
    DataFrame, Series
        One row a video; one column without such a probe.
    """
    own = part[part["edit"].eq(edit) & part["control"].notna() & part["pair_status"].ne(NO_VIDEO)]
    first = own.drop_duplicates("video_id").set_index("video_id")
    wide = own.pivot(index="video_id", columns="probe", values="probe_score").reindex(first.index)
    # a probe that this scorer was never asked about is no repeat
    wide = wide.dropna(axis="columns", how="all")
    wide.insert(0, "", first["control_score"])
    return wide, first["cluster"]


def _split(again: pd.DataFrame, worded: pd.DataFrame, clusters: pd.Series, confidence: float) -> Noise:
    """Put repeats and paraphrases into one array of videos, wordings and repeats, and split its variance."""
    known = again if again.shape[1] > 1 else worded
    videos = known.index if worded.shape[1] < 2 else worded.index
    # with one column there is no paraphrase: the control alone
    n_wordings, n_repeats = max(1, worded.shape[1]), max(1, again.shape[1])
    cube = np.full((len(videos), n_wordings, n_repeats), np.nan)
    cube[:, 0, 0] = known.reindex(videos)[""]
    if again.shape[1] > 1:
        cube[:, 0, :] = again.reindex(videos).to_numpy(dtype=float)
    if worded.shape[1] > 1:
        cube[:, :, 0] = worded.to_numpy(dtype=float)
    of_videos = clusters[~clusters.index.duplicated()].reindex(videos)
    return split_noise(cube, of_videos.to_numpy(dtype=str), level=confidence)


def name_answers(answers: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Keep the answers of the scorers and questions that are compared, under the names that they have there.

    Parameters
    ----------
    answers : DataFrame
        From :func:`videophy_lab.study.keep_answers`.
    pairs : DataFrame
        From :func:`videophy_lab.study.pair_with_null`, all or some.

    Returns
    -------
    DataFrame
        The answers with ``cluster`` as in the pairs; a video without a pair has its prompt.
    """
    names = pairs[["scorer", "measured_by", "task"]].drop_duplicates()
    clusters = pairs.drop_duplicates("video_id").set_index("video_id")["cluster"]
    renamed = answers.rename(columns={"scorer": "measured_by"})
    named = renamed.merge(names, on=["measured_by", "task"]).drop(columns="measured_by")
    return named.assign(cluster=named["video_id"].map(clusters).fillna(named["prompt_id"]).astype(str))


def keep_controls(answers: pd.DataFrame) -> pd.DataFrame:
    """Keep one score a scorer, task and video without an edit: of the re-encoded video, else the original.

    Parameters
    ----------
    answers : DataFrame
        From :func:`videophy_lab.study.keep_answers` or :func:`name_answers`.
    """
    plain = answers[answers["probe"].isin(["", NULL])]
    order = plain.assign(turn=plain["probe"].eq("").astype(int)).sort_values("turn", kind="stable")
    return order.drop_duplicates(["scorer", "task", "video_id"]).drop(columns="turn").sort_index()


def find_commonest(scores: pd.Series) -> float:
    """Find the commonest score; of several the lowest."""
    values, counts = np.unique(scores.to_numpy(dtype=float), return_counts=True)
    return float(values[counts.argmax()])


def estimate_scale_use(answers: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate how often every scorer gives its commonest answer to videos without an edit.

    Parameters
    ----------
    answers : DataFrame
        From :func:`name_answers`.

    Returns
    -------
    DataFrame
        Estimates ``commonest_share`` with ``scorer, task, commonest`` (the answer), ``n_answers`` (different
        ones), ``used`` (all of them as text, where they are at most ten), ``entropy`` (in bits), ``mean`` and
        ``sd``.
    """
    rows = []
    usable = keep_controls(answers)
    usable = usable[usable["status"].eq(OK)]
    for names, part in usable.groupby(SCORER, sort=True):
        scores = part["score"].astype(float)
        shares = scores.value_counts(normalize=True).sort_index()
        commonest = find_commonest(scores)
        estimate = bounded_mean_estimate(
            scores.eq(commonest).to_numpy(dtype=float),
            part["cluster"].to_numpy(dtype=str),
            level=confidence,
        )
        used = ", ".join(f"{value:g}: {100 * share:.0f} %" for value, share in shares.items())
        rows.append(
            make_row(estimate, "commonest_share", **dict(zip(SCORER, names, strict=True)))
            | {"commonest": commonest, "n_answers": len(shares), "used": used if len(shares) <= 10 else ""}
            | {"entropy": float(-(shares * np.log2(shares)).sum()) + 0.0}
            | {"mean": float(scores.mean()), "sd": float(scores.std(ddof=1))}
        )
    return make_estimates(rows, groups=SCORER)


def list_reversals(
    pairs: pd.DataFrame, videos: pd.DataFrame, *, scorer: str, n_videos: int = 2
) -> pd.DataFrame:
    """List irreversible videos that a scorer tells apart best from their reversal, and worst.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`videophy_lab.study.pair_with_null`; all reversals count where none is of an irreversible
        video.
    videos : DataFrame
        The videos table with ``probe`` and ``path``.
    scorer : str
        As in the column ``scorer`` of the pairs.
    n_videos : int
        At each end.

    Returns
    -------
    DataFrame
        Rows of ``videos``, each control before its reversal, with ``shown``: what it is and its score.
    """
    usable = pairs[pairs["scorer"].eq(scorer) & pairs["probe"].eq("reverse") & pairs["pair_status"].eq(OK)]
    told = usable["class"].eq("irreversible")
    usable = (usable[told] if told.any() else usable).sort_values(["shift", "video_id"], kind="stable")
    n = min(n_videos, len(usable) // 2)
    chosen = pd.concat([usable.head(n), usable.tail(n)])
    parts = []
    for row in chosen.to_dict("records"):
        sides = ((row["control"], "control", "forward"), ("reverse", "probe", "reversed"))
        for probe, side, said in sides:
            own = videos[videos["video_id"].eq(str(row["video_id"])) & videos["probe"].fillna("").eq(probe)]
            parts.append(own.assign(shown=f"{said}: {row[f'{side}_score']:.2f}"))
    return pd.concat(parts, ignore_index=True) if parts else videos[:0].assign(shown="")
