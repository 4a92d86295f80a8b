"""Files that go into the image as they are: where, with which modes and owners, and what a change of them costs."""

from __future__ import annotations

import secrets
import subprocess
from typing import TYPE_CHECKING

from integration.driver.dockerfile import ca_secret
from integration.driver.marks import own_engine_only

if TYPE_CHECKING:
    from integration.driver.stow import Stow

ASSETS = """
assets = [
    { source = "static", target = "/srv/www", owner = "65532" },
    { source = "conf/**/*.conf", target = "/etc/greeter", mode = "0640", owner = "root:www-data" },
    { source = "conf/a $b.conf", target = "/etc/cron.d/x.conf" },
    { source = "run.sh", target = "/bin/" },
    "run.sh:/opt/tools/run",
    { source = "conf/deep/c.conf", target = "/var/tmp/sub/", owner = "7:7" },
]
"""
SEEN = """\
/bin/run.sh 755 0:0
/etc/cron.d 755 0:0
/etc/cron.d/x.conf 644 0:0
/etc/greeter 755 0:33
/etc/greeter/a $b.conf 640 0:33
/etc/greeter/deep 755 0:33
/etc/greeter/deep/c.conf 640 0:33
/opt/tools 755 0:0
/opt/tools/run 755 0:0
/srv 755 0:0
/srv/www 755 65532:65532
/srv/www/.hidden 644 65532:65532
/srv/www/empty 755 65532:65532
/srv/www/index.html 644 65532:65532
/srv/www/linked 644 65532:65532
/srv/www/sub 755 65532:65532
/srv/www/sub/[id].html 644 65532:65532
/usr/bin/run.sh 755 0:0
/var/tmp 1777 0:0
/var/tmp/sub 755 7:7
/var/tmp/sub/c.conf 644 7:7"""
LOOK = r"""stat -c '%n %a %u:%g' /bin/run.sh /etc/cron.d /opt/tools /usr/bin/run.sh /srv /var/tmp
stat -c '%n %a %u:%g' /var/tmp/sub /var/tmp/sub/c.conf
find /srv/www /etc/greeter /etc/cron.d/x.conf /opt/tools/* -exec stat -c '%n %a %u:%g' {} +"""


def furnish(stow: Stow) -> None:
    stow.edit("Cargo.toml", "base_image", f"{ASSETS.strip()}\nbase_image")
    files = {
        "static/index.html": f"hello {secrets.token_hex(4)}\n",
        "static/sub/[id].html": "one\n",
        "static/.hidden": "two\n",
        "conf/a $b.conf": "three\n",
        "conf/deep/c.conf": "four\n",
        "conf/deep/c.txt": "not this\n",
        "run.sh": "#!/bin/sh\n",
    }
    for name, text in files.items():
        path = stow.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
    (stow.root / "run.sh").chmod(0o700)
    (stow.root / "static/sub").chmod(0o700)
    (stow.root / "static/empty").mkdir()
    (stow.root / "static/linked").symlink_to("../conf/deep/c.txt")


def look(stow: Stow, image: str) -> str:
    return "\n".join(sorted(stow.engine.shell(image, LOOK).splitlines()))


def test_what_is_in_the_image(greeter: Stow) -> None:
    furnish(greeter)
    image = greeter("build").image
    assert look(greeter, image) == SEEN
    assert greeter.engine.shell(image, "cat /srv/www/linked") == "not this"
    # What the base has is as it was, and nothing was left behind where files were mounted.
    listing = "stat -c '%n %a %u:%g' / /etc /bin/. /usr/bin; ls -A /dev /run | grep -c stow || :"
    assert greeter.engine.shell(image, listing) == greeter.engine.shell("debian:bookworm-slim", listing)
    check_that_a_change_compiles_nothing(greeter, image)


def check_that_a_change_compiles_nothing(greeter: Stow, image: str) -> None:
    (greeter.root / "static/index.html").write_text("changed\n")
    (greeter.root / "static/new.css").write_text("a {}\n")
    (greeter.root / "static/.hidden").unlink()
    second = greeter("build")
    assert "Compiling" not in second.err
    assert second.builds == 1
    assert second.image != image
    assert greeter.engine.shell(second.image, "cat /srv/www/index.html; ls -A /srv/www") == (
        "changed\nempty\nindex.html\nlinked\nnew.css\nsub"
    )
    assert greeter("build").builds == 0


@own_engine_only
def test_the_committed_dockerfile_has_them_too(greeter: Stow) -> None:
    furnish(greeter)
    greeter("dockerfile")
    name = greeter.image("by-hand")
    argv = ["docker", "build", "--tag", name, *ca_secret(), "."]
    greeter.run(argv, env={"DOCKER_BUILDKIT": "1"})
    assert look(greeter, name) == SEEN
    (greeter.root / "static/linked").unlink()
    (greeter.root / "static/linked").symlink_to("/etc/passwd")
    failed = subprocess.run(argv, cwd=greeter.root, env=greeter.environ(), capture_output=True, text=True, check=False)
    assert failed.returncode != 0
    assert "leads out of the package" in failed.stderr
    assert "a link that leads out of" in greeter("build", code=2).err
