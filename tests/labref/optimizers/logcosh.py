"""A small cost, neither quadratic nor separable: the sum of log cosh(A w - c)."""

import numpy as np

A = np.array([[1.0, 0.5, -0.3], [-0.8, 2.0, 0.4], [0.2, -0.6, 0.9], [1.5, 0.1, -1.1]])
C = np.array([0.5, -1.0, 2.0, 0.3])
START = np.array([1.5, -2.0, 0.5])
STEPS = 50


def gradient(w):
    return A.T @ np.tanh(A @ w - C)


def trajectory(optimizer):
    """Return the parameters after each of 50 steps, shape (50, 3)."""
    w, path = START.copy(), []
    for _ in range(STEPS):
        optimizer.step(w, gradient(w))
        path.append(w.copy())
    return np.array(path)


def torch_trajectory(name, **options):
    """Return the same with PyTorch's optimizer of that name and its own gradients."""
    import torch

    w = torch.tensor(START, requires_grad=True)
    optimizer, path = getattr(torch.optim, name)([w], **options), []
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.log(torch.cosh(torch.tensor(A) @ w - torch.tensor(C))).sum().backward()
        optimizer.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)
