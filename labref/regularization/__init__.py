"""Regularization: what keeps a network from fitting noise."""
