"""Unsupervised and supervised pretraining: autoencoders, Boltzmann machines, stacks of them."""
