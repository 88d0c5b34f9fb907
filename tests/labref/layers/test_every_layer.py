"""What holds for every layer: right gradients, kept dtypes, untouched arguments."""

import copy

import numpy as np
import pytest
from scipy import special

import labref.layers
from labref.gradcheck import numerical_gradient, relative_error
from labref.layers import Layer
from tests.labref.layers.examples import EXAMPLES, TAKES_ACTIVATIONS

every_layer = pytest.mark.parametrize("name", EXAMPLES)


def example(name, dtype=np.float64, n=5):
    """Return the layer, inputs for it and a gradient at its output."""
    rng = np.random.default_rng(0)
    layer, in_shape = EXAMPLES[name](rng)
    for parameter in layer.parameter_names:
        setattr(layer, parameter, getattr(layer, parameter).astype(dtype))
        setattr(layer, "d" + parameter, getattr(layer, "d" + parameter).astype(dtype))
    for state in layer.state_names:
        setattr(layer, state, getattr(layer, state).astype(dtype))
    x = rng.standard_normal((n, *in_shape))
    x = (0.4 * special.expit(x) if name in TAKES_ACTIVATIONS else x).astype(dtype)
    grad_y = rng.standard_normal((n, *layer.out_shape(in_shape))).astype(dtype)
    return layer, x, grad_y


def test_there_is_an_example_of_every_public_layer():
    layers = {
        name
        for name, thing in vars(labref.layers).items()
        if isinstance(thing, type) and issubclass(thing, Layer) and thing is not Layer
    }
    assert layers == {name.split(",")[0] for name in EXAMPLES}


@every_layer
def test_the_output_has_the_shape_that_the_layer_announces(name):
    layer, x, grad_y = example(name)
    assert layer.forward(x, training=True).shape == grad_y.shape
    assert layer.forward(x).shape == grad_y.shape


@pytest.mark.pitfall("P20")
@every_layer
def test_gradients_agree_with_central_differences(name):
    layer, x, grad_y = example(name)
    ours = copy.deepcopy(layer)
    ours.forward(x, training=True)
    dx = ours.backward(grad_y)

    def projected(layer, x):
        other = copy.deepcopy(layer)  # the copy draws the same numbers
        return (other.forward(x, training=True) * grad_y).sum() + other.penalty

    assert relative_error(dx, numerical_gradient(lambda v: projected(layer, v), x)) < 1e-7
    for parameter in layer.parameter_names:

        def moved(value, parameter=parameter):
            other = copy.deepcopy(layer)
            setattr(other, parameter, value)
            return projected(other, x)

        expected = numerical_gradient(moved, getattr(layer, parameter))
        assert relative_error(getattr(ours, "d" + parameter), expected) < 1e-7, parameter


@pytest.mark.pitfall("P23")
@every_layer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(name, dtype):
    layer, x, grad_y = example(name, dtype)
    results = [layer.forward(x), layer.forward(x, training=True), layer.backward(grad_y)]
    names = (*layer.parameter_names, *("d" + p for p in layer.parameter_names), *layer.state_names)
    results += [getattr(layer, attribute) for attribute in names]
    assert {array.dtype for array in results} == {np.dtype(dtype)}


@pytest.mark.pitfall("P26")
@every_layer
def test_neither_pass_changes_what_it_is_given(name):
    layer, x, grad_y = example(name)
    before = x.copy(), grad_y.copy()
    layer.forward(x, training=True)
    layer.backward(grad_y)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(grad_y, before[1])


@pytest.mark.pitfall("P27")
@every_layer
def test_a_second_backward_pass_does_not_add_to_the_first(name):
    layer, x, grad_y = example(name)
    layer.forward(x, training=True)
    first = layer.backward(grad_y).copy()
    gradients = [getattr(layer, "d" + parameter).copy() for parameter in layer.parameter_names]
    np.testing.assert_array_equal(layer.backward(grad_y), first)
    for parameter, gradient in zip(layer.parameter_names, gradients, strict=True):
        np.testing.assert_array_equal(getattr(layer, "d" + parameter), gradient)


@every_layer
def test_a_later_pass_leaves_earlier_results_alone(name):
    layer, x, grad_y = example(name)
    y = layer.forward(x, training=True)
    dx = layer.backward(grad_y)
    before = y.copy(), dx.copy()
    layer.forward(2 * x, training=True)
    layer.backward(3 * grad_y)
    np.testing.assert_array_equal(y, before[0])
    np.testing.assert_array_equal(dx, before[1])


@every_layer
def test_a_first_layer_need_not_compute_the_gradient_at_its_input(name):
    layer, x, grad_y = example(name)
    other = copy.deepcopy(layer)
    layer.forward(x, training=True)
    layer.backward(grad_y)
    other.forward(x, training=True)
    assert other.backward(grad_y, need_dx=False) is None
    for parameter in layer.parameter_names:
        np.testing.assert_array_equal(
            getattr(other, "d" + parameter), getattr(layer, "d" + parameter)
        )


@every_layer
def test_parameters_are_filled_in_place(name):
    """A network's layers look into one vector: backward must write there, not elsewhere."""
    layer, x, grad_y = example(name)
    arrays = [getattr(layer, "d" + parameter) for parameter in layer.parameter_names]
    layer.forward(x, training=True)
    layer.backward(grad_y)
    for parameter, array in zip(layer.parameter_names, arrays, strict=True):
        assert getattr(layer, "d" + parameter) is array


@every_layer
def test_weights_are_parameters(name):
    layer, _, _ = example(name)
    assert set(layer.weight_names) <= set(layer.parameter_names)
