"""What the tests read of an HTML page, and what holds for each that is written."""

from html.parser import HTMLParser

VOID = {"meta", "img", "link", "br", "hr", "input"}


class Page(HTMLParser):
    """The elements, attributes and visible text of a page; refuses unbalanced tags."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.words, self._open = [], [], [], []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] != "style":
            self.words += data.split()

    @property
    def text(self):
        return " ".join(self.words).replace("\N{EN DASH}", "-")

    def find(self, tag, name):
        return [value for found, key, value in self.attributes if (found, key) == (tag, name)]


def assert_needs_nothing_from_elsewhere(html, pictures):
    """The page loads nothing, and so many pictures stand in it, each with a description."""
    page = Page(html)
    assert not [part for part in ("http://", "https://", "url(", "@import") if part in html]
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    sources = [value for _, name, value in page.attributes if name in ("src", "srcset", "data")]
    assert len(sources) == pictures
    assert all(source.startswith("data:image/") for source in sources)
    assert all(target.startswith("#") for target in page.find("a", "href"))
    assert all(page.find("img", "alt"))
