"""Computation graph: function nodes that know their local gradients, run forward and backward.

Arithmetic on a ``Variable`` records function nodes; ``backward`` visits them in reversed
topological order. What layers do for one architecture, a graph does for any expression.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from labref import _arguments, losses
from labref._arguments import Array
from labref.activations.sigmoids import _sigmoid


class Variable:
    """A value in the graph, and after ``backward`` the gradient at it.

    Parameters
    ----------
    value
        A number or an array of any shape.

    Attributes
    ----------
    value
        As a floating-point array.
    grad
        Gradient of the last output on which ``backward`` was called, shaped like ``value``; None
        before.
    creator
        The function node that computed it; None for an input.

    Raises
    ------
    TypeError, ValueError
        If ``value`` is not made of finite real numbers.
    """

    __array_ufunc__ = None  # so that array * variable calls Variable.__rmul__

    def __init__(self, value: npt.ArrayLike) -> None:
        self.value = _arguments.floats("value", value)
        self.grad: Array | None = None
        self.creator: Function | None = None

    def __repr__(self) -> str:
        """Show the value."""
        return f"Variable({self.value})"

    def __add__(self, other: Variable | npt.ArrayLike) -> Variable:
        """Elementwise sum."""
        return Add()(self, other)

    __radd__ = __add__

    def __sub__(self, other: Variable | npt.ArrayLike) -> Variable:
        """Elementwise difference."""
        return Subtract()(self, other)

    def __rsub__(self, other: npt.ArrayLike) -> Variable:
        """Elementwise difference."""
        return Subtract()(other, self)

    def __mul__(self, other: Variable | npt.ArrayLike) -> Variable:
        """Elementwise product."""
        return Multiply()(self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Variable | npt.ArrayLike) -> Variable:
        """Elementwise quotient."""
        return Divide()(self, other)

    def __rtruediv__(self, other: npt.ArrayLike) -> Variable:
        """Elementwise quotient."""
        return Divide()(other, self)

    def __neg__(self) -> Variable:
        """Elementwise negative."""
        return Subtract()(0.0, self)

    def __matmul__(self, other: Variable | npt.ArrayLike) -> Variable:
        """Matrix product."""
        return MatMul()(self, other)

    def __rmatmul__(self, other: npt.ArrayLike) -> Variable:
        """Matrix product."""
        return MatMul()(other, self)

    @property
    def T(self) -> Variable:
        """The transpose of a matrix."""
        return Transpose()(self)

    def sum(self) -> Variable:
        """Return the sum of all entries, a scalar."""
        return Sum()(self)


class Function:
    """A node of the graph: it computes, stores what it needs, and passes gradients back.

    A new operation is a subclass with two methods on plain arrays: ``forward(x, ...)`` returns
    the value; ``backward(grad)``, given the gradient at that value, returns a tuple with the
    gradient at each input.

    Attributes
    ----------
    inputs, output
        The variables it connects, once called.

    Notes
    -----
    Equation: eq-node-backward.
    """

    inputs: tuple[Variable, ...]
    output: Variable

    def __call__(self, *inputs: Variable | npt.ArrayLike) -> Variable:
        """Compute the value, and record this node as its creator."""
        dtype = next((v.value.dtype for v in inputs if isinstance(v, Variable)), None)

        def variable(v: Variable | npt.ArrayLike) -> Variable:
            if isinstance(v, Variable):
                return v
            # As in NumPy, a plain number takes the dtype of what it is combined with.
            return Variable(np.asarray(v, dtype) if type(v) in (int, float) else v)

        self.inputs = tuple(variable(v) for v in inputs)
        self.output = Variable(self.forward(*(v.value for v in self.inputs)))
        self.output.creator = self
        return self.output

    def forward(self, *values: Any, **options: Any) -> Array:
        """Compute the value from the inputs' values."""
        raise NotImplementedError

    def backward(self, grad: Array) -> tuple[Array, ...]:
        """Return the gradient at each input, given the gradient at the value."""
        raise NotImplementedError


def unbroadcast(grad: Array, shape: tuple[int, ...]) -> Array:
    """Sum ``grad`` over the axes along which an input of this shape was repeated.

    Broadcasting copies an entry along an axis; the copies are a fan-out, so gradients add.

    Notes
    -----
    Equation: eq-unbroadcast.
    """
    extra = grad.ndim - len(shape)
    repeated = tuple(extra + i for i, n in enumerate(shape) if n == 1 and grad.shape[extra + i] > 1)
    return np.asarray(grad.sum(axis=(*range(extra), *repeated))).reshape(shape)


class Add(Function):
    """z = x + y."""

    def forward(self, x: Array, y: Array) -> Array:
        """Return x + y, broadcast."""
        self.shapes = np.shape(x), np.shape(y)
        return x + y

    def backward(self, grad: Array) -> tuple[Array, Array]:
        """Return ``grad`` for both."""
        x_shape, y_shape = self.shapes
        return unbroadcast(grad, x_shape), unbroadcast(grad, y_shape)


class Subtract(Function):
    """z = x - y."""

    def forward(self, x: Array, y: Array) -> Array:
        """Return x - y, broadcast."""
        self.shapes = np.shape(x), np.shape(y)
        return x - y

    def backward(self, grad: Array) -> tuple[Array, Array]:
        """Return ``grad`` for x, its negative for y."""
        x_shape, y_shape = self.shapes
        return unbroadcast(grad, x_shape), unbroadcast(-grad, y_shape)


class Multiply(Function):
    """z = x * y, elementwise.

    Notes
    -----
    Equation: eq-multiply-node.
    """

    def forward(self, x: Array, y: Array) -> Array:
        """Return x * y, broadcast."""
        self.x, self.y = np.asarray(x), np.asarray(y)
        return self.x * self.y

    def backward(self, grad: Array) -> tuple[Array, Array]:
        """Return grad * y and grad * x: each factor's local gradient is the other factor."""
        return unbroadcast(grad * self.y, self.x.shape), unbroadcast(grad * self.x, self.y.shape)


class Divide(Function):
    """z = x / y, elementwise."""

    def forward(self, x: Array, y: Array) -> Array:
        """Return x / y, broadcast, for y without zeros."""
        self.x, self.y = np.asarray(x), np.asarray(y)
        if (self.y == 0).any():
            raise ValueError("y: expected numbers other than 0, got a zero to divide by")
        return self.x / self.y

    def backward(self, grad: Array) -> tuple[Array, Array]:
        """Return grad / y and -grad * x / y**2."""
        dx = grad / self.y
        return unbroadcast(dx, self.x.shape), unbroadcast(-dx * self.x / self.y, self.y.shape)


class MatMul(Function):
    """z = x y, the product of two matrices."""

    def forward(self, x: Array, y: Array) -> Array:
        """Return x @ y for x of shape (n, k) and y of shape (k, m)."""
        self.x = _arguments.floats("x", x, shape=("n", "k"))
        self.y = _arguments.floats("y", y, shape=(self.x.shape[1], "m"))
        return self.x @ self.y

    def backward(self, grad: Array) -> tuple[Array, Array]:
        """Return grad y^T and x^T grad."""
        return grad @ self.y.T, self.x.T @ grad


class Transpose(Function):
    """z = x^T."""

    def forward(self, x: Array) -> Array:
        """Return the transpose of a matrix."""
        return _arguments.floats("x", x, shape=("n", "m")).T

    def backward(self, grad: Array) -> tuple[Array]:
        """Return the transposed gradient."""
        return (grad.T,)


class Sum(Function):
    """z = the sum of all entries of x."""

    def forward(self, x: Array) -> Array:
        """Return the sum, a 0-d array."""
        self.shape = np.shape(x)
        return np.asarray(np.sum(x))

    def backward(self, grad: Array) -> tuple[Array]:
        """Return the gradient, repeated for every entry."""
        return (np.broadcast_to(grad, self.shape).copy(),)


class Exp(Function):
    """z = exp(x)."""

    def forward(self, x: Array) -> Array:
        """Return exp(x)."""
        self.z = np.exp(x)
        return self.z

    def backward(self, grad: Array) -> tuple[Array]:
        """Return grad * exp(x)."""
        return (grad * self.z,)


class Log(Function):
    """z = log(x), natural."""

    def forward(self, x: Array) -> Array:
        """Return log(x) for positive x."""
        self.x = np.asarray(x)
        if (self.x <= 0).any():
            raise ValueError(f"x: expected positive numbers, got {self.x.min()}")
        return np.log(self.x)

    def backward(self, grad: Array) -> tuple[Array]:
        """Return grad / x."""
        return (grad / self.x,)


class Sigmoid(Function):
    """z = 1 / (1 + exp(-x))."""

    def forward(self, x: Array) -> Array:
        """Return the sigmoid of x."""
        self.z = _sigmoid(np.asarray(x))
        return self.z

    def backward(self, grad: Array) -> tuple[Array]:
        """Return grad * z (1 - z)."""
        return (grad * self.z * (1 - self.z),)


class Tanh(Function):
    """z = tanh(x)."""

    def forward(self, x: Array) -> Array:
        """Return tanh(x)."""
        self.z = np.tanh(x)
        return self.z

    def backward(self, grad: Array) -> tuple[Array]:
        """Return grad * (1 - z**2)."""
        return (grad * (1 - self.z**2),)


class Relu(Function):
    """z = max(0, x)."""

    def forward(self, x: Array) -> Array:
        """Return x where positive, else 0."""
        self.on = np.asarray(x) > 0
        return np.where(self.on, x, 0.0)

    def backward(self, grad: Array) -> tuple[Array]:
        """Return the gradient where x was positive, else 0."""
        return (grad * self.on,)


class SoftmaxCrossEntropy(Function):
    """z = mean cross-entropy of softmax(x) against labels, for logits x of shape (N, K).

    Parameters
    ----------
    labels
        True classes, integers of shape (N,).

    Notes
    -----
    Equations: eq-cross-entropy, eq-softmax-delta.
    """

    def __init__(self, labels: npt.ArrayLike) -> None:
        self.labels = labels

    def forward(self, x: Array) -> Array:
        """Return the mean loss, a 0-d array."""
        x = _arguments.floats("x", x, shape=("N", "K"))
        loss = losses.SoftmaxCrossEntropy()
        value, self.delta = loss.value_and_grad(x, loss.check(x, self.labels))
        return np.asarray(value, x.dtype)

    def backward(self, grad: Array) -> tuple[Array]:
        """Return grad * (softmax(x) - one-hot label) / N."""
        return (grad * self.delta,)


def topological_order(output: Variable) -> list[Function]:
    """Return the function nodes that ``output`` depends on, each after the nodes it needs.

    Notes
    -----
    Depth-first search with a stack of its own, so that a graph may be deeper than Python's
    recursion goes.
    """
    order: list[Function] = []
    seen: set[Function] = set()
    stack = [(output.creator, False)]
    while stack:
        node, inputs_are_done = stack.pop()
        if node is None:
            continue
        if inputs_are_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((v.creator, False) for v in node.inputs)
    return order


def backward(output: Variable) -> None:
    """Set ``grad`` of every variable that ``output`` depends on.

    Gradients of an earlier call are replaced, not added to.

    Parameters
    ----------
    output
        A scalar.

    Raises
    ------
    ValueError
        If ``output`` is not a scalar.

    Notes
    -----
    Equations: eq-node-backward, eq-fan-out. Source: Rumelhart, Hinton and Williams (1986).
    """
    if output.value.size != 1:
        raise ValueError(f"output: expected a scalar, got shape {output.value.shape}")
    order = topological_order(output)
    for node in order:
        for variable in node.inputs:
            variable.grad = None
    output.grad = np.ones_like(output.value)
    for node in reversed(order):
        assert node.output.grad is not None
        for variable, grad in zip(node.inputs, node.backward(node.output.grad), strict=True):
            variable.grad = grad if variable.grad is None else variable.grad + grad
