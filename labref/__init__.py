"""Reference algorithms of the course lab for the foundations of deep learning, in NumPy.

One module per topic; import what you need from it::

    from labref.network import dense_network
    from labref.training import train
"""

__version__ = "0.1.0"
