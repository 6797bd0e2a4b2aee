"""What cannot be read is refused before anything looks into it, wherever it was sent."""

import pytest

FORM = "application/x-www-form-urlencoded"
MANY = "&a=1" * 5001
PART = b'--edge\r\nContent-Disposition: form-data; name="%s"'
UNREADABLE = {
    "no boundary": ("multipart/form-data", b"x"),
    "an empty boundary": ("multipart/form-data; boundary=", b"x"),
    "a boundary that is none": ("multipart/form-data; boundary=" + "b" * 300, b"x"),
    "base64 that is none": (
        "multipart/form-data; boundary=edge",
        PART % b"a" + b'; filename="a"\r\nContent-Transfer-Encoding: base64\r\n\r\nA\r\n--edge--',
    ),
    "too many files": (
        "multipart/form-data; boundary=edge",
        (PART % b"a" + b'; filename="f"\r\n\r\n1\r\n') * 101 + b"--edge--",
    ),
    "too many fields": (FORM, MANY.encode()),
    "too many parts": (
        "multipart/form-data; boundary=edge",
        (PART % b"a" + b"\r\n\r\n1\r\n") * 5001 + b"--edge--",
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/nowhere/", "/join/", "/c/nowhere/raise/", "/readyz"])
@pytest.mark.parametrize("what", UNREADABLE)
def test_a_body_that_cannot_be_read(what, path, client):
    """At an unknown address it was a 500: the page that says "not here" read it once more."""
    client.raise_request_exception = False
    kind, body = UNREADABLE[what]
    answer = client.post(path, body, content_type=kind)
    assert answer.status_code == (405 if path == "/readyz" else 400)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/nowhere/", "/", "/accounts/login/"])
def test_a_query_of_too_many_fields(path, client):
    client.raise_request_exception = False
    answer = client.get(f"{path}?{MANY}")
    assert answer.status_code == 400
    assert "cannot be read" in answer.text
