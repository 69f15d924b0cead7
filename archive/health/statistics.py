"""How unlikely is what we see, were all as usual? Pure, standard library only.

Counts of articles vary more than chance alone lets them (a big story, a holiday), so their tail is that of a negative
binomial distribution with the variance that was seen; with less than Poisson's it is Poisson's.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, comb, exp, floor, lgamma, log

SPREAD = 0.02  # of the squared mean: no source is as regular as a Poisson process


def few(observed: int, mean: float, variance: float) -> float:
    """The probability of at most `observed` where `mean` are usual."""
    if mean <= 0:
        return 1.0
    spread = max(variance, mean + SPREAD * mean * mean)
    size = mean * mean / (spread - mean)
    kept = size / (size + mean)
    return min(1.0, sum(_negative_binomial(count, size, kept) for count in range(observed + 1)))


def many(observed: int, tries: int, share: float) -> float:
    """The probability of at least `observed` in `tries` where each happens with probability `share`."""
    if observed <= 0:
        return 1.0
    if share >= 1:
        return 1.0
    logs = (log(comb(tries, n)) + n * log(share) + (tries - n) * log(1 - share) for n in range(observed, tries + 1))
    return min(1.0, sum(exp(one) for one in logs))


def median(values: Sequence[float]) -> float:
    return quantile(values, 0.5)


def quantile(values: Sequence[float], share: float) -> float:
    """Linear between the two nearest. Raises ValueError for none."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low, high = ordered[floor(at)], ordered[ceil(at)]
    return low + (high - low) * (at - floor(at))


def spread(values: Sequence[float]) -> float:
    """A variance that one odd week does not change: from the median absolute deviation."""
    middle = median(values)
    return float((1.4826 * median([abs(value - middle) for value in values])) ** 2)


def _negative_binomial(count: int, size: float, kept: float) -> float:
    ways = lgamma(count + size) - lgamma(size) - lgamma(count + 1)
    return exp(ways + size * log(kept) + count * log(1 - kept))
