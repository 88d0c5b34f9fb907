"""Right answers to exercise 1, written in other ways than the solutions: all earn full marks."""

import logging
import math
import sys
import warnings

import numpy as np

from tests.exercises.assignment import Bank

ALTERNATIVES = Bank()
alternative = ALTERNATIVES.add


@alternative("softmax")
def softmax_by_loops(a):
    rows = []
    for row in a:
        largest = max(row)
        exponentials = [math.exp(value - largest) for value in row]
        total = sum(exponentials)
        rows.append([value / total for value in exponentials])
    return rows


@alternative("softmax")
def softmax_by_logarithms(a):
    largest = np.max(a, axis=-1)[:, None]
    return np.exp(a - largest - np.log(np.exp(a - largest).sum(axis=-1))[:, None])


@alternative("softmax")
def softmax_in_float32(a):
    a = a.astype(np.float32)
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@alternative("softmax")
def softmax_that_talks(a):
    print("softmax of", a.shape)
    warnings.warn("I am not sure about this", stacklevel=1)
    logging.getLogger("student").warning("but it works")
    print("on stderr too", file=sys.stderr)
    e = np.exp(a - a.max(1)[:, np.newaxis])
    return np.divide(e, np.sum(e, 1, keepdims=True))


@alternative("cross_entropy")
def cross_entropy_by_loops(p, labels):
    total = 0
    for row, label in zip(p, labels, strict=True):
        total -= math.log(row[label])
    return total / len(labels)


@alternative("cross_entropy")
def cross_entropy_by_one_hot(p, labels):
    one_hot = np.zeros(p.shape)
    one_hot[range(len(labels)), labels] = 1
    return -np.einsum("nk,nk->", one_hot, np.log(p)) / p.shape[0]


@alternative("cross_entropy")
def cross_entropy_with_a_guard(p, labels):
    picked = np.take_along_axis(p, labels.reshape(-1, 1), axis=1)
    return np.mean(-np.log(picked + 1e-12))


@alternative("cross_entropy")
def cross_entropy_in_float32(p, labels):
    return np.float32(-np.log(p[np.arange(len(p)), labels].astype(np.float32)).mean())


@alternative("softmax_cross_entropy_grad")
def delta_by_loops(p, labels):
    n, k = p.shape
    delta = [[0.0] * k for _ in range(n)]
    for i in range(n):
        for j in range(k):
            delta[i][j] = (p[i, j] - (labels[i] == j)) / n
    return delta


@alternative("softmax_cross_entropy_grad")
def delta_by_one_hot(p, labels):
    return (p - (labels[:, None] == np.arange(p.shape[1]))) / p.shape[0]


@alternative("softmax_cross_entropy_grad")
def delta_in_float32(p, labels):
    return ((p - np.eye(p.shape[1])[labels]) / len(labels)).astype(np.float32)


@alternative("sigmoid")
def sigmoid_by_tanh(a):
    return 0.5 * (1 + np.tanh(0.5 * a))


@alternative("sigmoid")
def sigmoid_by_masks(a):
    y = np.empty(a.shape)
    high = a > 0
    y[high] = 1 / (1 + np.exp(-a[high]))
    y[~high] = np.exp(a[~high]) / (1 + np.exp(a[~high]))
    return y


@alternative("sigmoid")
def sigmoid_clipped(a):
    return 1 / (1 + np.exp(-np.clip(a, -500, 500)))


@alternative("sigmoid")
def sigmoid_with_warnings_off(a):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-a))


@alternative("sigmoid")
def sigmoid_by_loops_in_float32(a):
    flat = [1 / (1 + math.exp(-v)) if v > 0 else math.exp(v) / (1 + math.exp(v)) for v in a.flat]
    return np.array(flat, dtype=np.float32).reshape(a.shape)


@alternative("sigmoid_grad")
def slope_by_tanh(a):
    return (1 - np.tanh(a / 2) ** 2) / 4


@alternative("sigmoid_grad")
def slope_by_exponentials(a):
    e = np.exp(-abs(a))
    return e / (1 + e) ** 2


@alternative("sigmoid_grad")
def slope_in_float32(a):
    y = (0.5 * (1 + np.tanh(0.5 * a))).astype("float32")
    return y - y * y


@alternative("dense_forward")
def dense_by_loops(x, W, b):
    return [
        [
            sum(w * v for w, v in zip(row, xi, strict=True)) + bj
            for row, bj in zip(W, b, strict=True)
        ]
        for xi in x
    ]


@alternative("dense_forward")
def dense_by_einsum(x, W, b):
    return np.einsum("ni,oi->no", x, W) + b[np.newaxis]


@alternative("dense_forward")
def dense_by_augmented_input(x, W, b):
    ones = np.ones((len(x), 1))
    return np.hstack([x, ones]) @ np.hstack([W, b[:, None]]).T


@alternative("dense_backward")
def backward_by_loops(delta, x, W):
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros(len(W))
    for n in range(len(x)):
        for j in range(len(W)):
            db[j] += delta[n, j]
            for i in range(x.shape[1]):
                dW[j, i] += delta[n, j] * x[n, i]
                dx[n, i] += delta[n, j] * W[j, i]
    return [dx, dW, db]


@alternative("dense_backward")
def backward_by_einsum(delta, x, W):
    dW = np.einsum("nj,ni->ji", delta, x)
    return np.einsum("nj,ji->ni", delta, W), dW, np.einsum("nj->j", delta)


@alternative("dense_backward")
def backward_in_float32(delta, x, W):
    delta, x, W = (v.astype(np.float32) for v in (delta, x, W))
    return np.dot(delta, W), np.dot(x.T, delta).T, np.ones(len(x), np.float32) @ delta


@alternative("two_layer_gradients")
def two_layers_row_by_row(x, labels, W1, b1, W2, b2):
    loss = 0.0
    gradients = [np.zeros(v.shape) for v in (W1, b1, W2, b2)]
    for row, label in zip(x, labels, strict=True):
        y = 1 / (1 + np.exp(-(W1 @ row + b1)))
        a = W2 @ y + b2
        p = np.exp(a - a.max())
        p /= p.sum()
        loss -= math.log(p[label])
        p[label] -= 1
        below = (W2.T @ p) * y * (1 - y)
        for total, part in zip(
            gradients, (np.outer(below, row), below, np.outer(p, y), p), strict=True
        ):
            total += part / len(x)
    return loss / len(x), *gradients


@alternative("two_layer_gradients")
def two_layers_transposed(x, labels, W1, b1, W2, b2):
    n = x.shape[0]
    y = 0.5 + 0.5 * np.tanh((W1 @ x.T + b1[:, None]) / 2)
    a = W2 @ y + b2[:, None]
    a = a - a.max(axis=0)
    log_p = a - np.log(np.exp(a).sum(axis=0))
    delta2 = np.exp(log_p) / n
    delta2[labels, np.arange(n)] -= 1 / n
    delta1 = (W2.T @ delta2) * y * (1 - y)
    loss = -log_p[labels, np.arange(n)].sum() / n
    return loss, delta1 @ x, delta1.sum(axis=1), delta2 @ y.T, delta2.sum(axis=1)


@alternative("two_layer_gradients")
def two_layers_in_float32(x, labels, W1, b1, W2, b2):
    x, W1, b1, W2, b2 = (v.astype(np.float32) for v in (x, W1, b1, W2, b2))
    return two_layers_transposed(x, labels, W1, b1, W2, b2)


@alternative("numerical_gradient")
def gradient_put_back(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.empty(x.shape)
    for i in range(x.size):
        kept = x.flat[i]
        x.flat[i] = kept + h
        above = f(x)
        x.flat[i] = kept - h
        below = f(x)
        x.flat[i] = kept
        gradient.flat[i] = (above - below) / h / 2
    return gradient


@alternative("numerical_gradient")
def gradient_along_unit_vectors(f, x, h=1e-5):
    units = np.eye(x.size).reshape(-1, *x.shape)
    slopes = [(f(x + h * unit) - f(x - h * unit)) / (2 * h) for unit in units]
    return np.reshape(slopes, x.shape)


@alternative("numerical_gradient")
def gradient_returned_in_float32(f, x, h=1e-5):
    return gradient_put_back(f, x, h).astype(np.float32)


@alternative("Multiply")
class MultiplyByLoops:
    def forward(self, x, y):
        self.factors = x, y
        return np.multiply(x, y)

    def backward(self, grad):
        x, y = np.broadcast_arrays(*self.factors)
        dx, dy = (np.zeros(np.shape(factor)) for factor in self.factors)
        for total, other in ((dx, y), (dy, x)):
            for index in np.ndindex(grad.shape):
                own = index[len(index) - total.ndim :]
                own = tuple(min(i, n - 1) for i, n in zip(own, total.shape, strict=True))
                total[own] += grad[index] * other[index]
        return dx, dy


@alternative("Multiply")
class MultiplyOneAxisAtATime:
    def __init__(self):
        self.x = self.y = None

    def forward(self, x, y):
        self.x, self.y = np.copy(x), np.copy(y)
        return self.x * self.y

    def reduce(self, d, shape):
        while d.ndim > len(shape):
            d = d.sum(axis=0)
        for axis, size in enumerate(shape):
            if size == 1:
                d = d.sum(axis=axis, keepdims=True)
        return d

    def backward(self, grad):
        return [self.reduce(grad * self.y, self.x.shape), self.reduce(grad * self.x, self.y.shape)]


@alternative("Multiply")
class MultiplyInFloat32(MultiplyOneAxisAtATime):
    def forward(self, x, y):
        return super().forward(x.astype(np.float32), y.astype(np.float32))


def start_with_the_upper_layer(n_in, n_hidden, n_classes, rng):
    W2 = rng.normal(0, n_hidden**-0.5, size=(n_classes, n_hidden))
    W1 = rng.normal(0, n_in**-0.5, size=(n_hidden, n_in))
    return W1, np.zeros(n_hidden), W2, np.zeros(n_classes)


@alternative("train")
def train_drawing_orders_first(x, labels, n_hidden, lr, epochs, rng):
    orders = [rng.permutation(len(x)) for _ in range(epochs)]
    w = start_with_the_upper_layer(x.shape[1], n_hidden, labels.max() + 1, rng)
    losses = np.zeros(epochs)
    for epoch, order in enumerate(orders):
        batches = np.split(order, range(10, len(x), 10))
        for batch in batches:
            loss, *gradients = two_layers_transposed(x[batch], labels[batch], *w)
            w = [v - lr * g for v, g in zip(w, gradients, strict=True)]
            losses[epoch] += loss / len(batches)
    return w, losses


@alternative("train")
def train_in_place_on_shuffled_copies(x, labels, n_hidden, lr, epochs, rng):
    w = start_with_the_upper_layer(x.shape[1], n_hidden, int(max(labels)) + 1, rng)
    rows = np.arange(len(x))
    losses = []
    for _ in range(epochs):
        rng.shuffle(rows)
        shuffled_x, shuffled_labels = x[rows], labels[rows]
        total = 0.0
        for i in range(0, len(x), 10):
            batch = slice(i, i + 10)
            loss, *gradients = two_layers_transposed(shuffled_x[batch], shuffled_labels[batch], *w)
            total += loss * len(shuffled_x[batch])
            for v, g in zip(w, gradients, strict=True):
                v -= lr * g
        losses.append(total / len(x))
    return w, losses


@alternative("train")
def train_in_float32(x, labels, n_hidden, lr, epochs, rng):
    print("training ...")
    x = x.astype(np.float32)
    w = start_with_the_upper_layer(x.shape[1], n_hidden, labels.max() + 1, rng)
    w = [v.astype(np.float32) for v in w]
    losses = []
    for _ in range(epochs):
        order = np.argsort(rng.random(len(x)))
        batch_losses = []
        for i in range(0, len(x), 10):
            rows = order[i : i + 10]
            loss, *gradients = two_layers_in_float32(x[rows], labels[rows], *w)
            w = [v - np.float32(lr) * g for v, g in zip(w, gradients, strict=True)]
            batch_losses.append(loss)
        losses.append(sum(batch_losses) / len(batch_losses))
    return tuple(w), losses


@alternative("digits_network")
def more_units_and_larger_steps(x, labels, rng):
    return train_drawing_orders_first(x, labels, 50, 1.0, 10, rng)[0]


@alternative("digits_network")
def digits_in_float32(x, labels, rng):
    return train_in_float32(x, labels, 20, 0.5, 10, rng)[0]
