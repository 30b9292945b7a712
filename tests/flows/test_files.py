"""The commands that save, restore, export, import and apply, as a person types them."""

import csv
import gzip
import json

from tests.flows.listener import ratings, tagged

USAGE, DIFFERS = 2, 5


def report(listener, name="report.json"):
    return json.loads((listener.folder / name).read_text("utf-8"))


def run(listener, *words):
    """Run a command that writes its report; return how it ended, and the report."""
    ran = listener.run(*words, "--json", "report.json", "--overwrite")
    assert ran.status == 0, ran.err
    return ran, report(listener)


def test_the_first_live_run_of_a_day_saves_what_the_person_rated(plex, listener):
    before = ratings(plex.dump())

    dry = listener.run("infer", "--dry-run")
    nothing = (listener.folder / "backups").exists()
    first = listener.run("infer")
    again = listener.run("infer")

    (backup,) = (listener.folder / "backups").iterdir()
    with gzip.open(backup, "rt", encoding="utf-8", newline="") as file:
        saved = {int(row["key"]): float(row["stars"]) for row in csv.DictReader(file)}
    assert (dry.status, first.status, again.status) == (0, 0, 0)
    assert not nothing
    assert saved == {key: points / 2 for key, points in before.items()}
    assert backup.stat().st_mode & 0o077 == 0
    assert "were saved to" in first.err + first.out


def test_a_run_stops_if_the_backup_cannot_be_written(plex, listener):
    before = plex.dump()
    listener.configure(DRY_RUN=False, BACKUP_FOLDER="/proc/none", RETRIES=0)

    ran = listener.run("infer")
    listener.configure(DRY_RUN=False, BACKUP_FOLDER="/proc/none", BACKUP_KEEP=0)
    without = listener.run("infer")

    assert ran.status == USAGE
    assert "BACKUP_FOLDER" in ran.err
    assert without.status == 0
    assert {k: v for k, v in before.items() if k == "uuid"} == {"uuid": before["uuid"]}


def test_ratings_that_were_lost_come_back_and_can_be_taken_back(plex, listener):
    before = ratings(plex.dump())
    lost = sorted(before)[:5]
    listener.run("backup", "mine.csv")
    for key in lost:
        plex.rate(key, None)
    listener.run("infer")
    between = ratings(plex.dump())

    _, dry = run(listener, "restore", "mine.csv", "--dry-run")
    untouched = ratings(plex.dump())
    ran, done = run(listener, "restore", "mine.csv", "--yes")
    after, bearing = ratings(plex.dump()), tagged(plex.dump())
    undone = listener.run("undo", "--run", done["run_id"], "--yes")

    assert untouched == between
    assert dry["given"] == done["given"] == len(lost)
    assert f"plexbayes undo --run {done['run_id'][:8]}" in ran.err + ran.out
    assert {key: after[key] for key in before} == before
    assert not bearing & set(lost)
    assert undone.status == 0
    assert ratings(plex.dump()) == between


def test_what_is_changed_in_a_spreadsheet_is_imported(plex, listener):
    listener.run("infer")
    before = ratings(plex.dump())
    listener.run("export", "all.csv")
    path = listener.folder / "all.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    inferred = [row for row in rows if row["rating_type"] == "inferred"]
    inferred[0]["stars"] = "0.5"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)

    _, dry = run(listener, "import", "all.csv", "--dry-run")
    ran, done = run(listener, "import", "all.csv", "--yes")

    changed = {int(r["key"]) for r in rows if r["guid"] == inferred[0]["guid"]}
    assert dry["given"] == done["given"] == 1
    assert "read as stars" in ran.err + ran.out
    assert ratings(plex.dump()) == before | dict.fromkeys(changed, 1.0)


def test_a_saved_plan_is_applied_later(plex, listener):
    before = ratings(plex.dump())

    live = listener.run("infer", "--live", "--save-plan", "plan.json")
    dry = listener.run("infer", "--dry-run", "--save-plan", "plan.json")
    planned = len(report(listener, "plan.json")["changes"])
    between = ratings(plex.dump())
    _, done = run(listener, "apply", "plan.json", "--yes")
    again = listener.run("infer")

    assert (live.status, dry.status) == (USAGE, 0)
    assert between == before
    assert done["written"] == planned == dry.summary["planned"]
    assert again.summary["planned"] == 0


def test_what_is_named_is_left_alone(plex, listener):
    artist = plex.dump()["artists"][0]
    names = [artist["title"], "Nobody of that name"]
    listener.configure(DRY_RUN=False, EXCLUDE_ARTISTS=names, RETRIES=0)

    ran = listener.run("infer")

    told = plex.dump()
    albums = [a for a in told["albums"] if a["parentRatingKey"] == artist["ratingKey"]]
    said = " ".join((ran.err + ran.out).split())
    assert "EXCLUDE_ARTISTS: no artist is called Nobody of that name." in said
    assert not tagged(told) & {a["ratingKey"] for a in (artist, *albums)}
    assert tagged(told)


def test_verify_repairs_tags_and_drills_an_undo(plex, listener):
    listener.run("infer")
    key = min(tagged(plex.dump()))
    plex.mood(key, remove="Rating_Inferred")

    broken = listener.run("verify")
    _, drilled = run(listener, "verify", "--drill", "50%")
    _, repaired = run(listener, "verify", "--repair", "--yes")
    whole = listener.run("verify")
    wrong = listener.run("verify", "--drill", "0")

    assert broken.status == DIFFERS
    assert drilled["not_restored"] == []
    assert drilled["restored"] > 0
    assert repaired["tagged"] == 1
    assert whole.status == 0
    assert wrong.status == USAGE


def test_without_record_and_tag_recover_asks_about_values(plex, listener):
    listener.run("infer")
    keys = tagged(plex.dump())
    for key in keys:
        plex.mood(key, remove="Rating_Inferred")
    for file in listener.folder.glob("plexbayes.db*"):
        file.unlink()

    _, dry = run(listener, "recover", "--dry-run")
    _, tags_only = run(listener, "recover", "--yes")
    _, done = run(listener, "recover", "--yes", "--by-value")
    undone = listener.run("undo", "--yes")

    assert dry["by_value"] > 0
    assert tags_only["by_value"] == 0
    assert done["by_value"] == dry["by_value"]
    assert undone.status == 0
    assert not ratings(plex.dump()).keys() & keys
