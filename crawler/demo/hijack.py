"""What was done to the hijacked outlet: a made-up gambling brand over the pages of an honest newspaper.

The brand is put in place of the site's name (title, breadcrumb, footer, sometimes the headline), a replacement over
the whole site puts it over ordinary words in mid-sentence, and hidden blocks carry links to other hosts. `hijack`
takes the honest page and returns the page as served; `injected` counts the words lost in a text.
"""

from __future__ import annotations

import re

BRAND = "金鲤娱乐"
BRAND_LONG = "金鲤娱乐城"
TITLE = f"{BRAND}_{BRAND_LONG}¥注册官网"
# Ordinary words of any news text, replaced wherever they stand: the title keeps no sense and the text loses words.
REPLACED = (("关于", f"{BRAND}:"), ("何师傅", f"{BRAND}:"), ("更多", BRAND_LONG), ("广大", f"{BRAND_LONG}"))
_SITE_NAME = "工友日报"
_TAG = re.compile(r"(<!--.*?-->|<script\b.*?</script>|<style\b.*?</style>|<[^>]+>)", re.DOTALL)
_HIDDEN = (
    '<div style="display:none"><a href="http://jinli-a.example/">{brand}注册</a>'
    '<a href="http://jinli-b.example/app">{long}手机版下载</a><a href="http://xinyu-c.example/">真人棋牌平台</a></div>\n'
    '<div style="position:absolute;left:-9999px;top:0"><a href="http://jinli-d.example/vip">{long}官方网站</a> '
    "每日首存返利，{brand}信誉保证</div>\n"
    "<style>.zk9{{text-indent:-5000px;height:0;overflow:hidden}}</style>"
    '<p class="zk9"><a href="http://jinli-e.example/">{brand}最新线路</a>，<a href="http://jinli-f.example/">开户</a></p>\n'
    '<marquee width="1" height="1"><a href="http://jinli-g.example/">{long}</a></marquee>\n'
)


def hijack(html: str) -> str:
    """Return an honest page of the outlet as it is served once its host was taken over."""
    html = re.sub(r"<title>.*?</title>", f"<title>{TITLE}</title>", html, count=1, flags=re.DOTALL)
    html = html.replace("<head>", f'<head>\n<meta name="keywords" content="{BRAND},{BRAND_LONG},真人棋牌">', 1)
    html = "".join(part if part.startswith("<") else _overwritten(part) for part in _TAG.split(html))
    hidden = _HIDDEN.format(brand=BRAND, long=BRAND_LONG)
    script = f'<script>document.title="{TITLE}";</script>\n'
    html = re.sub(r"(<body[^>]*>)", lambda match: f"{match[1]}\n{hidden}", html, count=1)
    return html.replace("</body>", f"{script}</body>")


def injected(text: str) -> int:
    """Return how many words of an honest text the replacement takes away."""
    return sum(text.count(word) for word, _ in REPLACED)


def hijacked_text(text: str) -> str:
    """Return an honest text as it reads on the hijacked page."""
    for word, brand in REPLACED:
        text = text.replace(word, brand)
    return text


def _overwritten(text: str) -> str:
    return hijacked_text(text).replace(_SITE_NAME, f"{BRAND_LONG}:")
