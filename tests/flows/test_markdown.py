"""Pages for the Prefect UI: a table by letter, and titles shown as they are."""

from markdown_it import MarkdownIt

from engine.planning.change_list import Change, LetterPlan
from engine.reports.run_report import PhaseCount
from flows.next_steps import command, go_on
from flows.reports.markdown import bullets, heading, markdown, plan_page, table
from tasks.runtime.runner import RunInfo
from tests.engine.test_reports import summary

ODD = "*NSYNC* | <PIG> [x](http://evil.example) ![i](http://evil.example/i)"


def rows_of(page, title):
    """Return the cells of the table below a heading, without its head."""
    below = page.split(f"## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in below.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:]]


def test_a_title_is_text_in_a_heading_a_list_and_a_table():
    page = "\n\n".join(
        [heading(ODD), "\n".join(bullets([ODD])), "\n".join(table([ODD], [[ODD]]))]
    )

    blocks = MarkdownIt("commonmark").enable("table").parse(page)
    shown = [b for b in blocks if b.type == "inline"]

    assert [block.type for block in blocks if block.type.startswith("html")] == []
    assert {t.type for block in shown for t in block.children} == {"text"}
    texts = ["".join(t.content for t in block.children) for block in shown]
    assert {text.replace("\N{WORD JOINER}", "") for text in texts} == {ODD}
    assert len(texts) == 4


def test_a_report_says_of_every_letter_what_failed_and_why():
    ran = summary()
    ran.count("B", "1 album-up", PhaseCount(planned=3, written=3))
    ran.count("P", "1 album-up", PhaseCount(planned=4, written=1, kept_by_drift=2))
    ran.count("P", "4 track-down", PhaseCount(planned=5, written=0, cleared=1))
    ran.failed_letters = {"P": "Plex is busy.", "Q": "It cannot be planned."}
    ran.failed_ratings = {"P": 8}

    rows = rows_of(markdown(ran), "Letters")

    assert rows == [
        ["B", "3", "3", "0", "0", "0", ""],
        ["P", "9", "1", "2", "1", "8", "Plex is busy."],
        ["Q", "0", "0", "0", "0", "0", "It cannot be planned."],
    ]


def test_a_plan_counts_every_letter_and_samples_those_with_changes():
    change = Change("P", "4 track-down", 7, "*NSYNC*", "", "<PIG>", None, 7.5)
    plans = [
        LetterPlan("B", 0, 4, 0, {}, ()),
        LetterPlan("P", 9, 1, 2, {"4 track-down": 9}, (change,)),
    ]

    page = plan_page(plans, "All of them: elsewhere.")

    assert page.startswith("# 9 ratings to be written\n")
    assert rows_of(page, "Letters") == [["B", "0", "4", "0"], ["P", "9", "1", "2"]]
    assert rows_of(page, "P: 1 of 9 ratings") == [
        ["4 track-down", "\\*NSYNC\\* / \\<PIG\\>", "–", "3.75★"]
    ]
    assert "## B" not in page


def test_a_command_repeats_what_was_asked_for():
    asked = {"phases": "1,2", "letters": "B,P", "model": "classic", "dry_run": True}
    undone = {"artist": "Florence + the Machine", "phases": "1-4", "dry_run": False}

    assert command("infer", asked) == (
        'infer --phases "1,2" --letters "B, P" --model classic --dry-run'
    )
    assert command("undo", undone) == 'undo --artist "Florence + the Machine" --live'
    assert command("verify", {"config": ""}) == "verify"


def test_without_a_deployment_only_the_command_line_can_go_on():
    run = RunInfo("1", "verify")

    assert go_on(run, "verify", "press Retry") == "Go on with: plexbayes verify"
