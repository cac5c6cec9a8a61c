"""The admin API and the console of a server that a command starts."""

from mock_server.admin.access import Guard
from mock_server.compose.deferred import install_admin, install_console
from mock_server.server.backend import Backend
from mock_server.settings import Settings


def open_admin(backend: Backend, settings: Settings) -> Guard | None:
    """Install the admin API and the console, and return their guard; None where they are switched off."""
    if not settings.admin:
        return None
    guard = Guard.of(settings)
    install_console(backend, guard, install_admin(backend, guard))
    return guard


def list_admin_lines(address: str, guard: Guard | None, note: str = "") -> list[str]:
    """Return the lines of a banner for the admin side, with its token if that was made up."""
    if guard is None:
        return []
    lines = [f"  look inside   {address}/__admin{note}", f"  console       {address}/__console/"]
    if guard.made:
        lines.append(f"  admin token   {guard.token}")
    return lines
