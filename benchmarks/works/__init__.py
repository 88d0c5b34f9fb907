"""The works that are timed, one module each.

A module has ``NAME`` and ``cases()``, which prepares the data and returns for each case, by name,
a function without arguments that does the work once. One case is called ``REFERENCE``.
"""

from types import ModuleType

from benchmarks.works import mnist_epoch

WORKS: tuple[ModuleType, ...] = (mnist_epoch,)
