"""Whiteout: Gaussian noise on every connection, the stronger the smaller its weight."""

from __future__ import annotations

import numpy as np

from labref import _arguments
from labref._arguments import Array
from labref.layers.dense import Dense
from labref.layers.noisy_dense import NoisyDense


class Whiteout(NoisyDense):
    """A dense layer with Gaussian noise on its connections in training.

    Along the connection with weight w, the next unit gets w (x + e) instead of w x, or w x (1 + e)
    if the noise multiplies. The noise e has mean 0 and variance sigma^2 |w|^-gamma + lam, and is
    drawn for every connection and example on its own.

    Parameters
    ----------
    dense
        The layer whose weights, biases and activation to start with.
    sigma
        Size of the noise that depends on the weight, at least 0.
    gamma
        How much stronger the noise is on small weights, in [0, 2).
    lam
        Variance of the noise that does not depend on the weight, at least 0.
    rng
        Source of the noise, drawn anew in each training pass.
    multiply
        Whether the noise multiplies the signal instead of being added to it.

    Attributes
    ----------
    noise
        Of the last pass: the summed noise of each pre-activation in standard deviations, shape
        (N, n_out); None if it was no training pass.

    Raises
    ------
    TypeError, ValueError
        If ``dense`` is not a dense layer, a number is outside its interval or ``rng`` is no
        Generator.

    Notes
    -----
    Equations: eq-whiteout, eq-whiteout-backward, eq-whiteout-penalty.
    The noise of one pre-activation is a sum of Gaussians, so that one draw of variance
    ``sum of w^2 (sigma^2 |w|^-gamma + lam)`` (times x^2 if it multiplies) does for all its
    connections. ``backward`` gives the gradient of the noisy loss, in which the noise depends on
    the weights. On a linear layer with squared error, additive whiteout is in expectation the
    penalty 1/2 sum of (sigma^2 |w|^(2 - gamma) + lam w^2): L1 for gamma = 1 and lam = 0.
    Source: Li and Liu (2016).
    """

    def __init__(
        self,
        dense: Dense,
        sigma: float,
        gamma: float,
        lam: float,
        rng: np.random.Generator,
        multiply: bool = False,
    ) -> None:
        super().__init__(dense, rng)
        self.sigma = _arguments.number("sigma", sigma, "[0, inf)")
        self.gamma = _arguments.number("gamma", gamma, "[0, 2)")
        self.lam = _arguments.number("lam", lam, "[0, inf)")
        self.multiply = multiply
        self.noise: Array | None = None

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the output (N, n_out), with new noise in training."""
        self.x = x
        self.a = x @ self.W.T + self.b
        self.noise = None
        if training:
            self.noise = self.rng.standard_normal(self.a.shape).astype(x.dtype)
            self.std = np.sqrt(self._power() @ self._variance().T)
            self.a += self.std * self.noise
        self.y = self.activation.function(self.a)
        return self.y

    def backward(self, grad_y: Array, need_dx: bool = True) -> Array | None:
        """Fill dW and db from the gradient at the output; return the gradient at the input."""
        dx = super().backward(grad_y, need_dx)
        if self.noise is None:
            return dx
        noisy = self.std > 0  # elsewhere the square root has no slope, and there is no noise
        dvariance = np.zeros_like(self.std)
        np.divide(self.delta * self.noise, 2 * self.std, out=dvariance, where=noisy)
        self.dW += (dvariance.T @ self._power()) * self._variance_slope()
        if dx is not None and self.multiply:
            dx += 2 * self.x * (dvariance @ self._variance())
        return dx

    def _power(self) -> Array:
        """Return the squares of what the noise multiplies, shape (N, n_in)."""
        return np.square(self.x) if self.multiply else np.ones_like(self.x)

    def _variance(self) -> Array:
        """Return the variance of w e, shape (n_out, n_in)."""
        return self.sigma**2 * abs(self.W) ** (2 - self.gamma) + self.lam * self.W**2

    def _variance_slope(self) -> Array:
        """Return its derivative at w, with 0 where w is 0."""
        size = np.where(self.W == 0, 1, abs(self.W))
        slope = self.sigma**2 * (2 - self.gamma) * size ** (1 - self.gamma) * np.sign(self.W)
        return slope + 2 * self.lam * self.W
