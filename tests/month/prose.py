"""Stories nobody wrote: paragraphs of plain news prose, different for each seed, the same for the same. Pure."""

from __future__ import annotations

from random import Random

_PLACE_NAMES = """
    Aldermoor Brackenford Calderwick Dunmere Eastholt Fenbridge Garrowby Hexley Inverleigh Kestrelton Larkfield Marlowe
    Netherby Oakhampton Pendleford Quarrington Redwater Selwick Tarnbrook Ulverley Wexcombe Yarrowdale Ashcombe Birkdale
    Coldstream Draycott Elmswell Farnley Goldcliff Hartswater
"""
_PLACES = _PLACE_NAMES.split()
_SURNAMES = """
    Abbot Barlow Crane Dorsey Ellery Farrow Gannet Hollis Ingram Jessop Kemble Lorimer Mercer Norcross Osgood Prentice
    Quill Rowntree Sandys Thorne Underhill Vickers Wainwright Yardley Zeller Ashby Bellamy Corrigan Denham Eastman
"""
_NAMES = _SURNAMES.split()
_FIRST_NAMES = "Ada Bruno Clara Dora Edgar Flora Gilbert Hanna Ivor Jonas Karla Lewis Maud Nora Oscar Petra Rufus Sybil"
_FIRST = _FIRST_NAMES.split()
_BODIES_TABLE = """
    the town council|the harbour board|the school trust|the water company|the county court|the railway operator
    the fire service|the hospital board|the farmers' union|the library committee|the planning office|the tenants' league
    the bus company|the museum|the rowing club|the energy supplier|the police authority|the fishing fleet
"""
_BODIES = [cell.strip() for line in _BODIES_TABLE.strip().splitlines() for cell in line.split("|")]
_MATTERS_TABLE = """
    a new footbridge over the canal|the repair of the sea wall|longer opening hours|a rise in parking charges
    the closure of the night ward|a ban on wood stoves|free travel for pupils|the sale of the old brewery
    a wind farm off the coast|the return of the weekly market|a second runway|the dredging of the river mouth
    lower rents for workshops|a memorial for the lost trawler|cameras at the level crossing|the merger of two schools
    an inquiry into the flood|a tunnel under the ring road|cheaper meals in canteens|the planting of nine thousand trees
"""
_MATTERS = [cell.strip() for line in _MATTERS_TABLE.strip().splitlines() for cell in line.split("|")]
_DOINGS = "approves rejects delays defends reviews halts revives funds questions abandons"
_VERBS = _DOINGS.split()
_SENTENCES = (
    "{Body} has decided on {matter}, after a debate in {place} that lasted until well past midnight.",
    "{first} {name}, who has led the talks since {month}, called the plan overdue and promised a report within {few} weeks.",
    "Residents of {place} had gathered {number} signatures and handed them over in three cardboard boxes.",
    "The cost is put at {money} million crowns, of which the county is expected to carry a little less than half.",
    "“We have waited for this since the winter of the great storm,” said {first} {name}, who runs a bakery near the quay.",
    "Opponents fear that {matter} will bring more lorries through the narrow streets behind the station.",
    "A study by engineers from {place} found {number} defects and advised against any further delay.",
    "Work could begin in {month}, provided that the court in {place} throws out the last of the objections.",
    "Earlier drafts had foreseen a smaller scheme, but {body} argued that half measures would only cost more later.",
    "For years the matter had divided families, clubs and even the choir of the parish church in {place}.",
    "{first} {name} of the opposition voted in favour, against the line of her own party, and left the hall at once.",
    "According to figures seen by this paper, {number} households would be affected in the first year alone.",
    "The minister is due to visit {place} on the {few}th, and is likely to be met with both flowers and whistles.",
    "Trade has suffered: takings in the shops around the market square fell by {few} per cent in {month}.",
    "Nobody from {body} was willing to say what would happen if the money ran out before the roof was on.",
    "In {place}, where a similar scheme was tried, the number of accidents fell from {number} to {few} within two years.",
    "A volunteer, {first} {name}, has kept a diary of every meeting and plans to publish it next spring.",
    "The lawyers of {body} said they would read the ruling line by line before deciding on an appeal.",
    "Those who cannot attend may send their objections in writing until the {few}th of {month}.",
    "Older people remember that a promise of the same kind was made, and forgotten, {few} summers ago.",
)
_MONTH_NAMES = "January February March April May June July August September October November December"
_MONTHS = _MONTH_NAMES.split()


def headline(random: Random) -> str:
    """A headline, e.g. "Harbour board delays a tunnel under the ring road"."""
    body, matter, verb = random.choice(_BODIES), random.choice(_MATTERS), random.choice(_VERBS)
    return f"{body.removeprefix('the ').capitalize()} {verb} {matter} in {random.choice(_PLACES)}"


def author(random: Random) -> str:
    return f"{random.choice(_FIRST)} {random.choice(_NAMES)}"


def paragraph(random: Random, sentences: int = 3) -> str:
    """Sentences that do not repeat within the paragraph."""
    return " ".join(_sentence(random, shape) for shape in random.sample(_SENTENCES, sentences))


def paragraphs(random: Random, count: int) -> tuple[str, ...]:
    return tuple(paragraph(random, random.randint(2, 4)) for _ in range(count))


def _sentence(random: Random, shape: str) -> str:
    body = random.choice(_BODIES)
    return shape.format(
        Body=body.capitalize(),
        body=body,
        matter=random.choice(_MATTERS),
        place=random.choice(_PLACES),
        first=random.choice(_FIRST),
        name=random.choice(_NAMES),
        month=random.choice(_MONTHS),
        few=random.randint(4, 19),
        number=random.randint(120, 9800),
        money=random.randint(3, 90),
    )
