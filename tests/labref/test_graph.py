"""The computation graph: order, gradients, broadcasting, fan-out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from labref import graph
from labref.gradcheck import numerical_gradient, relative_error
from labref.graph import Function, Variable, backward, topological_order, unbroadcast
from labref.layers import Dense
from labref.losses import SoftmaxCrossEntropy
from labref.network import Network

BINARY = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
}
UNARY = {
    "negative": lambda x: -x,
    "exp": lambda x: graph.Exp()(x),
    "log": lambda x: graph.Log()(x),
    "sigmoid": lambda x: graph.Sigmoid()(x),
    "tanh": lambda x: graph.Tanh()(x),
    "relu": lambda x: graph.Relu()(x),
    "transpose": lambda x: x.T,
    "sum": lambda x: x.sum(),
}


def gradients(f, *values):
    """Return the value of a scalar expression and its gradient at each input."""
    variables = [Variable(value) for value in values]
    output = f(*variables)
    backward(output)
    return float(output.value), [variable.grad for variable in variables]


def check(f, *values, tolerance=1e-7):
    """Compare the gradients of a scalar expression with central differences."""
    _, grads = gradients(f, *values)
    for i, grad in enumerate(grads):

        def of_one(v, i=i):
            return f(*(Variable(v if j == i else w) for j, w in enumerate(values))).value

        assert grad.shape == np.shape(values[i])
        assert relative_error(grad, numerical_gradient(of_one, values[i])) < tolerance


@pytest.mark.equation("eq-unbroadcast", "eq-multiply-node")
@pytest.mark.parametrize("name", BINARY)
@given(shapes=mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3, min_side=1))
def test_binary_nodes_agree_with_central_differences_whatever_is_broadcast(name, shapes):
    rng = np.random.default_rng(0)
    x, y = (rng.uniform(0.5, 2, shape) for shape in shapes.input_shapes)
    weights = rng.standard_normal(shapes.result_shape)
    check(lambda x, y: (BINARY[name](x, y) * weights).sum(), x, y)


@pytest.mark.equation("eq-multiply-node")
def test_each_factors_local_gradient_is_the_other_factor():
    node = graph.Multiply()
    node.forward(np.array([2.0, 3.0]), np.array([5.0, 7.0]))
    dx, dy = node.backward(np.array([1.0, 10.0]))
    np.testing.assert_array_equal(dx, [5, 70])
    np.testing.assert_array_equal(dy, [2, 30])


@pytest.mark.equation("eq-unbroadcast")
def test_unbroadcast_adds_over_the_axes_that_were_repeated():
    grad = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(unbroadcast(grad, (2, 3)), grad)
    np.testing.assert_array_equal(unbroadcast(grad, (3,)), [3, 5, 7])
    np.testing.assert_array_equal(unbroadcast(grad, (2, 1)), [[3], [12]])
    np.testing.assert_array_equal(unbroadcast(grad, ()), 15)


@pytest.mark.parametrize("name", UNARY)
def test_unary_nodes_agree_with_central_differences(name):
    x = np.array([[0.3, 1.5, 2.0], [0.7, 0.1, 3.0]])
    weights = np.random.default_rng(0).standard_normal(UNARY[name](Variable(x)).value.shape)
    check(lambda x: (UNARY[name](x) * weights).sum(), x)


def test_relu_passes_nothing_at_zero_and_below():
    _, (grad,) = gradients(lambda x: graph.Relu()(x).sum(), np.array([-1.0, 0.0, 2.0]))
    np.testing.assert_array_equal(grad, [0, 0, 1])


def test_matrix_product_agrees_with_central_differences():
    rng = np.random.default_rng(0)
    x, y, weights = (rng.standard_normal(shape) for shape in ((3, 4), (4, 2), (3, 2)))
    check(lambda x, y: ((x @ y) * weights).sum(), x, y)


@given(labels=st.lists(st.integers(0, 3), min_size=3, max_size=3))
def test_softmax_cross_entropy_node_agrees_with_central_differences(labels):
    logits = np.random.default_rng(0).standard_normal((3, 4))
    check(lambda x: graph.SoftmaxCrossEntropy(labels)(x) * 2.0, logits)


@pytest.mark.equation("eq-fan-out")
def test_gradients_of_a_variable_used_more_than_once_add():
    _, (grad,) = gradients(lambda x: x * x, 3.0)
    assert grad == 6
    _, (grad,) = gradients(lambda x: x * x * x + x + x, 3.0)
    assert grad == 3 * 9 + 2


@pytest.mark.equation("eq-fan-out", "eq-node-backward")
def test_a_diamond_adds_the_gradients_of_its_two_ways():
    def diamond(x):
        y = graph.Exp()(x)
        return (y * y + 3.0 * y) / (y + 1.0)

    check(diamond, np.array(0.4))


def test_a_diamond_of_diamonds_visits_each_node_once():
    """Without an order, walking every path would take 2**60 steps."""
    x = Variable(1.0)
    y = x
    for _ in range(60):
        y = y * 0.5 + y * 0.5
    backward(y)
    assert len(topological_order(y)) == 3 * 60
    assert x.grad == 1


@pytest.mark.equation("eq-node-backward")
def test_every_node_comes_after_the_nodes_it_needs():
    x, w = Variable(2.0), Variable(3.0)
    a = x * w
    b = a + x
    c = a * b
    order = topological_order(c)
    assert order == [a.creator, b.creator, c.creator]
    backward(c)
    assert (a.grad, b.grad, c.grad) == (8 + 6, 6, 1)
    assert x.grad == 6 + 14 * 3  # by way of b, and of a


def test_a_graph_may_be_deeper_than_python_recurses():
    x = Variable(1.0)
    y = x
    for _ in range(20_000):
        y = y + 1.0
    backward(y)
    assert y.value == 20_001
    assert x.grad == 1


@pytest.mark.pitfall("P27")
def test_backward_twice_does_not_double_the_gradients():
    x = Variable(np.array([1.0, 2.0]))
    y = x * x
    output = y.sum()
    backward(output)
    first = x.grad.copy(), y.grad.copy()
    backward(output)
    np.testing.assert_array_equal(x.grad, first[0])
    np.testing.assert_array_equal(y.grad, first[1])


def test_a_second_output_replaces_the_gradients_of_the_first():
    x = Variable(2.0)
    backward(x * x)
    backward(3.0 * x)
    assert x.grad == 3


def test_an_input_can_be_the_output():
    x = Variable(2.0)
    backward(x)
    assert x.grad == 1


def test_numbers_and_arrays_mix_with_variables_on_either_side():
    x = Variable(np.array([[2.0, 4.0]]))
    array = np.array([[8.0, 8.0]])
    for result, expected in (
        (1 + x, [[3, 5]]),
        (x - 1, [[1, 3]]),
        (1 - x, [[-1, -3]]),
        (3 * x, [[6, 12]]),
        (8 / x, [[4, 2]]),
        (x / 2, [[1, 2]]),
        (array * x, [[16, 32]]),
        (array - x, [[6, 4]]),
        (array / x, [[4, 2]]),
        (array @ x.T, [[48]]),
        (x @ array.T, [[48]]),
        (-x, [[-2, -4]]),
    ):
        assert isinstance(result, Variable)
        np.testing.assert_array_equal(result.value, expected)


@pytest.mark.parametrize("name", [*BINARY, *UNARY])
def test_float32_stays_float32_and_values_are_not_changed(name):
    values = [np.array([[0.5, 1.5]], np.float32), np.array([[2.0], [3.0]], np.float32)]
    variables = [Variable(value) for value in values[: 2 if name in BINARY else 1]]
    before = [value.copy() for value in values]
    output = (BINARY | UNARY)[name](*variables).sum()
    backward(output)
    for array in [output.value, *(variable.grad for variable in variables)]:
        assert array.dtype == np.float32
    for value, copy in zip(values, before, strict=True):
        np.testing.assert_array_equal(value, copy)


def test_softmax_cross_entropy_keeps_float32():
    x = Variable(np.zeros((2, 3), np.float32))
    output = graph.SoftmaxCrossEntropy([0, 1])(x)
    backward(output)
    assert output.value.dtype == x.grad.dtype == np.float32


def test_a_two_layer_network_as_a_graph_has_the_networks_gradient():
    rng = np.random.default_rng(0)
    shapes = (5, 4), (3, 4), (1, 3), (2, 3), (1, 2)
    x, W1, b1, W2, b2 = (rng.standard_normal(shape) for shape in shapes)
    labels = [0, 1, 1, 0, 1]

    def loss(W1, b1, W2, b2):
        hidden = graph.Sigmoid()(x @ W1.T + b1)
        return graph.SoftmaxCrossEntropy(labels)(hidden @ W2.T + b2)

    network = Network([Dense(W1, b1[0], "sigmoid"), Dense(W2, b2[0])], SoftmaxCrossEntropy())
    value, gradient = network.loss_and_gradient(x, labels)
    of_graph, grads = gradients(loss, W1, b1, W2, b2)
    assert of_graph == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(np.concatenate([g.ravel() for g in grads]), gradient, rtol=1e-9)


def test_a_new_operation_is_a_subclass_with_two_methods():
    class Square(Function):
        def forward(self, x):
            self.x = x
            return x**2

        def backward(self, grad):
            return (2 * self.x * grad,)

    check(lambda x: Square()(x).sum(), np.array([1.0, -2.0]))


def test_only_a_scalar_has_a_gradient():
    with pytest.raises(ValueError, match=r"output: expected a scalar, got shape \(2,\)"):
        backward(Variable([1.0, 2.0]) * 1.0)


def test_the_logarithm_wants_positive_numbers():
    with pytest.raises(ValueError, match=r"x: expected positive numbers, got -1.0"):
        graph.Log()(Variable([1.0, -1.0]))
