"""Checks for the test cells of the exercises: what is wrong with an answer, and where."""

from labref.grading.checks import call, check_close, check_parts, no_overflow

__all__ = ["call", "check_close", "check_parts", "no_overflow"]
