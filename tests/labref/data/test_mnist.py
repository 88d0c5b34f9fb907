"""The MNIST loader: reading, checking, refusing, downloading once."""

import gzip
import hashlib
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from labref.data import load_mnist, mnist

NAMES = list(mnist.SHA256)
HOW = r"give load_mnist\(folder=\.\.\.\) or LABREF_MNIST the folder that holds the four files"


def idx(array):
    """Return an array of bytes as the content of an IDX file."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.tobytes()


@pytest.fixture
def small(monkeypatch):
    """Small files of MNIST's format, and the loader made to expect just these."""
    rng = np.random.default_rng(0)
    arrays = {
        name: rng.integers(0, 256, (n, 28, 28), np.uint8)
        if "images" in name
        else rng.integers(0, 10, n, np.uint8)
        for name, n in zip(NAMES, (6, 6, 3, 3), strict=True)
    }
    content = {name: idx(array) for name, array in arrays.items()}
    packed = {name: gzip.compress(data) for name, data in content.items()}
    monkeypatch.setattr(
        mnist, "SHA256", {n: hashlib.sha256(d).hexdigest() for n, d in content.items()}
    )
    monkeypatch.setattr(
        mnist, "DOWNLOAD_MD5", {n: hashlib.md5(d).hexdigest() for n, d in packed.items()}
    )
    monkeypatch.delenv(mnist.FOLDER_VARIABLE, raising=False)
    return arrays, content, packed


@pytest.fixture
def folder(small, tmp_path):
    """A folder with the four small files, packed."""
    for name, data in small[2].items():
        (tmp_path / f"{name}.gz").write_bytes(data)
    return tmp_path


def check(small, loaded):
    """Compare what was loaded with the small arrays."""
    arrays = small[0]
    for data, part in zip(loaded, ("train", "t10k"), strict=True):
        np.testing.assert_array_equal(
            data.images, arrays[f"{part}-images-idx3-ubyte"].astype(np.float32) / 255
        )
        np.testing.assert_array_equal(data.labels, arrays[f"{part}-labels-idx1-ubyte"])
        assert (data.x.dtype, data.labels.dtype) == (np.float32, np.intp)


def test_files_are_read_from_a_folder(small, folder):
    check(small, load_mnist(folder))
    check(small, load_mnist(str(folder)))


def test_the_environment_variable_names_the_folder_and_the_argument_wins(
    small, folder, monkeypatch, tmp_path
):
    monkeypatch.setenv(mnist.FOLDER_VARIABLE, str(folder))
    check(small, load_mnist())
    monkeypatch.setenv(mnist.FOLDER_VARIABLE, str(tmp_path / "nowhere"))
    check(small, load_mnist(folder))


def test_files_may_be_unpacked_or_packed_otherwise(small, folder):
    for name, data in list(small[1].items())[:2]:
        (folder / f"{name}.gz").unlink()
        (folder / name).write_bytes(data)
    name = NAMES[2]
    (folder / f"{name}.gz").write_bytes(gzip.compress(small[1][name], compresslevel=1))
    check(small, load_mnist(folder))


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=rf"MNIST: there is no folder .*nowhere: {HOW}"):
        load_mnist(tmp_path / "nowhere")


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(folder, name):
    (folder / f"{name}.gz").unlink()
    with pytest.raises(FileNotFoundError, match=rf"MNIST: .* has no {name}\.gz .*: {HOW}"):
        load_mnist(folder)


def refused(folder, pattern, name=NAMES[0]):
    with pytest.raises(
        ValueError, match=rf"MNIST: .*{name}.*{pattern}.*delete it and get it again"
    ):
        load_mnist(folder)


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.99])
def test_a_truncated_packed_file_is_refused(small, folder, kept):
    path = folder / f"{NAMES[0]}.gz"
    data = small[2][NAMES[0]]
    path.write_bytes(data[: int(kept * len(data))])
    refused(folder, "is truncated" if kept else "")


def test_a_truncated_unpacked_file_is_refused(small, folder):
    (folder / f"{NAMES[0]}.gz").unlink()
    (folder / NAMES[0]).write_bytes(small[1][NAMES[0]][:-100])
    refused(folder, "holds something else")


def test_a_file_that_is_not_gzip_is_refused(folder):
    (folder / f"{NAMES[0]}.gz").write_bytes(b"<html>404 Not Found</html>")
    refused(folder, "is not a gzip file")


def test_a_damaged_packed_file_is_refused(small, folder):
    data = bytearray(small[2][NAMES[0]])
    data[len(data) // 2] ^= 0xFF
    (folder / f"{NAMES[0]}.gz").write_bytes(data)
    refused(folder, "")


def test_files_of_other_content_are_refused(small, folder):
    """Fashion-MNIST, say, has files of the same names and sizes."""
    other = bytearray(small[1][NAMES[0]])
    other[-1] ^= 1
    (folder / f"{NAMES[0]}.gz").write_bytes(gzip.compress(bytes(other)))
    refused(folder, "holds something else than")


def test_swapped_files_are_refused(small, folder):
    (folder / f"{NAMES[0]}.gz").write_bytes(small[2][NAMES[2]])
    refused(folder, "holds something else than")


class Server:
    """A local server of the packed files, which counts requests."""

    def __init__(self, files):
        self.files, self.requests = dict(files), []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.requests.append(self.path)
                data = server.files[self.path.lstrip("/").removesuffix(".gz")]
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server(small, monkeypatch, tmp_path):
    import pooch

    server = Server(small[2])
    monkeypatch.setattr(mnist, "DOWNLOAD_URL", server.url)
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache" / project)
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    yield server
    server.close()


def test_files_are_downloaded_once(small, server, tmp_path):
    check(small, load_mnist())
    assert sorted(server.requests) == sorted(f"/{name}.gz" for name in NAMES)
    check(small, load_mnist())
    assert len(server.requests) == 4
    kept = {path.name for path in (tmp_path / "cache" / "labref" / "mnist").iterdir()}
    assert kept == {f"{name}.gz" for name in NAMES}


def test_a_download_with_another_checksum_is_refused_and_not_kept(small, server, tmp_path):
    server.files[NAMES[1]] = gzip.compress(b"something else")
    with pytest.raises(ValueError, match=rf"(?s){NAMES[1]}.*hash"):
        load_mnist()
    assert not (tmp_path / "cache" / "labref" / "mnist" / f"{NAMES[1]}.gz").exists()
    server.files[NAMES[1]] = small[2][NAMES[1]]
    check(small, load_mnist())


def test_a_damaged_cached_file_is_downloaded_again(small, server, tmp_path):
    load_mnist()
    path = tmp_path / "cache" / "labref" / "mnist" / f"{NAMES[0]}.gz"
    path.write_bytes(path.read_bytes()[:50])
    check(small, load_mnist())
    assert len(server.requests) == 5


def test_a_folder_given_is_never_completed_by_a_download(server, folder):
    (folder / f"{NAMES[3]}.gz").unlink()
    with pytest.raises(FileNotFoundError):
        load_mnist(folder)
    assert server.requests == []


def test_without_pooch_the_error_says_how_to_get_the_files(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'labref\[data\]'.*LABREF_MNIST"):
        load_mnist()


@pytest.mark.mnist
def test_mnist_itself():
    train, test = load_mnist()
    assert (train.images.shape, test.images.shape) == ((60_000, 28, 28), (10_000, 28, 28))
    assert (train.x.min(), train.x.max(), train.x.dtype) == (0, 1, np.float32)
    # Facts printed all over the literature.
    assert train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert np.bincount(train.labels)[1] == 6742
    assert train.x.mean() == pytest.approx(0.1307, abs=5e-5)
    assert train.x.std() == pytest.approx(0.3081, abs=5e-5)
