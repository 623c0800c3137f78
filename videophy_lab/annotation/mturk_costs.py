"""What a batch on Amazon Mechanical Turk costs, and what it pays by the hour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# Amazon's prices (requester.mturk.com/pricing): 20 % of the reward, 20 % more for all assignments of a HIT
# that has ten or more, 5 % more for Masters, a cent at least
FEE, MANY_FEE, MASTERS_FEE = Decimal("0.20"), Decimal("0.20"), Decimal("0.05")
MANY_ASSIGNMENTS = 10
CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """US dollars of a batch.

    Attributes
    ----------
    n_hits, assignments : int
        HITs, and people a HIT.
    reward, fee : float
        Of one assignment.
    rewards, fees, total : float
    seconds : float
        Of one assignment, as it was given.
    pay_per_hour : float
        What a worker earns at that speed.
    hours : float
        Of work, by all.
    """

    n_hits: int
    assignments: int
    reward: float
    fee: float
    rewards: float
    fees: float
    total: float
    seconds: float
    pay_per_hour: float
    hours: float

    def __str__(self) -> str:
        return (
            f"{self.n_hits:,} HITs × {self.assignments} people × ${self.reward:.2f} = ${self.rewards:,.2f}, "
            f"and ${self.fees:,.2f} for Amazon: ${self.total:,.2f} in all; ${self.pay_per_hour:.2f} an hour "
            f"at {self.seconds:.0f} s a HIT, {self.hours:,.1f} hours of work"
        )


def estimate_mturk_cost(
    n_hits: int,
    *,
    assignments: int = 3,
    seconds: float,
    reward: float | None = None,
    pay_per_hour: float | None = None,
    masters: bool = False,
) -> Cost:
    """Estimate the cost of a batch.

    Parameters
    ----------
    n_hits : int
    assignments : int
        People a HIT.
    seconds : float
        Of one HIT: measure it, for example as the median of your own.
    reward, pay_per_hour : float
        US dollars; one of the two. A reward made of pay by the hour is rounded up to a cent.
    masters : bool
        Only workers whom Amazon calls Masters.

    Raises
    ------
    ValueError
        Neither or both of reward and pay by the hour, or a number that cannot be.
    """
    if n_hits < 0 or assignments < 1 or not 0 < seconds < math.inf:
        raise ValueError(
            f"{n_hits} HITs of {assignments} people and {seconds} s; allowed: 0 or more, 1 or more, above 0"
        )
    if (reward is None) == (pay_per_hour is None):
        raise ValueError("give either reward (US dollars a HIT) or pay_per_hour (US dollars an hour)")
    if reward is None and pay_per_hour is not None:
        reward = math.ceil(round(100 * pay_per_hour * seconds / 3600, 6)) / 100
    if reward is None or reward < float(CENT):
        raise ValueError(f"the reward is {reward} US dollars; the least that can be paid is 0.01")
    one = Decimal(str(reward))
    share = FEE + (MANY_FEE if assignments >= MANY_ASSIGNMENTS else 0) + (MASTERS_FEE if masters else 0)
    fee = max(CENT, (one * share).quantize(CENT, ROUND_HALF_UP))
    number = n_hits * assignments
    return Cost(
        n_hits=n_hits,
        assignments=assignments,
        reward=float(one),
        fee=float(fee),
        rewards=float(one * number),
        fees=float(fee * number),
        total=float((one + fee) * number),
        seconds=seconds,
        pay_per_hour=float(one) * 3600 / seconds,
        hours=number * seconds / 3600,
    )
