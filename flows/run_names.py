"""What runs are called, for people who look at a list of runs."""

from prefect import runtime

from engine.errors import SettingsInvalid, UsageError
from engine.partition import short_form
from tasks.config.config_file import config_named
from tasks.config.settings import load_settings


def run_name() -> str:
    """Name a run by its library, what it does there, and whether it is dry or live."""
    chosen = runtime.flow_run.parameters
    words = [str(runtime.flow_run.flow_name), *_chosen(chosen)]
    try:
        settings, _ = load_settings(config_named(chosen.get("config") or ""))
    except (SettingsInvalid, UsageError):
        return " · ".join(words)  # the run itself is about to say what is wrong
    if "dry_run" in chosen:
        words.append("dry" if chosen["dry_run"] else "live")
    return " · ".join([settings.library_name, *words])


def _chosen(parameters: dict[str, object]) -> list[str]:
    """Return what of the library a run is about, in words."""
    words = []
    if "phases" in parameters:
        words.append(f"phases {parameters['phases']}")
    if "letters" in parameters:
        words.append(short_form(str(parameters["letters"] or "")) or "all letters")
    if parameters.get("artist"):
        words.append(str(parameters["artist"]))
    if parameters.get("run"):
        words.append(f"run {parameters['run']}")
    if "albums" in parameters:
        words.append("albums" if parameters["albums"] else "artists")
    return words
