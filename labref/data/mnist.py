"""MNIST: 70,000 images of 28 x 28 pixels, from a folder or downloaded once.

Source: LeCun, Bottou, Bengio and Haffner (1998).
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from labref.data.dataset import Dataset

FOLDER_VARIABLE = "LABREF_MNIST"
DOWNLOAD_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"

# SHA-256 of the decompressed files. The same content may be packed by gzip in many ways.
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
# MD5 of the packed files at DOWNLOAD_URL, which pooch compares before it keeps a download.
DOWNLOAD_MD5 = {
    "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
}


def load_mnist(folder: str | os.PathLike[str] | None = None) -> tuple[Dataset, Dataset]:
    """Return MNIST's 60,000 training and 10,000 test images.

    Parameters
    ----------
    folder
        Where the four IDX files lie, packed (``.gz``) or not. If not given, the folder that the
        environment variable ``LABREF_MNIST`` names; if that is not set, the files are downloaded
        once (11 MB) into the user's cache folder.

    Returns
    -------
    train, test
        Pixels between 0 and 1 as float32. The usual validation set is the last 10,000 of
        ``train``.

    Raises
    ------
    FileNotFoundError
        If the folder or one of its files is missing.
    ValueError
        If a file is truncated or is not the one that everybody's results refer to.
    ModuleNotFoundError
        If a download is needed and pooch is not installed.
    """
    folder = folder or os.environ.get(FOLDER_VARIABLE) or None
    paths = {name: _find(name, Path(folder)) if folder else _download(name) for name in SHA256}
    content = {name: _read(name, path) for name, path in paths.items()}

    def dataset(part: str) -> Dataset:
        pixels = _parse_idx(content[f"{part}-images-idx3-ubyte"]).reshape(-1, 28 * 28)
        labels = _parse_idx(content[f"{part}-labels-idx1-ubyte"])
        return Dataset(pixels.astype(np.float32) / 255, labels.astype(np.intp), (28, 28))

    return dataset("train"), dataset("t10k")


def _find(name: str, folder: Path) -> Path:
    how = f"give load_mnist(folder=...) or {FOLDER_VARIABLE} the folder that holds the four files"
    if not folder.is_dir():
        raise FileNotFoundError(f"MNIST: there is no folder {folder}: {how}")
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise FileNotFoundError(f"MNIST: {folder} has no {name}.gz (nor {name}): {how}")


def _download(name: str) -> Path:
    try:
        import pooch
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            f"downloading MNIST needs pooch: pip install 'labref[data]', "
            f"or set {FOLDER_VARIABLE} to a folder that has the files"
        ) from None
    path = pooch.retrieve(
        DOWNLOAD_URL + name + ".gz",
        known_hash="md5:" + DOWNLOAD_MD5[name],
        fname=name + ".gz",
        path=pooch.os_cache("labref") / "mnist",
        progressbar=True,
    )
    return Path(path)


def _read(name: str, path: Path) -> bytes:
    """Return the decompressed content of the file, verified."""
    again = "delete it and get it again"
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except EOFError:
        raise ValueError(f"MNIST: {path} is truncated: {again}") from None
    except (gzip.BadGzipFile, zlib.error):
        raise ValueError(f"MNIST: {path} is not a gzip file, or is damaged: {again}") from None
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256[name]:
        raise ValueError(
            f"MNIST: {path} holds something else than {name}: {again} "
            f"(SHA-256 expected {SHA256[name][:12]}..., got {found[:12]}..., {len(content)} bytes)"
        )
    return content


def _parse_idx(content: bytes) -> npt.NDArray[np.uint8]:
    """Return the array in an IDX file of unsigned bytes, whose content has been verified.

    The header is two zero bytes, the type, the number of axes, and each axis' size in four bytes.
    """
    n_axes = content[3]
    shape = np.frombuffer(content, ">u4", count=n_axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * n_axes).reshape(shape)
