"""Tiny restricted Boltzmann machines, solved by listing all their states."""

from itertools import product

import numpy as np


def states(n):
    """Return all 2**n states of n units, one per row."""
    return np.array(list(product([0.0, 1.0], repeat=n)))


def joint_distribution(W, b, c):
    """Return P(v, h), one row per visible and one column per hidden state, and log Z."""
    v, h = states(len(b)), states(len(c))
    weights = np.empty((len(v), len(h)))
    for i, visible in enumerate(v):
        for j, hidden in enumerate(h):
            weights[i, j] = np.exp(visible @ b + hidden @ c + hidden @ W @ visible)
    return weights / weights.sum(), np.log(weights.sum())


def log_likelihood(data, W, b, c):
    """Return the mean log-probability of rows of zeros and ones."""
    p, _ = joint_distribution(W, b, c)
    index = {tuple(v): i for i, v in enumerate(states(len(b)))}
    return np.mean([np.log(p[index[tuple(row)]].sum()) for row in data])


def expectations(W, b, c):
    """Return the model's means of h v^T, v and h."""
    p, _ = joint_distribution(W, b, c)
    v, h = states(len(b)), states(len(c))
    return h.T @ p.T @ v, p.sum(axis=1) @ v, p.sum(axis=0) @ h


def tiny_machine(n_visible=4, n_hidden=3, scale=1.0, seed=0):
    """Return W, b, c."""
    rng = np.random.default_rng(seed)
    shapes = (n_hidden, n_visible), (n_visible,), (n_hidden,)
    return [scale * rng.standard_normal(shape) for shape in shapes]


def tiny_data(n=8, n_visible=4, seed=1):
    """Return rows of zeros and ones."""
    return np.random.default_rng(seed).integers(0, 2, (n, n_visible)).astype(np.float64)
