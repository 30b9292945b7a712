"""The hierarchical model with one large covariance matrix, as a textbook has it."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Dense:
    """What follows from ratings for some new ones."""

    evidence: float
    mean: np.ndarray
    variance: np.ndarray
    """Of a new rating; of its level, `noise` less."""
    noise: float


def covariance(left, right, shares, prior):
    """Return the covariance of two lists of ratings, without their own noise."""
    numbers = left.numbers / prior.precision @ right.numbers.T
    same_branch = left.branch[:, None] == right.branch
    same_place = left.place[:, None] == right.place
    on_album = ~left.is_direct[:, None] & ~right.is_direct
    return (
        numbers
        + shares.artist * same_branch
        + shares.album * (same_branch & same_place & on_album)
    )


def dense(ratings, new, shares, prior) -> Dense:
    """Condition a Student process on all ratings at once, O(n³)."""
    count = len(ratings.points)
    own = covariance(ratings, ratings, shares, prior)
    own += np.diag(shares.own / ratings.weight)
    across = covariance(new, ratings, shares, prior)
    residual = ratings.points - ratings.numbers @ prior.mean
    solved = np.linalg.solve(own, np.column_stack([residual, across.T]))
    before, scale = prior.sd_weight, prior.sd_weight * prior.sd**2
    after = before + count / 2
    rate = scale + float(residual @ solved[:, 0]) / 2
    evidence = (
        -np.linalg.slogdet(own)[1] / 2
        - after * math.log(rate)
        + before * math.log(scale)
        + math.lgamma(after)
        - math.lgamma(before)
        - count / 2 * math.log(2 * math.pi)
    )
    level = np.diag(covariance(new, new, shares, prior) - across @ solved[:, 1:])
    widened = rate / (after - 1)
    return Dense(
        evidence=evidence,
        mean=new.numbers @ prior.mean + across @ solved[:, 0],
        variance=(level + shares.own) * widened,
        noise=shares.own * widened,
    )


def mixed(found, logs, kept):
    """Return mean, sd and sd of the level of a mixture of dense results."""
    weight = np.exp(np.array(logs) - max(logs))
    weight = np.where(kept, weight, 0)
    weight /= weight.sum()
    means = np.array([own.mean for own in found])
    mean = weight @ means
    between = weight @ (means - mean) ** 2
    variance = weight @ np.array([own.variance for own in found]) + between
    noise = weight @ np.array([own.noise for own in found])
    return mean, np.sqrt(variance), np.sqrt(variance - noise)
