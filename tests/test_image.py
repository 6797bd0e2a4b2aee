"""The image holds what runs: a new app is no use if it is left out."""

from django.conf import settings

from tests.servers import ROOT


def test_every_app_of_ours_goes_into_the_image():
    lines = (ROOT / "deploy/Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    taken = {line.removeprefix("!") for line in lines if line.startswith("!")}
    apps = {name.partition(".")[0] for name in settings.INSTALLED_APPS}
    ours = {name for name in apps | {"helpdesk", "demo"} if (ROOT / name).is_dir()}
    assert len(ours) > 6
    assert ours <= taken
