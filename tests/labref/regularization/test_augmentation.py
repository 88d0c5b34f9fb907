"""Augmentation: shifts, warps and noise, beside scipy.ndimage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from labref.data import load_digits
from labref.network import dense_network
from labref.optimizers import SGD
from labref.regularization.augmentation import (
    compose,
    dropped_pixels,
    gaussian_noise,
    random_warp,
    shift_image,
    warp_images,
)
from labref.training import train


def rng():
    return np.random.default_rng(0)


def images(n=3, channels=2, height=7, width=5, dtype=np.float64):
    return rng().standard_normal((n, channels, height, width)).astype(dtype)


def warp_one(image, angle=0.0, factor=1.0, shift=(0.0, 0.0)):
    return warp_images(image[None, None], [angle], [factor], [shift])[0, 0]


@pytest.mark.equation("eq-shift")
@given(
    height=st.integers(1, 6), width=st.integers(1, 6), dy=st.integers(-8, 8), dx=st.integers(-8, 8)
)
def test_a_shift_by_whole_pixels_is_scipy_s(height, width, dy, dx):
    img = rng().uniform(1, 2, (height, width))
    before = img.copy()
    shifted = shift_image(img, dy, dx)
    expected = ndimage.shift(img, (dy, dx), order=0, mode="constant", cval=0)
    np.testing.assert_array_equal(shifted, expected)
    np.testing.assert_array_equal(img, before)


def test_a_shift_goes_down_and_to_the_right_and_fills_with_zeros():
    img = np.array([[1, 2], [3, 4]], np.float32)
    assert shift_image(img, 1, 0).tolist() == [[0, 0], [1, 2]]
    assert shift_image(img, 0, -1).tolist() == [[2, 0], [4, 0]]
    assert shift_image(img, np.int64(1), 1).tolist() == [[0, 0], [0, 1]]
    assert shift_image(img, 0, 0) is not img
    assert shift_image(img, 1, 0).dtype == np.float32


def test_several_images_shift_alike():
    batch = images()
    for image, shifted in zip(
        batch.reshape(6, 7, 5), shift_image(batch, 2, -1).reshape(6, 7, 5), strict=True
    ):
        np.testing.assert_array_equal(shifted, shift_image(image, 2, -1))


@given(
    height=st.integers(1, 7),
    width=st.integers(1, 7),
    dy=st.floats(-9, 9),
    dx=st.floats(-9, 9),
)
def test_a_shift_by_fractions_is_scipy_s(height, width, dy, dx):
    img = rng().standard_normal((height, width))
    expected = ndimage.shift(img, (dy, dx), order=1, mode="grid-constant")
    np.testing.assert_allclose(warp_one(img, shift=(dy, dx)), expected, atol=1e-9)


@given(height=st.integers(1, 7), width=st.integers(1, 7), angle=st.floats(-200, 200))
def test_a_rotation_is_scipy_s(height, width, angle):
    img = rng().standard_normal((height, width))
    expected = ndimage.rotate(img, angle, reshape=False, order=1, mode="grid-constant")
    np.testing.assert_allclose(warp_one(img, angle), expected, atol=1e-9)


@pytest.mark.equation("eq-warp")
@given(
    angle=st.floats(-180, 180),
    factor=st.floats(0.3, 3),
    dy=st.floats(-3, 3),
    dx=st.floats(-3, 3),
)
def test_rotation_scaling_and_shift_are_one_affine_map(angle, factor, dy, dx):
    img = rng().standard_normal((6, 8))
    turn = np.deg2rad(angle)
    inverse = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) / factor
    middle = np.array([2.5, 3.5])
    offset = middle - inverse @ (middle + np.array([dy, dx]))
    expected = ndimage.affine_transform(img, inverse, offset, order=1, mode="grid-constant")
    np.testing.assert_allclose(warp_one(img, angle, factor, (dy, dx)), expected, atol=1e-9)


def test_a_quarter_turn_is_numpy_s_and_magnification_enlarges():
    img = rng().standard_normal((5, 5))
    np.testing.assert_allclose(warp_one(img, 90), np.rot90(img), atol=1e-12)
    dot = np.zeros((9, 9))
    dot[3:6, 3:6] = 1
    assert warp_one(dot, factor=2.0).sum() == pytest.approx(4 * 9, rel=0.1)


def test_each_image_of_a_batch_has_its_own_map_and_channels_share_it():
    batch = images(n=3)
    angles, factors, shifts = [0, 30, -50], [1, 1.2, 0.8], [[0, 0], [1.5, -1], [0.2, 2]]
    warped = warp_images(batch, angles, factors, shifts)
    for n in range(3):
        for c in range(2):
            alone = warp_one(batch[n, c], angles[n], factors[n], shifts[n])
            np.testing.assert_allclose(warped[n, c], alone, atol=1e-12)
    np.testing.assert_array_equal(warped[0], batch[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_and_arguments_are_kept(dtype):
    batch = images(dtype=dtype)
    before = batch.copy()
    everything = compose(random_warp(20, 0.2, 2), gaussian_noise(0.1), dropped_pixels(0.2))
    assert everything(batch, rng()).dtype == dtype
    np.testing.assert_array_equal(batch, before)


# Random augmentation.


def test_rows_images_and_channels_are_warped_alike():
    batch = images(n=4, channels=1)
    warp, given_shape = random_warp(20, 0.2, 2), random_warp(20, 0.2, 2, image_shape=(7, 5))
    expected = warp(batch, rng())
    np.testing.assert_array_equal(warp(batch[:, 0], rng()), expected[:, 0])
    rows = given_shape(batch.reshape(4, 35), rng())
    np.testing.assert_array_equal(rows, expected.reshape(4, 35))
    two = images(n=4, channels=2)
    np.testing.assert_array_equal(
        given_shape(two.reshape(4, 70), rng()), warp(two, rng()).reshape(4, 70)
    )


def test_warps_vary_over_the_batch_within_their_limits():
    ramp = np.tile(np.arange(21.0), (2000, 1, 21, 1))  # a pixel's value says where it came from
    moved = random_warp(shift=3)(ramp, rng())[:, 0, 10, 10] - 10
    assert abs(moved).max() <= 3
    assert moved.std() == pytest.approx(3 / np.sqrt(3), rel=0.05)
    turned = random_warp(rotation=30)(ramp, rng())[:, 0, 5, 10] - 10
    assert abs(turned).max() <= 5 * np.sin(np.pi / 6) + 1e-9
    assert turned.std() > 1
    scaled = random_warp(scaling=0.5)(ramp, rng())[:, 0, 10, 14] - 10
    assert scaled.min() >= 4 / 1.5 - 1e-9
    assert scaled.max() <= 4 / 0.5 + 1e-9


def test_without_limits_nothing_moves():
    batch = images()
    np.testing.assert_array_equal(random_warp()(batch, rng()), batch)


@pytest.mark.pitfall("P28")
def test_augmentation_depends_on_the_generator_alone_and_changes_with_each_call():
    augment = compose(random_warp(20, 0.2, 2), gaussian_noise(0.1), dropped_pixels(0.2))
    batch, generator = images(), np.random.default_rng(1)
    first = augment(batch, generator)
    np.testing.assert_array_equal(augment(batch, np.random.default_rng(1)), first)
    assert (augment(batch, generator) != first).any()


def test_noise_has_its_standard_deviation_and_pixels_drop_with_their_probability():
    x = np.ones((100, 400))
    assert (gaussian_noise(0.3)(x, rng()) - x).std() == pytest.approx(0.3, rel=0.02)
    dropped = dropped_pixels(0.3)(x, rng())
    assert set(dropped.flat) == {0.0, 1.0}
    assert (dropped == 0).mean() == pytest.approx(0.3, abs=0.012)


def test_steps_are_composed_in_order():
    def double(x, rng):
        return 2 * x

    def one_more(x, rng):
        return x + 1

    np.testing.assert_array_equal(compose(double, one_more)(np.ones(2), rng()), [3, 3])
    np.testing.assert_array_equal(compose()(np.ones(2), rng()), [1, 1])


def test_shifted_training_images_help_on_shifted_digits():
    digits = load_digits()
    shifted = random_warp(shift=1.5, image_shape=digits.image_shape)
    x_test = shifted(digits.x[1400:], rng())
    accuracies = []
    for augment in (None, shifted):
        net = dense_network([64, 40, 10], rng(), "relu")
        options = {"optimizer": SGD(0.3), "epochs": 25, "batch_size": 20, "rng": rng()}
        x, labels = digits.x[:1400], digits.labels[:1400]
        train(net, x, labels, augment=augment, progress=False, **options)
        accuracies.append(net.accuracy(x_test, digits.labels[1400:]))
    assert accuracies[1] > accuracies[0] + 0.1


IMAGES, ONES = images(), np.ones(3)
CASES = {
    "img": (lambda: shift_image([1.0], 0, 0), ValueError, r"img: .* \(\.\.\., H, W\), got \(1,\)"),
    "dy": (lambda: shift_image(IMAGES, 0.5, 0), TypeError, r"dy: expected an integer, got float"),
    "dx": (lambda: shift_image(IMAGES, 0, True), TypeError, r"dx: expected an integer, got bool"),
    "images": (
        lambda: warp_images(IMAGES[0], ONES, ONES, np.ones((3, 2))),
        ValueError,
        r"images: expected shape \(N, C, H, W\), got \(2, 7, 5\)",
    ),
    "angles": (
        lambda: warp_images(IMAGES, [1], ONES, np.ones((3, 2))),
        ValueError,
        r"angles: expected shape \(3,\), got \(1,\)",
    ),
    "factors": (
        lambda: warp_images(IMAGES, ONES, 0 * ONES, np.ones((3, 2))),
        ValueError,
        r"factors: expected positive numbers, got 0",
    ),
    "shifts": (
        lambda: warp_images(IMAGES, ONES, ONES, ONES),
        ValueError,
        r"shifts: expected shape \(3, 2\), got \(3,\)",
    ),
    "rotation": (lambda: random_warp(-1), ValueError, r"rotation: .* \[0, inf\), got -1"),
    "scaling": (lambda: random_warp(scaling=1), ValueError, r"scaling: .* \[0, 1\), got 1"),
    "shift": (lambda: random_warp(shift=-1), ValueError, r"shift: .* \[0, inf\), got -1"),
    "shape": (lambda: random_warp(image_shape=(0, 2)), ValueError, r"image_shape: .* got 0"),
    "chw": (lambda: random_warp(image_shape=(1, 2, 2)), ValueError, r"image_shape: .* \(H, W\)"),
    "rows": (lambda: random_warp()(np.ones((2, 4)), rng()), ValueError, r"x: .* got shape \(2, 4"),
    "row-size": (
        lambda: random_warp(image_shape=(3, 3))(np.ones((2, 8)), rng()),
        ValueError,
        r"x: expected rows of images \(3, 3\), got shape \(2, 8\)",
    ),
    "sigma": (lambda: gaussian_noise(-1), ValueError, r"sigma: .* \[0, inf\), got -1"),
    "p": (lambda: dropped_pixels(1.5), ValueError, r"p: .* \[0, 1\], got 1.5"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
