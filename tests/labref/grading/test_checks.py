import numpy as np
import pytest

from labref.grading import call, check_close, check_parts, no_overflow


def message_of(check, *arguments, **options) -> str:
    with pytest.raises(AssertionError) as caught:
        check(*arguments, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (np.array([1.0, 2.0]), [1, 2]),
        ([1, 2], np.array([1.0, 2.0])),
        ((1.0, 2.0), [1, 2]),
        (np.array([1, 2], dtype=np.uint8), [1.0, 2.0]),
        (np.array([1.0, 2.0]) * (1 + 1e-6), [1, 2]),
        (np.array([1.0, 2.0], dtype=np.float32) * np.float32(1 + 3e-5), [1, 2]),
        (np.array([1.0, 2.0]), np.array([1.0, 2.0], dtype=np.float32) * np.float32(1 + 3e-5)),
        (np.array([1.001, 2.0], dtype=np.float16), [1, 2]),
        (1.5, 1.5),
        (np.float32(1.5), 1.5),
        (np.array(1.5), 1.5),
        (np.array([[1e-9, 1.0]]), [[0.0, 1.0]]),
        (np.zeros(3), np.zeros(3)),
        (np.zeros((0, 3)), np.zeros((0, 3))),
    ],
)
def test_right_answers_pass(got, expected):
    check_close("y", got, expected)
    check_close("y", got, expected, hidden_case="a case")


def test_the_tolerance_is_that_of_the_coarser_dtype():
    message_of(check_close, "y", np.array([1 + 3e-5]), [1.0])
    message_of(check_close, "y", np.array([1 + 3e-4], dtype=np.float32), [1.0])
    message_of(check_close, "y", np.array([1.02], dtype=np.float16), [1.0])


def test_the_tolerance_scales_with_the_largest_expected_entry():
    check_close("y", [1e6 + 1, 1.0], [1e6, 1.0])
    message_of(check_close, "y", [1.1e-8], [1e-8])
    message_of(check_close, "y", [1e-3, 0.0], [0.0, 0.0])


def test_a_wrong_value_is_shown_with_where_and_by_how_much():
    got = message_of(check_close, "dW", [[1.0, 2.5], [3.0, 4.25]], [[1, 2], [3, 4]])
    assert got == "dW: at [0, 1] expected 2, got 2.5; 2 of 4 entries differ, by up to 0.5."


def test_a_wrong_number_is_shown():
    assert message_of(check_close, "loss", 2.0, 1.0) == "loss: expected 1, got 2."


@pytest.mark.parametrize(
    ("got", "expected", "words"),
    [
        (np.zeros((3, 2)), np.zeros((2, 3)), "shape (2, 3), got an array of shape (3, 2)"),
        (np.zeros(1), 0.0, "expected a single number, got an array of shape (1,)"),
        (0.0, np.zeros(1), "expected an array of shape (1,), got a single number"),
        (None, 0.0, "got None. Is there a return statement?"),
        ("1.0", 1.0, "expected real numbers, got a value of type str"),
        ([1 + 2j], [1.0], "dtype complex128"),
        ([True], [1.0], "dtype bool"),
        ({"dx": 1}, 1.0, "dtype object"),
        ([[1.0], [1.0, 2.0]], [1.0, 2.0], "a value of type list that NumPy cannot"),
    ],
)
def test_shapes_and_types_are_named(got, expected, words):
    assert words in message_of(check_close, "y", got, expected)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_never_pass(bad):
    assert f"at [1] expected 2, got {bad}" in message_of(check_close, "y", [1.0, bad], [1, 2])
    hidden = message_of(check_close, "y", [1.0, bad], [1, 2], hidden_case="a case")
    assert hidden == "y (hidden check: a case): NaN or infinite values."


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_expected_value_that_is_not_finite_is_the_author_s_mistake(bad):
    with pytest.raises(ValueError, match="expected finite numbers for y"):
        check_close("y", [bad], [bad])


def test_a_known_mistake_is_named():
    wrong = {"this is the sum": [4.0, 6.0], "this is the first row": [1.0, 2.0]}
    got = message_of(check_close, "mean", [4.0, 6.0], [2.0, 3.0], wrong)
    assert got.endswith("\nHint: this is the sum")
    assert "Hint" not in message_of(check_close, "mean", [4.0, 6.5], [2.0, 3.0], wrong)


def test_a_known_mistake_may_have_another_shape_or_nan():
    wrong = {"transposed": np.arange(6.0).reshape(3, 2), "overflow": [np.nan, 1.0]}
    right = np.arange(6.0).reshape(3, 2).T
    assert "Hint: transposed" in message_of(check_close, "y", right.T, right, wrong)
    assert "Hint: overflow" in message_of(check_close, "y", [np.nan, 1.0], [0, 1], wrong)
    assert "Hint" not in message_of(check_close, "y", [1.0, np.nan], [0, 1], wrong)


def test_a_right_answer_passes_even_where_a_mistake_gives_the_same():
    check_close("y", [1.0], [1.0], {"a mistake that does not show here": [1.0]})


@pytest.mark.parametrize(
    ("got", "fault"),
    [
        ([0.123, 77.5], "wrong values."),
        ([[0.5, 0.25]], "wrong shape: number of axes expected 1, got 2."),
        ([0.5, 0.25, 3.0], "wrong shape: the size of axis 0 differs."),
        (0.5, "wrong shape: number of axes expected 1, got 0."),
    ],
)
def test_a_hidden_check_says_what_is_wrong_without_numbers(got, fault):
    wrong = {"you forgot the mean": [0.123, 77.5]}
    message = message_of(check_close, "dW", got, [0.5, 0.25], wrong, hidden_case="random rows")
    start, *hint = message.split("\n")
    assert start == f"dW (hidden check: random rows): {fault}"
    assert hint == (["Hint: you forgot the mean"] if fault == "wrong values." else [])


def test_a_hidden_check_of_one_number():
    message = message_of(check_close, "loss", 2.0, 1.0, hidden_case="one row")
    assert message == "loss (hidden check: one row): wrong value."


@pytest.mark.parametrize("got", [(1, 2), [1, 2]])
def test_parts_are_returned(got):
    assert check_parts("f", got, ["a", "b"]) == (1, 2)


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (None, "f: expected 2 values (a, b), got None. Is there a return statement?"),
        ((1, 2, 3), "f: expected 2 values (a, b), got 3."),
        (np.zeros(2), "f: expected 2 values (a, b), got a value of type ndarray."),
    ],
)
def test_parts_of_another_number_are_refused(got, words):
    assert message_of(check_parts, "f", got, ["a", "b"]) == words


def test_call_passes_arguments_by_position_and_returns_the_result():
    assert call("f", lambda p, q: p - q, x=5, y=3) == 2


def double_in_place(x):
    x *= 2


def set_a_nan(x):
    x[0] = np.nan


def set_the_shape(x):
    x.resize((1, x.size), refcheck=False)


@pytest.mark.parametrize("function", [double_in_place, set_a_nan, set_the_shape])
def test_call_notices_a_changed_argument(function):
    x = np.array([1.0, 2.0])
    message = message_of(call, "f", function, x=x)
    assert message.startswith("f: it changed its argument x, which belongs to the caller.")
    np.testing.assert_array_equal(x, [1.0, 2.0], err_msg="the answer got the original")


def test_call_does_not_mind_nan_in_an_argument_that_stays():
    assert call("f", np.isnan, x=np.array([np.nan])).all()


def test_call_passes_a_generator_on():
    rng = np.random.default_rng(0)
    drawn = call("f", lambda rng: rng.random(), rng=rng)
    assert drawn == np.random.default_rng(0).random()
    assert rng.random() != drawn


def test_call_lets_errors_through():
    with pytest.raises(ZeroDivisionError):
        call("f", lambda x: x / 0, x=1)


@pytest.mark.parametrize(
    ("compute", "words"),
    [
        (lambda: np.exp(np.array([1000.0])), "warned of an overflow"),
        (lambda: np.array([np.inf]) - np.inf, "warned of an invalid value"),
    ],
)
def test_no_overflow_notices(compute, words):
    def check():
        with no_overflow("f"):
            compute()

    assert words in message_of(check)


def test_no_overflow_does_not_mind_other_warnings_or_ones_that_were_dealt_with():
    import warnings

    with no_overflow("f"):
        warnings.warn("an overflow of another kind", UserWarning, stacklevel=1)
        np.exp(np.array([-1000.0]))
        with np.errstate(over="ignore"):
            np.exp(np.array([1000.0]))


def test_no_overflow_lets_errors_through():
    with pytest.raises(ZeroDivisionError), no_overflow("f"):
        raise ZeroDivisionError
