"""Values cross the border as they are, and nothing else does."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from labref.grading.border.reader import Reader
from labref.grading.border.values import BIT_GENERATORS, BorderError
from labref.grading.border.writer import Writer


def refuse(value):
    raise BorderError(f"a {type(value).__name__} cannot cross")


def across(value):
    """Return the value as it arrives on the other side."""
    return Reader(refuse).read(json.loads(json.dumps(Writer(refuse).write(value))))


def same(a, b):
    """Whether two values are of one type and equal, NaN included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        if a.dtype == object:
            return a.shape == b.shape and all(map(same, a.ravel(), b.ravel()))
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, np.generic):
        return a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if isinstance(a, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    return a == b


PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers(allow_nan=False)
    | st.text()
    | st.binary()
)
HASHABLE = st.integers() | st.text() | st.tuples(st.integers(), st.text())
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(HASHABLE, inner)
        | st.sets(HASHABLE)
        | st.frozensets(HASHABLE)
    ),
    max_leaves=10,
)
DTYPES = (
    hnp.scalar_dtypes()
    | hnp.unicode_string_dtypes()
    | hnp.byte_string_dtypes()
    | hnp.array_dtypes()
)
ARRAYS = DTYPES.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=3))
)


@given(VALUES)
def test_plain_values_arrive_as_they_are(value):
    assert same(across(value), value)


@given(ARRAYS)
def test_arrays_of_any_shape_and_dtype_arrive_as_they_are(array):
    assert same(across(array), array)


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        -math.inf,
        -0.0,
        10**400,
        ...,
        slice(1, None, -2),
        range(3, 9, 2),
        bytearray(b"ab"),
        np.float32(0.1),
        np.bool_(True),
        np.str_("a"),
        np.datetime64("2020-02-03"),
        np.dtype("f4"),
        np.dtype([("a", "i4"), ("b", "f8", (2,))]),
        np.array([1, "a", None, [2]], dtype=object),
        np.array(None, dtype=object),
        "\ud800",
    ],
    ids=repr,
)
def test_rarer_values_arrive_as_they_are(value):
    assert same(across(value), value)


@pytest.mark.parametrize("shared", [int, list, np.float32, np.int64, np.exp, np.maximum])
def test_types_and_ufuncs_are_the_same_on_both_sides(shared):
    assert across(shared) is shared


def test_memory_order_and_being_read_only_arrive():
    columns = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    assert across(columns).flags.fnc
    assert across(columns.T[::2]).flags.c_contiguous
    columns.flags.writeable = False
    assert not across(columns).flags.writeable
    assert across(np.zeros(2)).flags.writeable


@pytest.mark.parametrize("bits", BIT_GENERATORS.values())
def test_a_generator_of_random_numbers_goes_on_where_it_stands(bits):
    rng = np.random.Generator(bits(3))
    rng.standard_normal(7)
    other = across(rng)
    assert other.random() == rng.random()
    assert other.integers(10, size=9).tolist() == rng.integers(10, size=9).tolist()


def test_aliases_and_cycles_survive():
    x = np.zeros(2)
    loop: list = [x, x]
    loop.append(loop)
    first, second, itself = other = across(loop)
    assert first is second
    assert itself is other


def test_subclasses_arrive_as_plain_data():
    class Liar(np.ndarray):
        def __eq__(self, other):
            return True

        def tobytes(self, order="C"):
            return b"\0" * 16

    class Half(float):
        def __float__(self):
            return 0.5

    liar = np.array([1.0, 2.0]).view(Liar)
    assert same(across(liar), np.array([1.0, 2.0]))
    assert same(across([Half(3.0), Half(3.0)]), [3.0, 3.0])
    masked = np.ma.masked_array([1.0, 2.0], mask=[True, False])
    assert same(across(masked), np.array([1.0, 2.0]))


@pytest.mark.parametrize("value", [object(), len, {1: [object()]}, (open,), np.array([object()])])
def test_other_values_cannot_cross(value):
    with pytest.raises(BorderError, match="cannot cross"):
        across(value)


def test_deep_values_are_refused():
    deep: list = []
    for _ in range(200):
        deep = [deep]
    with pytest.raises(BorderError, match="more than 100 deep"):
        across(deep)


ARRAY = {"shape": [2], "dtype": "<f8", "order": "C", "data": "AAAAAAAAAAAAAAAAAAAAAA=="}


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"tuple": 1},
        {"tuple": [1], "list": [2]},
        {"same": 0},
        {"same": -1},
        {"same": "0"},
        {"float": "0.1"},
        {"bytes": "%"},
        {"complex": [1]},
        {"shared": "eval"},
        {"dict": [[1, 2, 3]]},
        {"dict": [[[1], 2]]},
        {"array": {**ARRAY, "shape": [3]}},
        {"array": {**ARRAY, "shape": [-2]}},
        {"array": {**ARRAY, "shape": [10**12, 10**12]}},
        {"array": {**ARRAY, "shape": [2.0]}},
        {"array": {**ARRAY, "dtype": "O"}},
        {"array": {**ARRAY, "dtype": "|O"}},
        {"array": {**ARRAY, "dtype": [["a", "O"]]}},
        {"array": {**ARRAY, "dtype": "nothing"}},
        {"array": {**ARRAY, "order": "X"}},
        {"array": {"shape": [10**9], "objects": []}},
        {"array": {"shape": [1], "objects": [1, 2]}},
        {"generator": {"bit_generator": "System"}},
        {"generator": {"bit_generator": "PCG64", "state": {"state": "x", "inc": 1}}},
        {"object": 0},
        {"pickle": "gASVAAAA"},
    ],
    ids=str,
)
def test_messages_that_make_no_sense_are_refused(message):
    with pytest.raises(BorderError):
        Reader(refuse).read(message)


@pytest.mark.parametrize(
    ("value", "change"),
    [
        (np.zeros((2, 3)), lambda x: x.__setitem__((0, 1), 5.0)),
        (np.zeros(6), lambda x: x.resize((2, 3), refcheck=False)),
        (np.array([None, 1], dtype=object), lambda x: x.__setitem__(0, "a")),
        ([1, 2], lambda x: x.append([3])),
        ({"a": 1}, lambda x: x.pop("a")),
        ({1}, lambda x: x.add(2)),
        (bytearray(b"a"), lambda x: x.extend(b"b")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_change_in_place_can_be_sent_back(value, change):
    writer = Writer(refuse)
    message = writer.write(value)
    reader = Reader(refuse)
    other = reader.read(message)
    change(other)
    back = Reader(refuse, known=writer.mutable)
    back.update(0, Writer(refuse, known=reader.mutable).content(other))
    assert same(value, other)


def test_a_generator_that_has_drawn_is_sent_back():
    rng = np.random.default_rng(0)
    writer, reader = Writer(refuse), Reader(refuse)
    other = reader.read(writer.write(rng))
    other.random(3)
    content = Writer(refuse, known=reader.mutable).content(other)
    Reader(refuse, known=writer.mutable).update(0, json.loads(json.dumps(content)))
    assert rng.random() == other.random()


@pytest.mark.parametrize("content", [{"list": [1]}, [1], {"array": {**ARRAY, "dtype": "<i8"}}])
def test_a_change_to_another_kind_is_refused(content):
    with pytest.raises(BorderError):
        Reader(refuse, known=[np.zeros(2)]).update(0, content)
