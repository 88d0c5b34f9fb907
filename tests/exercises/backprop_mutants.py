"""Wrong answers to exercise 1, each a misconception; most must be named by the failed check."""

import numpy as np

from labref.activations import sigmoid, sigmoid_grad, softmax
from labref.graph import unbroadcast
from labref.losses import cross_entropy, softmax_cross_entropy_grad
from tests.exercises.assignment import Bank

MUTANTS = Bank()
mutant = MUTANTS.add


@mutant("softmax", hint="axis 0")
def normalised_over_the_batch(a):
    e = np.exp(a - a.max(axis=0))
    return e / e.sum(axis=0)


@mutant("softmax", hint="whole batch")
def normalised_over_everything(a):
    e = np.exp(a - a.max())
    return e / e.sum()


@mutant("softmax", hint="subtract each row's maximum first")
def exp_overflows(a):
    with np.errstate(all="ignore"):
        e = np.exp(a)
        return e / e.sum(axis=1, keepdims=True)


@mutant("softmax", hint="maximum of the whole batch")
def shifted_by_the_global_maximum(a):
    with np.errstate(all="ignore"):
        e = np.exp(a - a.max())
        return e / e.sum(axis=1, keepdims=True)


@mutant("softmax")
def clipped_logits(a):
    return softmax(np.clip(a, -500, 500))


@mutant("softmax", hint="changed its argument a")
def softmax_in_place(a):
    a -= a.max(axis=1, keepdims=True)
    return softmax(a)


@mutant("softmax")
def divided_by_the_largest(a):
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.max(axis=1, keepdims=True)


@mutant("softmax")
def only_the_first_row(a):
    return np.broadcast_to(softmax(a[:1]), a.shape)


@mutant("softmax", hint="return statement")
def softmax_returns_nothing(a):
    softmax(a)


@mutant("cross_entropy", hint="sum over the rows")
def summed_cross_entropy(p, labels):
    return len(p) * cross_entropy(p, labels)


@mutant("cross_entropy", hint="averaged over rows and classes")
def averaged_over_classes(p, labels):
    return -(np.eye(p.shape[1])[labels] * np.log(p)).mean()


@mutant("cross_entropy", hint="not the one to base 2")
def in_bits(p, labels):
    return cross_entropy(p, labels) / np.log(2)


@mutant("cross_entropy", hint="sign")
def log_likelihood(p, labels):
    return -cross_entropy(p, labels)


@mutant("cross_entropy", hint="one entry per row")
def columns_instead_of_entries(p, labels):
    return -np.log(p[:, labels]).mean()


@mutant("cross_entropy", hint="average over the rows")
def one_loss_per_row(p, labels):
    return -np.log(p[np.arange(len(p)), labels])


@mutant("cross_entropy")
def of_the_most_probable_class(p, labels):
    return -np.log(p.max(axis=1)).mean()


@mutant("cross_entropy")
def binary_terms_for_the_other_classes(p, labels):
    y = np.eye(p.shape[1])[labels]
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=1).mean()


@mutant("softmax_cross_entropy_grad", hint="1/N")
def grad_without_1_over_n(p, labels):
    return p - np.eye(p.shape[1])[labels]


@mutant("softmax_cross_entropy_grad", hint="not over the N K entries")
def grad_over_all_entries(p, labels):
    return softmax_cross_entropy_grad(p, labels) / p.shape[1]


@mutant("softmax_cross_entropy_grad", hint="sign")
def target_minus_prediction(p, labels):
    return -softmax_cross_entropy_grad(p, labels)


@mutant("softmax_cross_entropy_grad", hint="gradient at p")
def gradient_at_the_probabilities(p, labels):
    return -np.eye(p.shape[1])[labels] / p / len(p)


@mutant("softmax_cross_entropy_grad")
def only_at_the_true_class(p, labels):
    return softmax_cross_entropy_grad(p, labels) * np.eye(p.shape[1])[labels]


@mutant("softmax_cross_entropy_grad", hint="changed its argument p")
def grad_in_place(p, labels):
    p[np.arange(len(p)), labels] -= 1
    return p / len(p)


@mutant("sigmoid", hint="overflow")
def sigmoid_overflows_below(a):
    return 1 / (1 + np.exp(-a))


@mutant("sigmoid", hint="np.where")
def both_branches_of_where(a):
    return np.where(a >= 0, 1 / (1 + np.exp(-a)), np.exp(a) / (1 + np.exp(a)))


@mutant("sigmoid")
def sigmoid_is_nan_above(a):
    with np.errstate(all="ignore"):
        return np.exp(a) / (1 + np.exp(a))


@mutant("sigmoid", hint="tanh")
def unscaled_tanh(a):
    return np.tanh(a)


@mutant("sigmoid", hint="sign in the exponent")
def sigmoid_of_minus_a(a):
    return sigmoid(-a)


@mutant("sigmoid")
def sigmoid_of_rows_only(a):
    return np.array([sigmoid(row) for row in np.ravel(a)])


@mutant("sigmoid", hint="changed its argument a")
def sigmoid_in_place(a):
    np.negative(a, out=a)
    return sigmoid(-a)


@mutant("sigmoid_grad", hint="a as if it were the sigmoid's output")
def slope_from_y(a):
    return a * (1 - a)


@mutant("sigmoid_grad", hint="not its slope")
def sigmoid_instead_of_slope(a):
    return sigmoid(a)


@mutant("sigmoid_grad")
def sigmoid_taken_twice(a):
    return sigmoid_grad(sigmoid(a))


@mutant("sigmoid_grad", hint="overflow")
def slope_overflows(a):
    return np.exp(-a) / (1 + np.exp(-a)) ** 2


@mutant("sigmoid_grad")
def slope_of_tanh(a):
    return 1 - np.tanh(a) ** 2


@mutant("dense_forward", hint="bias is missing")
def no_bias(x, W, b):
    return x @ W.T


@mutant("dense_forward")
def weights_not_transposed(x, W, b):
    return x @ W + b


@mutant("dense_forward", hint="without its transpose")
def weights_transposed_only_if_they_must_be(x, W, b):
    return x @ (W if W.shape[0] == W.shape[1] else W.T) + b


@mutant("dense_forward", hint="down the rows")
def bias_down_the_rows(x, W, b):
    return x @ W.T + (b[:, None] if len(x) == len(b) else b)


@mutant("dense_forward")
def drops_axes_of_size_one(x, W, b):
    return np.squeeze(x @ W.T + b)


@mutant("dense_forward", hint="changed its argument b")
def dense_in_place(x, W, b):
    b *= 2
    return x @ W.T + b / 2


@mutant("dense_backward", hint="1/N is in delta already")
def weight_gradient_averaged(delta, x, W):
    return delta @ W, delta.T @ x / len(x), delta.sum(axis=0)


@mutant("dense_backward", hint="mean over the rows")
def bias_gradient_averaged(delta, x, W):
    return delta @ W, delta.T @ x, delta.mean(axis=0)


@mutant("dense_backward", hint="keepdims")
def bias_gradient_with_keepdims(delta, x, W):
    return delta @ W, delta.T @ x, delta.sum(axis=0, keepdims=True)


@mutant("dense_backward", hint="adds over the rows")
def bias_gradient_per_row(delta, x, W):
    return delta @ W, delta.T @ x, delta


@mutant("dense_backward", hint="transposed")
def weight_gradient_transposed(delta, x, W):
    return delta @ W, x.T @ delta, delta.sum(axis=0)


@mutant("dense_backward", hint="transposed on the way back")
def weights_transposed_if_square(delta, x, W):
    dx = delta @ (W.T if W.shape[0] == W.shape[1] else W)
    return dx, delta.T @ x, delta.sum(axis=0)


@mutant("dense_backward", hint="got 2")
def without_the_input_gradient(delta, x, W):
    return delta.T @ x, delta.sum(axis=0)


@mutant("dense_backward")
def gradients_in_another_order(delta, x, W):
    return delta.T @ x, delta.sum(axis=0), delta @ W


@mutant("dense_backward")
def only_for_one_row(delta, x, W):
    return delta @ W, np.outer(delta[0], x[0]), delta.sum(axis=0)


@mutant("dense_backward", hint="changed its argument delta")
def dense_backward_in_place(delta, x, W):
    dx, dW = delta @ W, delta.T @ x
    delta[0] = delta.sum(axis=0)
    return dx, dW, delta[0].copy()


def two_layers(x, labels, W1, b1, W2, b2, back=None, delta1=None, f=sigmoid, scale=1.0):
    """Return the gradients with one step done in another way."""
    a1 = x @ W1.T + b1
    y1 = f(a1)
    p = softmax(y1 @ W2.T + b2)
    delta2 = scale * softmax_cross_entropy_grad(p, labels)
    slope = y1 * (1 - y1) if delta1 is None else delta1(a1, y1)
    below = delta2 @ (W2 if back is None else back(W2)) * slope
    loss = cross_entropy(p, labels)
    return loss, below.T @ x, below.sum(axis=0), delta2.T @ y1, delta2.sum(axis=0)


@mutant("two_layer_gradients", hint="lacks the slope")
def hidden_delta_without_slope(*arguments):
    return two_layers(*arguments, delta1=lambda a1, y1: 1)


@mutant("two_layer_gradients", hint="slope is taken at y1")
def slope_at_the_output(*arguments):
    return two_layers(*arguments, delta1=lambda a1, y1: sigmoid_grad(y1))


@mutant("two_layer_gradients", hint="instead of by the slope")
def multiplied_by_the_output(*arguments):
    return two_layers(*arguments, delta1=lambda a1, y1: y1)


@mutant("two_layer_gradients", hint="W2 must not be transposed")
def upper_weights_transposed(*arguments):
    return two_layers(*arguments, back=lambda W: W.T if W.shape[0] == W.shape[1] else W)


@mutant("two_layer_gradients", hint="1/N")
def deltas_without_1_over_n(x, labels, W1, b1, W2, b2):
    return two_layers(x, labels, W1, b1, W2, b2, scale=len(x))


@mutant("two_layer_gradients")
def divided_by_n_twice(x, labels, W1, b1, W2, b2):
    return two_layers(x, labels, W1, b1, W2, b2, scale=1 / len(x))


@mutant("two_layer_gradients")
def tanh_hidden_units(*arguments):
    return two_layers(*arguments, f=np.tanh)


@mutant("two_layer_gradients", hint="sum over the rows")
def summed_loss(x, labels, *parameters):
    loss, *gradients = two_layers(x, labels, *parameters)
    return len(x) * loss, *gradients


@mutant("two_layer_gradients")
def layers_swapped(*arguments):
    loss, dW1, db1, dW2, db2 = two_layers(*arguments)
    return loss, dW2, db2, dW1, db1


@mutant("two_layer_gradients")
def mean_bias_gradients(x, labels, *parameters):
    loss, dW1, db1, dW2, db2 = two_layers(x, labels, *parameters)
    return loss, dW1, db1 / len(x), dW2, db2 / len(x)


@mutant("two_layer_gradients", hint="not of x")
def upper_gradient_from_x(x, labels, W1, b1, W2, b2):
    loss, dW1, db1, _, db2 = two_layers(x, labels, W1, b1, W2, b2)
    p = softmax(sigmoid(x @ W1.T + b1) @ W2.T + b2)
    return loss, dW1, db1, softmax_cross_entropy_grad(p, labels).T @ x, db2


@mutant("two_layer_gradients", hint="changed its argument b1")
def updates_while_at_it(x, labels, W1, b1, W2, b2):
    result = two_layers(x, labels, W1, b1, W2, b2)
    b1 -= 0.1 * result[2]
    return result


def differences(f, x, h, up, down, divisor):
    x = x.astype(float)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        gradient[index] = (f(x + up * step) - f(x - down * step)) / (divisor * h)
    return gradient


@mutant("numerical_gradient", hint="one-sided")
def one_sided_difference(f, x, h=1e-5):
    return differences(f, x, h, up=1, down=0, divisor=1)


@mutant("numerical_gradient", hint="divide by 2h")
def divided_by_h(f, x, h=1e-5):
    return differences(f, x, h, up=1, down=1, divisor=1)


@mutant("numerical_gradient", hint="h was not used")
def step_is_fixed(f, x, h=1e-5):
    return differences(f, x, 1e-5, up=1, down=1, divisor=2)


@mutant("numerical_gradient", hint="floating-point")
def step_is_lost_in_integers(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[index] += np.asarray(h).astype(x.dtype)
        below[index] -= np.asarray(h).astype(x.dtype)
        gradient[index] = (f(above) - f(below)) / (2 * h)
    return gradient


@mutant("numerical_gradient")
def result_is_integer(f, x, h=1e-5):
    return differences(f, x, h, up=1, down=1, divisor=2).astype(x.dtype)


@mutant("numerical_gradient", hint="changed its argument x")
def entry_not_put_back(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        x[index] += h
        above = f(x)
        x[index] -= 2 * h
        gradient[index] = (above - f(x)) / (2 * h)
    return gradient


@mutant("numerical_gradient")
def only_for_matrices(f, x, h=1e-5):
    x = x.astype(float)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape[:2]):
        step = np.zeros_like(x)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


@mutant("numerical_gradient")
def entries_moved_together(f, x, h=1e-5):
    x = x.astype(float)
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


class Product:
    """A right forward pass, for the mutants below."""

    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y


@mutant("Multiply", hint="adds over the rows")
class NotUnbroadcast(Product):
    def backward(self, grad):
        return grad * self.y, grad * self.x


@mutant("Multiply", hint="broadcasting repeated")
class OnlyLeadingAxesSummed(Product):
    def backward(self, grad):
        def leading(d, shape):
            return d.sum(axis=tuple(range(d.ndim - len(shape))))

        return leading(grad * self.y, self.x.shape), leading(grad * self.x, self.y.shape)


@mutant("Multiply")
class OnlyAxesOfSizeOneSummed(Product):
    def backward(self, grad):
        def ones(d, shape):
            if d.ndim > len(shape):
                return d
            axes = tuple(i for i, n in enumerate(shape) if n == 1)
            return d.sum(axis=axes, keepdims=True)

        return ones(grad * self.y, self.x.shape), ones(grad * self.x, self.y.shape)


@mutant("Multiply", hint="their mean")
class MeanOverBroadcastAxes(Product):
    def backward(self, grad):
        dx, dy = grad * self.y, grad * self.x
        dx, dy = unbroadcast(dx, self.x.shape), unbroadcast(dy, self.y.shape)
        return dx * self.x.size / grad.size, dy * self.y.size / grad.size


@mutant("Multiply", hint="other factor")
class OwnFactor(Product):
    def backward(self, grad):
        return unbroadcast(grad * self.x, self.x.shape), unbroadcast(grad * self.y, self.y.shape)


@mutant("Multiply", hint="comes from above")
class GradientFromAboveForgotten(Product):
    def backward(self, grad):
        one = np.ones_like(grad)
        return unbroadcast(one * self.y, self.x.shape), unbroadcast(one * self.x, self.y.shape)


@mutant("Multiply")
class AxesOfSizeOneLost(Product):
    def backward(self, grad):
        dx, dy = unbroadcast(grad * self.y, self.x.shape), unbroadcast(grad * self.x, self.y.shape)
        return dx.squeeze(), dy.squeeze()


@mutant("Multiply", hint="leave keepdims away")
class MissingAxesKept(Product):
    def backward(self, grad):
        def keep(d, shape):
            d = unbroadcast(d, shape)
            return d.reshape((1,) * (grad.ndim - d.ndim) + d.shape)

        return keep(grad * self.y, self.x.shape), keep(grad * self.x, self.y.shape)


@mutant("Multiply", hint="self")
class SharedByAllNodes:
    kept = ()

    def forward(self, x, y):
        type(self).kept = x, y
        return x * y

    def backward(self, grad):
        x, y = type(self).kept
        return unbroadcast(grad * y, x.shape), unbroadcast(grad * x, y.shape)


@mutant("Multiply", hint="changed its argument grad")
class GradChangedInPlace(Product):
    def backward(self, grad):
        dx = unbroadcast(grad * self.y, self.x.shape)
        grad *= self.x
        return dx, unbroadcast(grad, self.y.shape)


@mutant("Multiply")
class KeptArraysChanged(Product):
    def backward(self, grad):
        dx = unbroadcast(grad * self.y, self.x.shape)
        self.x = self.x * grad
        return dx, unbroadcast(self.x, self.y.shape)


def run_training(
    x, labels, n_hidden, lr, epochs, rng, *, size=10, order=None, gradients=two_layers, start=None
):
    """Train as the exercise says, but for what the options replace; return a loss per batch."""
    n, n_in = x.shape
    n_classes = labels.max() + 1
    w = [
        rng.standard_normal((n_hidden, n_in)) / np.sqrt(n_in),
        np.zeros(n_hidden),
        rng.standard_normal((n_classes, n_hidden)) / np.sqrt(n_hidden),
        np.zeros(n_classes),
    ]
    if start is not None:
        w = start(rng, *w)
    losses = []
    for _ in range(epochs):
        rows = rng.permutation(n) if order is None else order(rng, n)
        losses.append([])
        for first in range(0, len(rows), size):
            batch = rows[first : first + size]
            loss, *dw = gradients(x[batch], labels[batch], *w)
            w = [v - lr * dv for v, dv in zip(w, dw, strict=True)]
            losses[-1].append(loss)
    return tuple(w), losses


def averaged(result):
    parameters, losses = result
    return parameters, [float(np.mean(epoch)) for epoch in losses]


@mutant("train", hint="not shuffled")
def never_shuffled(*arguments):
    return averaged(run_training(*arguments, order=lambda rng, n: np.arange(n)))


@mutant("train", hint="shuffle anew")
def shuffled_once(x, labels, n_hidden, lr, epochs, rng):
    rows = rng.permutation(len(x))
    return averaged(run_training(x, labels, n_hidden, lr, epochs, rng, order=lambda rng, n: rows))


@mutant("train", hint="its own label")
def labels_shuffled_apart(x, labels, n_hidden, lr, epochs, rng):
    return averaged(run_training(x, rng.permutation(labels), n_hidden, lr, epochs, rng))


@mutant("train")
def drawn_with_replacement(*arguments):
    return averaged(run_training(*arguments, order=lambda rng, n: rng.integers(n, size=n)))


@mutant("train", hint="last, smaller batch is left out")
def last_batch_left_out(*arguments):
    return averaged(
        run_training(*arguments, order=lambda rng, n: rng.permutation(n)[: n // 10 * 10])
    )


@mutant("train", hint="in batches of 10")
def batches_of_32(*arguments):
    return averaged(run_training(*arguments, size=32))


@mutant("train")
def row_by_row(*arguments):
    return averaged(run_training(*arguments, size=1))


@mutant("train", hint="W2 was updated before delta1")
def upper_layer_updated_first(x, labels, n_hidden, lr, epochs, rng):
    def gradients(*arguments):
        *_, dW2, _ = two_layers(*arguments)
        return two_layers(*arguments, back=lambda W2: W2 - lr * dW2)

    return averaged(run_training(x, labels, n_hidden, lr, epochs, rng, gradients=gradients))


@mutant("train", hint="variance 1/n_in")
def weights_of_variance_one(*arguments):
    def start(rng, W1, b1, W2, b2):
        return W1 * np.sqrt(W1.shape[1]), b1, W2 * np.sqrt(W2.shape[1]), b2

    return averaged(run_training(*arguments, start=start))


@mutant("train", hint="variance 1/n_in")
def standard_deviation_one_over_n(*arguments):
    def start(rng, W1, b1, W2, b2):
        return W1 / np.sqrt(W1.shape[1]), b1, W2 / np.sqrt(W2.shape[1]), b2

    return averaged(run_training(*arguments, start=start))


@mutant("train", hint="variance 1/n_in")
def one_scale_for_both_layers(*arguments):
    def start(rng, W1, b1, W2, b2):
        return W1, b1, W2 * np.sqrt(W2.shape[1] / W1.shape[1]), b2

    return averaged(run_training(*arguments, start=start))


@mutant("train", hint="not normal")
def uniform_weights(*arguments):
    def start(rng, W1, b1, W2, b2):
        def uniform(W):
            return rng.uniform(-1, 1, W.shape) * np.sqrt(3 / W.shape[1])

        return uniform(W1), b1, uniform(W2), b2

    return averaged(run_training(*arguments, start=start))


@mutant("train", hint="biases at the start")
def random_biases(*arguments):
    def start(rng, W1, b1, W2, b2):
        return W1, rng.standard_normal(b1.shape), W2, b2

    return averaged(run_training(*arguments, start=start))


@mutant("train")
def weights_start_at_zero(*arguments):
    def start(rng, W1, b1, W2, b2):
        return 0 * W1, b1, 0 * W2, b2

    return averaged(run_training(*arguments, start=start))


@mutant("train", hint="from rng")
def generator_of_its_own(x, labels, n_hidden, lr, epochs, rng):
    return averaged(run_training(x, labels, n_hidden, lr, epochs, np.random.default_rng()))


@mutant("train", hint="from rng")
def seed_of_its_own(x, labels, n_hidden, lr, epochs, rng):
    return averaged(run_training(x, labels, n_hidden, lr, epochs, np.random.default_rng(0)))


@mutant("train", hint="subtracted")
def uphill(x, labels, n_hidden, lr, epochs, rng):
    return averaged(run_training(x, labels, n_hidden, -lr, epochs, rng))


@mutant("train")
def only_the_upper_layer(*arguments):
    def gradients(*arguments):
        loss, dW1, db1, dW2, db2 = two_layers(*arguments)
        return loss, 0 * dW1, 0 * db1, dW2, db2

    return averaged(run_training(*arguments, gradients=gradients))


@mutant("train")
def gradients_added_instead_of_averaged(*arguments):
    def gradients(x, *others):
        loss, *dw = two_layers(x, *others)
        return loss, *(len(x) * dv for dv in dw)

    return averaged(run_training(*arguments, gradients=gradients))


@mutant("train", hint="one per epoch")
def one_loss_per_batch(*arguments):
    parameters, losses = run_training(*arguments)
    return parameters, [loss for epoch in losses for loss in epoch]


@mutant("train")
def losses_added_over_batches(*arguments):
    parameters, losses = run_training(*arguments)
    return parameters, [sum(epoch) for epoch in losses]


@mutant("train", hint="before the update")
def losses_after_the_update(x, labels, n_hidden, lr, epochs, rng):
    def gradients(x, labels, *w):
        _, *dw = two_layers(x, labels, *w)
        after = [v - lr * dv for v, dv in zip(w, dw, strict=True)]
        return two_layers(x, labels, *after)[0], *dw

    return averaged(run_training(x, labels, n_hidden, lr, epochs, rng, gradients=gradients))


@mutant("train", hint="got 4")
def losses_not_returned(*arguments):
    return run_training(*arguments)[0]


@mutant("train", hint="changed its argument x")
def rows_shuffled_in_place(x, labels, n_hidden, lr, epochs, rng):
    rows = rng.permutation(len(x))
    x[:], labels[:] = x[rows], labels[rows]
    return averaged(run_training(x, labels, n_hidden, lr, epochs, rng))


@mutant("digits_network", hint="expected at least 90 %")
def not_trained(x, labels, rng):
    return run_training(x, labels, 30, 0.5, 0, rng)[0]


@mutant("digits_network", hint="got 2")
def returns_the_losses_too(x, labels, rng):
    return run_training(x, labels, 30, 0.5, 1, rng)


@mutant("digits_network")
def labels_mixed_up(x, labels, rng):
    return run_training(x, rng.permutation(labels), 30, 0.5, 2, rng)[0]


@mutant("digits_network", hint="changed its argument x")
def digits_scaled_in_place(x, labels, rng):
    x *= 2
    return run_training(x, labels, 30, 0.5, 1, rng)[0]
