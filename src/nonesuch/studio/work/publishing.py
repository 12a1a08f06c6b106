"""Makes a page of a run: the folder as an archive, the single file, and the card that links show."""

from nonesuch.studio.wire.publish import ARCHIVE, PublishingAsked, PublishingDone
from nonesuch.studio.work.desk import Desk

SINGLE, CARD = "page.html", "card.png"


def do(asked: PublishingAsked, desk: Desk) -> PublishingDone:
    """Make it; raises PublishError when the check on copying holds it back, and as `ns.publish` does."""
    from nonesuch.evaluation.run import Run
    from nonesuch.exporting.describe import shown_name
    from nonesuch.exporting.kept import directions_of
    from nonesuch.publishing import site as pages
    from nonesuch.publishing.contents import Wish
    from nonesuch.publishing.texts import Said, texts
    from nonesuch.studio import presenting

    desk.say(0, 0, "opening the net")
    run = Run(desk.places.run(asked.run))
    said = Said(asked.title, asked.thing, asked.words, asked.language, asked.licence, asked.forbidden_uses)
    found = texts(run.recipe.kind, shown_name(run.recipe.data.source), said)
    wish = Wish(asked.precision, asked.neighbours, asked.mark, asked.tiny, url=asked.url)
    site = pages.build(run, found, wish, directions_of(run), asked.yes, desk.say)
    desk.say(0, 0, "packing it")
    archive = site.zipped()
    desk.write(ARCHIVE, archive)
    desk.write(SINGLE, site.single)
    desk.write(CARD, site.files[pages.CARD])
    return PublishingDone(
        run=asked.run,
        title=found.title,
        check=presenting.told(site.contents.check),
        archive=ARCHIVE,
        single=SINGLE,
        card=CARD,
        archive_bytes=len(archive),
        single_bytes=len(site.single),
        difference=presenting.difference(site, asked.precision),
    )
