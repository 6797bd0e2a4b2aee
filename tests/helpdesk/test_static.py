"""Static files go over the wire compressed, also where nobody has run collectstatic."""

import gzip
import os

import pytest

from helpdesk.static import keep_copy
from tests.servers import ROOT


@pytest.mark.parametrize("name", ["css/base.css", "js/live.js", "img/hand.svg"])
def test_text_is_compressed_for_who_can_read_it(client, name):
    lies = (ROOT / "static" / name).read_bytes()
    small = client.get(f"/static/{name}", headers={"accept-encoding": "gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.getvalue()) == lies
    plain = client.get(f"/static/{name}", headers={"accept-encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.getvalue() == lies
    assert small.headers["Content-Type"] == plain.headers["Content-Type"]
    assert small.headers["Vary"] == "Accept-Encoding"


def test_a_changed_file_gets_a_new_copy(tmp_path):
    path, copy = tmp_path / "a.css", tmp_path / "copies" / "a.css"
    for number in range(3):
        path.write_text(f"/* {number} */" * 50)
        os.utime(path, (number, number))
        keep_copy(path, copy)
        keep_copy(path, copy)
        assert copy.read_bytes() == path.read_bytes()
        assert gzip.decompress(copy.with_name("a.css.gz").read_bytes()) == path.read_bytes()
    assert sorted(each.name for each in copy.parent.iterdir()) == ["a.css", "a.css.gz"]
