"""The statistics of retry schedules: what they find, what they call it, and how rarely they are wrong."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from dayzero.probes.retry_schedule import (
    ALARM_RATE,
    GROWTH,
    MIN_COPIES,
    TESTS,
    Fault,
    TooLittleSeen,
    Waiting,
    binomial_tail,
    crowd_bound,
    judge_schedule,
    together,
)
from tests.unit.probes.retry_policies import (
    Policy,
    ceilings,
    decorrelated_jitter,
    equal_jitter,
    fixed,
    followed,
    full_jitter,
    seeded_alike,
    spread,
    without_growth,
    without_jitter,
)

INITS = 6
RATE = ALARM_RATE / (TESTS * INITS + 1)
RUNS = 200
UNCAPPED = 1e9
UNTOLD = "too little seen"

USUAL = (10, 5.0)
"""Copies, and seconds for an attempt, of an init that is a shell script."""
HEAVY = (MIN_COPIES, 23.0)
"""The same of one whose client is a JVM."""


def verdicts(policy: Policy, copies: int, attempt: float, runs: int = RUNS) -> Counter[str]:
    """How often each verdict was given, with a seed that is always the same."""
    draw = random.Random(13)
    found: Counter[str] = Counter()
    for _ in range(runs):
        try:
            faults = judge_schedule([followed(policy, draw, attempt) for _ in range(copies)], RATE).faults
        except TooLittleSeen:
            found[UNTOLD] += 1
        else:
            found[" + ".join(fault.name for fault in faults) or "conforms"] += 1
    return found


CONFORMING = {
    "full jitter": full_jitter(),
    "equal jitter": equal_jitter(),
    "decorrelated jitter": decorrelated_jitter(),
    "a fifth more or less": spread(0.8, 1.2),
    "full jitter from 1 to 30 s": full_jitter(1, 30),
    "full jitter from 1 to 60 s": full_jitter(1, 60),
    "equal jitter from 1 to 60 s": equal_jitter(1, 60),
    "full jitter from 5 to 30 s": full_jitter(5, 30),
    "growth by a half each time": full_jitter(0.5, 10, 1.5),
    "growth by three": full_jitter(0.1, 5, 3),
}


@pytest.mark.parametrize("policy", CONFORMING.values(), ids=CONFORMING)
def test_what_conforms_is_let_pass(policy: Policy) -> None:
    """Given inits that follow a policy which the specification's words allow,
    when each is judged many times over,
    then there is not one alarm."""
    assert verdicts(policy, *USUAL) == {"conforms": RUNS}


@pytest.mark.parametrize("policy", [full_jitter(), equal_jitter(), spread(0.8, 1.2)])
def test_the_few_copies_of_a_heavy_init_raise_no_alarm(policy: Policy) -> None:
    """Given the fewest copies, whose attempts take so long that each pauses eleven times,
    when they follow the usual policies and are judged many times over,
    then there is not one alarm."""
    assert verdicts(policy, *HEAVY) == {"conforms": RUNS}


WRONG: dict[str, tuple[Policy, set[str], float, float]] = {
    # The policy, the right names of its fault, and the share of runs with many and with few copies that must say so.
    "1 s each": (fixed(1), {"FIXED_PAUSE"}, 1.0, 0.99),
    "5 s each": (fixed(5), {"FIXED_PAUSE"}, 1.0, 0.99),
    "without jitter": (without_jitter(), {"NO_JITTER", "TOGETHER"}, 1.0, 0.98),
    "without jitter, from 1 s": (without_jitter(1, 8), {"NO_JITTER", "TOGETHER"}, 1.0, 0.98),
    "0 to 5 s": (without_growth(0, 5), {"NO_GROWTH"}, 0.99, 0.93),
    "1 to 3 s": (without_growth(1, 3), {"NO_GROWTH"}, 1.0, 0.99),
    "seeded alike": (seeded_alike, {"SAME_SEED", "TOGETHER"}, 1.0, 0.65),
    "full jitter without a cap": (full_jitter(0.25, UNCAPPED), {"NO_CAP", UNTOLD}, 1.0, 0.98),
    "equal jitter without a cap": (equal_jitter(1, UNCAPPED), {"NO_CAP", UNTOLD}, 1.0, 0.98),
    "doubling for ever": (without_jitter(0.25, UNCAPPED), {"NO_CAP", "NO_CAP + NO_JITTER"}, 1.0, 0.98),
}


@pytest.mark.parametrize(("policy", "names", "many", "few"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_found_and_named(policy: Policy, names: set[str], many: float, few: float) -> None:
    """Given inits that follow a policy with one fault,
    when each is judged many times over,
    then the fault is found and named in at least the stated share of runs; where few copies pause so rarely that a cap
    cannot be told, that is said."""
    for (copies, attempt), share in ((USUAL, many), (HEAVY, few)):
        seen = verdicts(policy, copies, attempt)
        right = names - {UNTOLD} if copies > MIN_COPIES else names
        assert sum(seen[name] for name in right) >= share * RUNS, f"{copies} copies: {dict(seen)}"


def test_one_attempt_without_end_is_named() -> None:
    """Given a copy whose second attempt is under way for a minute,
    when it is judged,
    then that is what is said, however few pauses there are."""
    seen = judge_schedule([Waiting((0.2,), 61.0, ended=False)] * 4, RATE)
    assert seen.faults == (Fault.ENDLESS_ATTEMPT,)
    assert str(seen) == "no time limit for an attempt; one attempt went on for 61 s"


def test_hardly_any_retries_are_a_fault_and_too_short_a_look_is_none() -> None:
    """Given copies with two pauses,
    when they gave up by themselves, then that is a fault,
    and when somebody stopped watching them, or fewer copies than needed were seen, then nothing can be said."""
    assert judge_schedule([Waiting((1.0, 2.0), 5.0, ended=True)] * 4, RATE).faults == (Fault.FEW_RETRIES,)
    with pytest.raises(TooLittleSeen, match="pause 2 times"):
        judge_schedule([Waiting((1.0, 2.0), 5.0, ended=False)] * 4, RATE)
    with pytest.raises(TooLittleSeen, match="3 copies"):
        judge_schedule([Waiting((1.0, 2.0) * 6, 5.0, ended=False)] * 3, RATE)
    with pytest.raises(TooLittleSeen, match="no attempt"):
        judge_schedule([], RATE)


# How rarely growth and cap are misjudged. Both compare weighted sums of independent pauses: `chernoff` bounds the
# probability that a sum of them, each uniform from its least to its most, is above zero.
Draws = Sequence[tuple[float, float]]


def chernoff(draws: Draws) -> float:
    def bound(s: float) -> float:
        logarithm = 0.0
        for least, most in draws:
            width = s * (most - least)
            # The mean of exp(s·x) over the interval, from its upper end to stay in range.
            logarithm += s * most + (math.log(-math.expm1(-width) / width) if width else 0.0)
        return math.exp(min(logarithm, 0.0))

    return min(bound(1.1**power) for power in range(-60, 60))


def misjudged(
    jitter: Callable[[float], tuple[float, float]], copies: int, pauses: int
) -> tuple[float, float]:
    """At most how often copies that conform are said not to grow, and to have no cap."""
    tops = [top for top, _ in zip(ceilings(), range(pauses), strict=False)]
    third = pauses // 3

    def weighted(part: Sequence[float], weight: float) -> Draws:
        share = weight / len(part)
        ends = [(share * low, share * high) for low, high in map(jitter, part)]
        return [(min(pair), max(pair)) for pair in ends] * copies

    early, before, late = tops[:2], tops[-2 * third : -third], tops[-third:]
    no_growth = chernoff([*weighted(early, GROWTH), *weighted(late, -1.0)])
    no_cap = chernoff([*weighted(late, 1.0), *weighted(before, -(2 ** (third / 2)))])
    return no_growth, no_cap


@pytest.mark.parametrize("low", [0.0, 0.5], ids=["full jitter", "equal jitter"])
@pytest.mark.parametrize(("copies", "pauses"), [(MIN_COPIES, 12), (10, 12)])
def test_a_false_alarm_about_growth_or_cap_is_rarer_than_permitted(
    low: float, copies: int, pauses: int
) -> None:
    """Given the schedule of the reference stack,
    when the probability of a false alarm is bounded for the pauses that a run sees,
    then it is below what one test of one init is permitted, so that all of a run raise one in less than 1 in 10,000."""
    no_growth, no_cap = misjudged(lambda top: (low * top, top), copies, pauses)
    assert no_growth < RATE
    assert no_cap < RATE


def test_the_bound_bounds_what_happens() -> None:
    """Given sums whose sign is easily the wrong one,
    when they are drawn many times,
    then they are so no more often than the bound says."""
    draw = random.Random(7)
    draws = [(-1.0, 0.5)] * 6
    often = sum(sum(draw.uniform(*one) for one in draws) > 0 for _ in range(5000)) / 5000
    assert 0 < often <= chernoff(draws) < 1


def test_jitter_and_together_keep_their_rate_by_construction() -> None:
    """Given the tails of the binomial distribution,
    when limits are computed from them,
    then they hold the rate that was asked for and no more copies are demanded than there are."""
    assert binomial_tail(3, 0.5, 2) == pytest.approx(0.5)
    assert binomial_tail(12, 0.3, 0) == pytest.approx(1.0)
    for copies in (4, 10, 50):
        least = crowd_bound(copies, 4, RATE)
        assert least is not None
        assert (copies * binomial_tail(copies - 1, 1 / 8, least - 1)) ** 4 <= RATE
        assert 2 <= least <= copies
    assert crowd_bound(2, 1, RATE) is None


@pytest.mark.parametrize(
    ("policy", "arrive_together"), [(full_jitter(), False), (without_jitter(), True), (fixed(2), True)]
)
def test_fifty_together_are_seen(policy: Policy, arrive_together: bool) -> None:
    """Given fifty copies that start together,
    when their pauses have a rhythm in common, then they are seen to arrive together,
    and when they draw their pauses, then they are not."""
    draw = random.Random(3)
    for _ in range(50):
        assert together([followed(policy, draw, 5.0) for _ in range(50)], RATE).is_together is arrive_together
