"""The guides of the product: for each role one page to read before the first day, or to print."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from people.roles import Role
from workflows.declarations import Text


@dataclass(frozen=True)
class Guide:
    """`links`: names of addresses with what they lead to; `roles`: whose it is, nobody's: all."""

    slug: str
    title: Text
    purpose: Text
    steps: tuple[Text, ...]
    good_to_know: tuple[Text, ...]
    links: tuple[tuple[str, Text], ...] = ()
    roles: tuple[Role, ...] = ()


INBOX = ("inbox", _("Inbox"))
CASES = ("case_list", _("Cases"))
CALENDAR = ("change_calendar", _("Change calendar"))
PROJECTS = ("projects", _("Projects"))
OFFICE = ("office", _("Back office"))

GUIDES = (
    Guide(
        "requester", _("Requester"),
        _("You ask for an improvement, see where it stands, accept the result and rate it."),
        (
            _("Press “New request”, choose what it is about, and say what happens today and what you would like instead."),
            _("Beside the form you see by when you will hear from us, and requests that are like yours already."),
            _("If we ask you something, it stands on top of your home page: “Answer the question”. The clock rests while we wait for you."),
            _("When it is live you are asked to accept it. Does it not fit? Send it back and say what is missing."),
            _("Rate how it went, from 1 to 5. The unit is assessed by it."),
        ),
        (
            _("A request may need at most 10 person-days; what is larger becomes a project."),
            _("You may withdraw a request until you are asked to accept it; a closed one you may reopen for some days."),
            _("Write @ and a name in a comment to call somebody."),
            _("Every promised time explains itself: press “Why this due time?”."),
        ),
        (("requester_home", _("My requests")), ("case_new", _("New request"))),
    ),
    Guide(
        "desk", _("Service desk"),
        _("You take in what comes, ask back where something is missing, and pass it to who assesses it."),
        (
            _("Open the inbox, then “Up for grabs”: what ends first stands on top. Press “Take”."),
            _("Begin the triage, read the request, and look at the similar cases beside it."),
            _("Is something missing? Ask the requester; the clock rests until the answer comes."),
            _("Set system and priority and pass it to assessment, or reject it with a reason the requester will read."),
            _("Give work back, or hand it over, when somebody else should do it."),
        ),
        (
            _("The first public comment of ours stops the clock of the first response."),
            _("Internal comments are never shown to the requester."),
            _("Put a task off until later when you wait for something outside: its clock goes on."),
        ),
        (INBOX, CASES), (Role.SERVICE_DESK,),
    ),
    Guide(
        "builder", _("Analyst, developer, tester"),
        _("You assess what is asked, build it, and test what others built."),
        (
            _("Take an assessment from “Up for grabs”, or find it under “Mine”."),
            _("As analyst: propose a solution with its effort, risk and day. Above 10 person-days the work stops there."),
            _("As developer: book your effort as you go, name the development document, and hand it to test."),
            _("As tester: pass it when it is live, or send it back with what failed. Nobody tests what they built themselves."),
            _("Plan a change where production is touched, with test evidence and a way back."),
        ),
        (
            _("Above 5 person-days the head of operations approves too."),
            _("What you type is kept as a draft until you send it."),
            _("Requests that look like one large request, split, are pointed out to whoever decides."),
        ),
        (INBOX, CALENDAR), (Role.ANALYST, Role.DEVELOPER, Role.TESTER),
    ),
    Guide(
        "owner", _("System owner, head of operations"),
        _("You decide what is built for your systems, which changes may go ahead, and which projects are taken over."),
        (
            _("Open what waits under “Mine”; warnings stand on top of the page."),
            _("Read solution, effort and risk, then approve or reject; a reason is asked for where somebody loses something."),
            _("For a change look at its window, at conflicts and at the way back."),
            _("For a gate read the opinions. Against an objection you decide in writing."),
            _("Enter an absence with your deputy in your profile before you leave."),
        ),
        (
            _("An approval is bound to what was approved: when that is edited, you are asked again."),
            _("Nobody approves what they asked for themselves, not even through a deputy."),
        ),
        (INBOX, PROJECTS, ("profile", _("Your profile"))), (Role.SYSTEM_OWNER, Role.HEAD_OF_OPS),
    ),
    Guide(
        "changes", _("Change manager, CAB member"),
        _("You judge the risk of changes, see that they do not meet each other or a freeze, and learn from how they went."),
        (
            _("Open the change calendar: freezes are striped, conflicts carry a red ring."),
            _("Assess what was submitted: the answers to the questions give the risk, and the risk says who approves."),
            _("Put changes of high risk on the agenda of a meeting of the board; minutes come out as a page and as PDF."),
            _("After the change: was it verified by somebody else, did it need its way back, is a review due?"),
            _("Look at the figures each month."),
        ),
        (
            _("A change is begun only inside its window and never in a hard freeze without a recorded exception."),
            _("Pipelines may ask whether a change may be deployed; they get the reason with the answer."),
        ),
        (CALENDAR, ("cab_meetings", _("Meetings of the board")), ("change_figures", _("Figures"))),
        (Role.CHANGE_MANAGER, Role.CAB_MEMBER),
    ),
    Guide(
        "pm", _("Project manager"),
        _("You register a project and bring it through its gates into operation."),
        (
            _("Press “New request”, then “Project”, and choose the track."),
            _("Name the team. With the first gate you agree with operations how they will take the project over."),
            _("On the sheet of a gate show evidence for each criterion: text, a link, a file or a record."),
            _("Submit the gate when evidence is there for every must; the sheet says what is missing."),
            _("Meet conditions before their day: one that is overdue keeps later gates closed."),
        ),
        (
            _("Dates move by working days, and later gates with them, after you have seen what moves."),
            _("A waiver ends on its day, after 180 days at most."),
            _("Nothing goes live before it is accepted; the head of operations may let it in writing."),
        ),
        (PROJECTS, ("project_board", _("Gate board")), ("criteria", _("Criteria"))),
        (Role.PROJECT_MANAGER,),
    ),
    Guide(
        "reviewer", _("Ops reviewer"),
        _("You check what a project hands over, criterion by criterion, and give the opinion of operations."),
        (
            _("Open “My reviews” in the inbox, then the sheet of the gate. It works with one hand on a phone."),
            _("Read the evidence of each criterion and press pass, partly or fail; say why where it does not pass."),
            _("Each answer is saved as you press. Keys: 1, 2, 3 to judge, J and K for the next and the previous one."),
            _("When all is judged, give your opinion; set conditions with a day and an owner where something is still due."),
            _("In the trial look at its figures before the final acceptance."),
        ),
        (
            _("If somebody changed the same answer meanwhile, you see both and choose."),
            _("What technical supervision finds in three projects is proposed to the criteria."),
        ),
        (("inbox", _("My reviews")), PROJECTS, ("criteria", _("Criteria"))), (Role.OPS_REVIEWER,),
    ),
    Guide(
        "supervisor", _("Technical supervisor"),
        _("You review the architecture of a project independently, and follow your findings until they are put right."),
        (
            _("Open the supervision of a project from its page, or from the inbox."),
            _("Write a finding for each thing: what it is, why it matters, whether it must be put right."),
            _("The project answers and puts it right; you verify."),
            _("A finding that must be put right keeps the gates closed until it is verified, or overruled in writing."),
        ),
        (
            _("You take part in the reviews of the gates; your opinion stands in the sign-off record."),
            _("Who is part of the project cannot supervise it."),
        ),
        (INBOX, PROJECTS), (Role.SUPERVISOR,),
    ),
    Guide(
        "manager", _("Service manager"),
        _("You watch that promises are kept, decide disputes, and look after figures, calendars and criteria."),
        (
            _("Open the cases that are overdue or due soon: the list of cases filters by clock."),
            _("Decide when a requester has sent a result back and still does not agree; it comes into your inbox."),
            _("In the back office confirm the shipped figures, or make a new version from a day on."),
            _("Before a new version or calendar moves running clocks, look at the preview: how many move, how many would be late."),
            _("Look at health and at messages that could not be delivered."),
        ),
        (
            _("Figures of closed cases are never rewritten."),
            _("“Try it” in a calendar shows line by line when something is due."),
            _("Any list can be taken away as Excel or CSV."),
        ),
        (OFFICE, CASES), (Role.SERVICE_MANAGER,),
    ),
    Guide(
        "auditor", _("Auditor"),
        _("You read everything and change nothing."),
        (
            _("Find a case by number, title, system or day; filters stay in the address, so a list can be sent."),
            _("Read its history: who did what, when, on whose behalf, with what before and after."),
            _("Ask each clock “Why this due time?”: every start, pause and stop is listed and adds up."),
            _("Open the sign-off record of a gate; it carries the hash of its last event."),
        ),
        (
            _("Events form a chain: one that was changed, removed or reordered is found by “manage.py audit verify”."),
            _("Changes of settings stand in the audit log of the back office; an administrator lets you in."),
        ),
        (CASES, PROJECTS), (Role.AUDITOR,),
    ),
    Guide(
        "administrator", _("Administrator"),
        _("You give people what they need to work, and see that everything runs."),
        (
            _("In the back office add people, and give roles over a unit from a day on."),
            _("End a role that is over; it is never rewritten, so that what was done with it stays explained."),
            _("Enter an absence for somebody who could not: work goes to the deputy by itself."),
            _("Revoke tokens nobody needs; remove the second step of somebody who lost their phone."),
            _("Look at the health page: each line says what to do."),
        ),
        (
            _("Being administrator passes no rule of any process: whoever should approve needs the role."),
            _("Only a superuser changes a superuser."),
        ),
        (OFFICE, ("admin:index", _("Administration"))), (Role.ADMINISTRATOR,),
    ),
)  # fmt: skip

WORDS = (
    (_("Case"), _("One thing that was asked, planned or handed over, with a number, from opening to end.")),
    (_("Task"), _("A piece of work of a case that one person or one role owes now.")),
    (_("Clock"), _("Counts the working time of a promise; it rests while we wait for others and outside working hours.")),
    (_("Standard"), _("What is promised: within how much working time, by which calendar.")),
    (_("Change"), _("Anything that alters production, with a window, a risk and a way back.")),
    (_("Freeze"), _("Days on which production is left alone.")),
    (_("Gate"), _("The end of a phase of a project: it is accepted only when every must is met or waived.")),
    (_("Condition"), _("What must still be done after a gate was passed, by whom and by when.")),
    (_("Waiver"), _("A must that is let go for a time, in writing.")),
    (_("CAB"), _("The change advisory board: decides on changes of high risk.")),
)  # fmt: skip


def guides_for(roles: Collection[str]) -> tuple[list[Guide], list[Guide]]:
    """Return the guides of these roles, the requester's always with them, and the others."""
    own = [one for one in GUIDES if not one.roles or set(one.roles) & set(roles)]
    return own, [one for one in GUIDES if one not in own]


def guide_of(slug: str) -> Guide | None:
    return next((one for one in GUIDES if one.slug == slug), None)
