"""Gradient clipping by value and by global norm."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from labref.network import dense_network
from labref.regularization.clipping import clip_by_global_norm, clip_by_value

gradients = st.lists(
    arrays.arrays(
        st.sampled_from([np.float32, np.float64]),
        arrays.array_shapes(min_dims=0, min_side=0, max_dims=3, max_side=4),
        elements=st.floats(-100, 100, width=32),
    ),
    max_size=4,
)
ceilings = st.floats(1e-3, 1e3)


def norm(grads):
    return np.sqrt(sum((np.asarray(g, float) ** 2).sum() for g in grads))


@pytest.mark.equation("eq-clip-value")
@given(grads=gradients, c=ceilings)
def test_values_are_brought_into_the_interval(grads, c):
    for g, clipped in zip(grads, clip_by_value(grads, c), strict=True):
        expected = [max(-c, min(c, entry)) for entry in g.ravel().tolist()]
        np.testing.assert_allclose(clipped.ravel(), expected, rtol=1e-6)
        assert (clipped.dtype, clipped.shape) == (g.dtype, g.shape)


@pytest.mark.equation("eq-clip-norm")
@given(grads=gradients, c=ceilings)
def test_gradients_are_scaled_together_to_a_norm_of_at_most_c(grads, c):
    clipped = clip_by_global_norm(grads, c)
    scale = min(1, c / norm(grads)) if norm(grads) else 1
    for g, new in zip(grads, clipped, strict=True):
        np.testing.assert_allclose(new, g * scale, rtol=1e-5, atol=1e-30)
        assert (new.dtype, new.shape) == (g.dtype, g.shape)
    assert norm(clipped) <= c * (1 + 1e-5)


def test_small_gradients_pass_unchanged_to_the_last_bit():
    grads = [np.array([0.3, -0.1]), np.array([[1 / 3]])]
    for clipped in (clip_by_global_norm(grads, 0.5), clip_by_value(grads, 0.5)):
        for new, g in zip(clipped, grads, strict=True):
            np.testing.assert_array_equal(new, g)


@pytest.mark.parametrize("clip", [clip_by_global_norm, clip_by_value])
@pytest.mark.parametrize("c", [0.5, 100])
def test_results_are_new_arrays_and_arguments_are_not_changed(clip, c):
    grads = [np.array([3.0, -4.0]), np.zeros(2)]
    before = [g.copy() for g in grads]
    for new in clip(grads, c):
        new += 1
    for g, old in zip(grads, before, strict=True):
        np.testing.assert_array_equal(g, old)


@pytest.mark.pitfall("P31")
def test_zero_gradients_stay_zero():
    for grads in ([np.zeros(3), np.zeros((2, 2))], [np.zeros(0)], []):
        for g, new in zip(grads, clip_by_global_norm(grads, 1.0), strict=True):
            np.testing.assert_array_equal(new, g)


@pytest.mark.pitfall("P31")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", ["tiny", "smallest_subnormal", "max"])
def test_gradients_whose_squares_underflow_or_overflow_keep_their_direction(dtype, size):
    huge = dtype(getattr(np.finfo(dtype), size))
    grads = [np.array([huge, -huge], dtype), np.array([0, huge], dtype)]
    if size == "max":
        first, second = clip_by_global_norm(grads, 1.0)
        np.testing.assert_allclose(first, np.array([1, -1]) / np.sqrt(3), rtol=1e-6)
        np.testing.assert_allclose(second, np.array([0, 1]) / np.sqrt(3), rtol=1e-6)
    else:
        for g, new in zip(grads, clip_by_global_norm(grads, 1.0), strict=True):
            np.testing.assert_array_equal(new, g)


def test_huge_float64_beside_float32_gradients():
    small, large = clip_by_global_norm([np.ones(2, np.float32), np.array([1e300])], 2.0)
    assert large == pytest.approx(2.0)
    np.testing.assert_array_equal(small, np.zeros(2, np.float32))


def test_value_clipping_turns_the_direction_and_norm_clipping_does_not():
    g = np.array([3.0, 0.5])
    turned, scaled = clip_by_value([g], 1.0)[0], clip_by_global_norm([g], 1.0)[0]
    assert turned.tolist() == [1, 0.5]
    assert scaled[0] / scaled[1] == pytest.approx(6)


def test_a_network_s_flat_gradient_is_clipped_over_all_layers_together():
    net = dense_network([3, 4, 2], np.random.default_rng(0))
    _, gradient = net.loss_and_gradient(np.ones((2, 3)), [0, 0])
    c = np.linalg.norm(gradient) / 2
    by_layer = clip_by_global_norm([getattr(k, d) for k in net.layers for d in ("dW", "db")], c)
    whole = clip_by_global_norm([gradient], c)[0]
    np.testing.assert_allclose(whole, np.concatenate([g.ravel() for g in by_layer]), rtol=1e-12)
    np.testing.assert_allclose(whole, gradient / 2, rtol=1e-12)


@pytest.mark.torch
def test_clipping_agrees_with_pytorch(golden):
    rng = np.random.default_rng(0)
    grads = [rng.standard_normal((3, 4)), rng.standard_normal(5)]

    def compute():
        import torch
        from torch.nn.utils import clip_grad_norm_, clip_grad_value_

        values = {}
        for name, clip, c in (
            ("norm", clip_grad_norm_, 1.5),
            ("norm-high", clip_grad_norm_, 50.0),
            ("value", clip_grad_value_, 0.7),
        ):
            parameters = [torch.nn.Parameter(torch.zeros(g.shape, dtype=float)) for g in grads]
            for parameter, g in zip(parameters, grads, strict=True):
                parameter.grad = torch.tensor(g)
            clip(parameters, c)
            values |= {f"{name}-{i}": p.grad.numpy() for i, p in enumerate(parameters)}
        return values

    values = golden("clipping", compute)
    torch_adds = 1e-6 / norm(grads)  # to the norm, before dividing
    for i in range(2):
        ours = clip_by_global_norm(grads, 1.5)[i]
        np.testing.assert_allclose(ours, values[f"norm-{i}"] * (1 + torch_adds), rtol=1e-12)
        np.testing.assert_array_equal(clip_by_global_norm(grads, 50.0)[i], values[f"norm-high-{i}"])
        np.testing.assert_array_equal(clip_by_value(grads, 0.7)[i], values[f"value-{i}"])


G = [np.ones(2)]
CASES = {
    "value-nan": (lambda: clip_by_value([*G, [np.nan]], 1), ValueError, r"grads\[1\]: .* nan"),
    "norm-inf": (lambda: clip_by_global_norm([[np.inf]], 1), ValueError, r"grads\[0\]: .* inf"),
    "value-c": (lambda: clip_by_value(G, 0), ValueError, r"c: .* \(0, inf\), got 0"),
    "norm-c": (lambda: clip_by_global_norm(G, -1), ValueError, r"c: .* \(0, inf\), got -1"),
    "none": (lambda: clip_by_global_norm([None], 1), TypeError, r"grads\[0\]: .* dtype object"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
