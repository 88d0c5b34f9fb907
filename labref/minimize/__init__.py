"""Minimizers of smooth functions: second-order steps, conjugate gradients, quasi-Newton methods."""
