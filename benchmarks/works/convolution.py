"""A convolution layer, forward and backward: output and the gradients at input, filters and bias.

Images are (N, C, H, W), filters (C_out, C_in, kh, kw), strides 1, and numbers float32.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.runner import REFERENCE, Run, Work
from labref.layers import Conv2D
from labref.layers._memory_order import from_rows, to_rows


@dataclass(frozen=True)
class Problem:
    """Images, filters, biases, zeros around the images, and the gradient at the output."""

    x: np.ndarray
    w: np.ndarray
    b: np.ndarray
    pad: int
    delta: np.ndarray

    @classmethod
    def random(cls, n: int, c_in: int, size: int, c_out: int, k: int, pad: int) -> "Problem":
        """Return a problem with normal random numbers."""
        rng = np.random.default_rng(0)
        out = size + 2 * pad - k + 1
        shapes = (n, c_in, size, size), (c_out, c_in, k, k), (c_out,), (n, c_out, out, out)
        x, w, b, delta = (rng.standard_normal(shape, dtype=np.float32) for shape in shapes)
        return cls(x, w, b, pad, delta)


def labref(p: Problem) -> Run:
    """Take arrays in the order in which labref's layers hand them on."""
    return _labref(p, from_rows(to_rows(p.x)), from_rows(to_rows(p.delta)))


def labref_from_c_order(p: Problem) -> Run:
    """Take arrays in C order, as a first layer does."""
    return _labref(p, p.x, p.delta)


def _labref(p: Problem, x: np.ndarray, delta: np.ndarray) -> Run:
    layer = Conv2D(p.w, p.b, pad=p.pad)

    def run():
        y = layer.forward(x, training=True)
        return y, layer.backward(delta), layer.dW, layer.db

    return run


def torch_default(p: Problem) -> Run:
    """Leave the memory format to PyTorch."""
    import torch

    return _torch(p, torch.contiguous_format)


def torch_channels_last(p: Problem) -> Run:
    """Keep the channels innermost in memory."""
    import torch

    return _torch(p, torch.channels_last)


def _torch(p: Problem, memory_format) -> Run:
    import torch

    x, w, delta = (
        torch.from_numpy(array).contiguous(memory_format=memory_format)
        for array in (p.x.copy(), p.w.copy(), p.delta)
    )
    b = torch.from_numpy(p.b.copy())
    for tensor in (x, w, b):
        tensor.requires_grad_()

    def run():
        x.grad = w.grad = b.grad = None
        y = torch.nn.functional.conv2d(x, w, b, padding=p.pad)
        y.backward(delta)
        return y.detach().numpy(), x.grad.numpy(), w.grad.numpy(), b.grad.numpy()

    return run


def hips_autograd(p: Problem) -> Run:
    """Differentiate autograd's own convolution, which flips the filters."""
    import autograd.numpy as anp
    from autograd import make_vjp
    from autograd.scipy.signal import convolve

    border = ((0, 0), (0, 0), (p.pad, p.pad), (p.pad, p.pad))

    def convolution(x, w, b):
        padded = anp.pad(x, border, "constant")
        flipped = w[:, :, ::-1, ::-1]
        axes, dot_axes = ([2, 3], [2, 3]), ([1], [1])
        y = convolve(padded, flipped, axes=axes, dot_axes=dot_axes, mode="valid")
        return y + b[:, None, None]

    def run():
        vjp, y = make_vjp(convolution, (0, 1, 2))(p.x, p.w, p.b)
        return y, *vjp(p.delta)

    return run


def padded_images(x: np.ndarray, pad: int) -> np.ndarray:
    """Return images with ``pad`` zeros on each side."""
    return np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))


def windows_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, pad: int) -> np.ndarray:
    """Contract all windows (N, C, H', W', kh, kw) with the filters."""
    windows = sliding_window_view(padded_images(x, pad), w.shape[2:], axis=(2, 3))
    y = np.tensordot(windows, w, axes=([1, 4, 5], [1, 2, 3]))
    return y.transpose(0, 3, 1, 2) + b[:, None, None]


def windows_backward(
    delta: np.ndarray, x: np.ndarray, w: np.ndarray, pad: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Contract windows with delta, and windows of delta with the flipped filters."""
    k = w.shape[2]
    windows = sliding_window_view(padded_images(x, pad), (k, k), axis=(2, 3))
    dw = np.tensordot(delta, windows, axes=([0, 2, 3], [0, 2, 3]))
    windows = sliding_window_view(padded_images(delta, k - 1 - pad), (k, k), axis=(2, 3))
    dx = np.tensordot(windows, w[:, :, ::-1, ::-1], axes=([1, 4, 5], [0, 2, 3]))
    return dx.transpose(0, 3, 1, 2), dw, delta.sum(axis=(0, 2, 3))


def numpy_tensordot(p: Problem) -> Run:
    """Contract views of windows by tensordot."""

    def run():
        y = windows_forward(p.x, p.w, p.b, p.pad)
        return y, *windows_backward(p.delta, p.x, p.w, p.pad)

    return run


def numpy_einsum(p: Problem) -> Run:
    """Contract views of windows by einsum."""
    k = p.w.shape[2]

    def run():
        windows = sliding_window_view(padded_images(p.x, p.pad), (k, k), axis=(2, 3))
        y = np.einsum("ncyxij,fcij->nfyx", windows, p.w, optimize=True) + p.b[:, None, None]
        dw = np.einsum("nfyx,ncyxij->fcij", p.delta, windows, optimize=True)
        windows = sliding_window_view(padded_images(p.delta, k - 1 - p.pad), (k, k), axis=(2, 3))
        flipped = p.w[:, :, ::-1, ::-1]
        dx = np.einsum("nfyxij,fcij->ncyx", windows, flipped, optimize=True)
        return y, dx, dw, p.delta.sum(axis=(0, 2, 3))

    return run


def numpy_im2col(p: Problem) -> Run:
    """Gather windows into columns by an index array, and scatter their gradient by ``add.at``."""
    n, c, height, width = p.x.shape
    out = p.delta.shape[2]
    k, pad = p.w.shape[2], p.pad
    channel, ky, kx = np.indices((c, k, k)).reshape(3, -1, 1)
    y0, x0 = np.indices((out, out)).reshape(2, 1, -1)
    windows = (slice(None), channel, ky + y0, kx + x0)  # (N, C k k, H' W') numbers of an image

    def run():
        padded = padded_images(p.x, pad)
        columns = padded[windows].transpose(1, 2, 0).reshape(c * k * k, -1)
        filters = p.w.reshape(len(p.w), -1)
        y = (filters @ columns + p.b[:, None]).reshape(len(p.w), out, out, n).transpose(3, 0, 1, 2)
        delta = p.delta.transpose(1, 2, 3, 0).reshape(len(p.w), -1)
        dw = (delta @ columns.T).reshape(p.w.shape)
        dcolumns = (filters.T @ delta).reshape(c * k * k, -1, n).transpose(2, 0, 1)
        dpadded = np.zeros_like(padded)
        np.add.at(dpadded, windows, dcolumns)
        dx = dpadded[:, :, pad : pad + height, pad : pad + width]
        return y, dx, dw, p.delta.sum(axis=(0, 2, 3))

    return run


CASES: dict[str, Callable[[Problem], Run]] = {
    "labref": labref,
    "labref, from C order": labref_from_c_order,
    REFERENCE: torch_default,
    "PyTorch channels_last": torch_channels_last,
    "HIPS autograd": hips_autograd,
    "NumPy, sliding_window_view and tensordot": numpy_tensordot,
    "NumPy, sliding_window_view and einsum": numpy_einsum,
    "NumPy, im2col and add.at": numpy_im2col,
}

WORKS = (
    Work(
        "convolution 64x3x32x32 to 32, 3x3, pad 1",
        lambda: Problem.random(n=64, c_in=3, size=32, c_out=32, k=3, pad=1),
        CASES,
        goal={"default": 0.75, "1": 0.75},
    ),
    Work(
        "convolution 64x32x16x16 to 64, 3x3, pad 1",
        lambda: Problem.random(n=64, c_in=32, size=16, c_out=64, k=3, pad=1),
        CASES,
        goal={"default": 1.5, "1": 1.25},
    ),
    Work(
        "convolution 64x1x28x28 to 20, 5x5",
        lambda: Problem.random(n=64, c_in=1, size=28, c_out=20, k=5, pad=0),
        CASES,
        goal={"default": 0.25, "1": 0.20},
    ),
)
