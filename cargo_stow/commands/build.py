"""`cargo stow build`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.actions.build import find_current
from cargo_stow.actions.layout import find_given
from cargo_stow.errors import FileError, UsageError
from cargo_stow.settings.shown import explain

if TYPE_CHECKING:
    from cargo_stow.oci.output import Output
    from cargo_stow.work import Work


def build(work: Work, output: Output | None = None) -> None:
    """Run `stow_build`; the references of images that were up to date are printed all the same.

    Whether up to date or not, images are written to an `output`. Raises UsageError before a build whose images would
    not fit there.
    """
    current = _find_current(work)
    if output:
        _check_output(work, output)
    for project in work.projects():
        for key, value, origin in explain(project.settings):
            work.session.report.explain(f"{key}: {value}  ({origin})")
    if current or _run_task(work):
        for project in work.projects():
            work.session.report.status("Fresh", str(project.target))
    if output:
        from cargo_stow.actions.save import save  # noqa: PLC0415 - most images stay where they are

        save(work.session, work.projects(), output)
    for reference in current or work.results:
        work.session.report.result(reference)


def _check_output(work: Work, output: Output) -> None:
    from cargo_stow.oci.output import check_count  # noqa: PLC0415

    projects = work.projects()
    one = projects[0]
    choice = f"--package {one.package.name}" if len(work.images()) > 1 else f"--platforms {one.platform}"
    choice += f" --bin {one.settings.bins[0]}" if one.settings.is_split else ""
    check_count(output, len(projects), f"choose one, as with {choice}; type=oci-layout takes them all")


def _find_current(work: Work) -> tuple[str, ...]:
    """Ask what the task would ask first, but neither doit, nor cargo, nor for the lock: each takes as long as all else.

    An image was built from what cargo said of files, all of which are among its inputs. Where they are unchanged, so is
    that; and where our own reading of them differs from cargo's, the inputs do too. Whatever is wrong, the task says.
    """
    if work.session.caches.are_kept:
        return ()
    try:
        projects = work.peek()
        images = [find_current(work.session, project) for project in projects]
    except (FileError, UsageError):
        return ()
    found = [image for image in images if image is not None]
    given = find_given(work.session, projects, found) if len(found) == len(projects) else None
    if given is None:
        return ()
    work.settle(projects)
    return tuple(image.reference for image in given)


def _run_task(work: Work) -> bool:
    from cargo_stow.commands.doing import do  # noqa: PLC0415 - it imports doit

    return do(work, "stow_build")
