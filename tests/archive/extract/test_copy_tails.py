"""Lines that copied stories trail behind them are out of the text, with rule and evidence; sentences that begin alike stay."""

from __future__ import annotations

import pytest

from archive.extract import extract
from archive.extract.injection.promotion import promotion
from archive.model import Page

STORY = {
    "en": (
        "The harbour office said on Monday that the new ferry will call at the northern islands from April.",
        "Residents had asked for the service since the old line was closed, and the council agreed to pay half of it.",
        "The old ferry was taken out of service after a storm damaged its engine last winter.",
    ),
    "zh": (
        "港务局星期一表示,新的渡轮将从四月起停靠北部岛屿,此前岛上居民多年来一直提出这一要求。",
        "自旧航线关闭以来,居民们一直要求恢复服务,市议会同意承担一半的费用,直到明年年底为止。",
        "去年冬天一场风暴损坏了旧渡轮的发动机,旧渡轮因此退役,此后一直由一艘较小的船只提供服务。",
    ),
}
TAILS = (
    ("copy-tail", "Read more at Harbour Post"),
    ("copy-tail", "This article was originally published at The Daily Example."),
    ("copy-tail", "Originally published at dailyexample.example on 3 March 2026."),
    ("copy-tail", "This article originally appeared on The Daily Example. Read the original article."),
    ("copy-tail", "Mehr zum Thema lesen Sie auf hafenpost.example"),
    ("copy-tail", "Dieser Beitrag wurde ursprünglich auf The Daily Example veröffentlicht."),
    ("copy-tail", "Lire la suite sur laposte-du-port.example"),
    ("copy-tail", "Cet article a été publié à l'origine sur The Daily Example."),
    ("copy-tail", "Article initialement publié sur dailyexample.example"),
    ("copy-tail", "Leer más en elpuerto.example"),
    ("copy-tail", "Este artículo fue publicado originalmente en The Daily Example."),
    ("copy-tail", "本文首发于《每日例报》"),
    ("copy-tail", "返回搜狐,查看更多"),
    ("copyright-line", "Copyright © 2026 Harbour Post. All rights reserved."),
    (
        "copyright-line",
        "© 2026 Harbour Post Ltd. All rights reserved. This material may not be published or redistributed.",
    ),
    ("copyright-line", "Copyright 2026 Hafenpost GmbH. Alle Rechte vorbehalten."),
    ("copyright-line", "© 2026 La Poste du Port - Tous droits réservés. Reproduction interdite."),
    ("copyright-line", "© 2026 El Puerto. Todos los derechos reservados."),
    ("copyright-line", "版权所有,未经授权不得转载。"),
    ("copyright-line", "版权声明:本文版权归港口邮报所有,未经许可不得转载"),
    ("newsletter-prompt", "Abonnez-vous à notre newsletter"),
    ("newsletter-prompt", "Suscríbase a nuestro boletín"),
    ("newsletter-prompt", "订阅我们的电子报"),
    ("app-prompt", "Laden Sie unsere App herunter für iOS und Android."),
    ("app-prompt", "Téléchargez notre application sur iOS et Android."),
    ("app-prompt", "Descarga nuestra aplicación para iOS y Android."),
    ("app-prompt", "扫描二维码下载港口邮报客户端"),
    ("follow-prompt", "Follow us on Facebook and Twitter for more news."),
    ("consent-notice", "Diese Website verwendet Cookies. Mit der Nutzung stimmen Sie dem zu."),
    ("consent-notice", "Ce site utilise des cookies pour améliorer votre expérience."),
    ("consent-notice", "Este sitio web utiliza cookies para mejorar su experiencia."),
    ("affiliate-note", "Für Käufe über Links auf dieser Seite erhalten wir eine Provision."),
    ("affiliate-note", "Cet article contient des liens affiliés."),
    ("affiliate-note", "Podemos recibir una comisión por las compras realizadas a través de nuestros enlaces."),
    ("names-and-dates-only", "(责任编辑:王小明)"),
    ("names-and-dates-only", "【责任编辑:王小明】"),
    ("names-and-dates-only", "本文来源:工人日报"),
    ("names-and-dates-only", "(来源:新华社)"),
    ("names-and-dates-only", "原标题:新渡轮四月通航"),
)
HONEST = (
    "Readers can read more at the town library, which opened a new hall for islanders last week.",
    "Read more on the train than at home: that is what most commuters do, a survey says.",
    "The article was originally published in Nature and led to a dispute between two laboratories.",
    "The report first appeared in Berlin.",
    "This piece first appeared on Wednesday.",
    "Originally published in March 2022. Last updated on December 20, 2024.",
    "The song was originally published at Leipzig in 1843 by a small press that later went bankrupt.",
    "Copyright law is changing, and all rights reserved by the heirs will lapse in 2030, the minister said.",
    "Copyright 2019 was the year in which the court first heard the case.",
    "The newsletter that the church sends out every month reported on the ferry before anybody else did.",
    "Der Newsletter der Kirche berichtete als Erster über die Fähre, sagte der Pfarrer am Sonntag.",
    "Dieser Artikel erschien zuerst in der Zeitung und löste einen Streit aus.",
    "Makler erhalten für jedes verkaufte Haus auf den Inseln eine Provision von drei Prozent.",
    "Cet article a été publié dans Le Monde et a provoqué un débat.",
    "La newsletter de la paroisse a parlé du ferry avant tout le monde, a dit le curé dimanche.",
    "Este artículo fue publicado en El País y causó un debate.",
    "Los agentes inmobiliarios reciben una comisión del tres por ciento por cada casa vendida.",
    "未经许可不得进入港区,违者将被罚款。",
    "扫描二维码下载程序后,他的钱被转走了。",
    "版权所有者是作曲家的遗孀,法院上周作出了这样的判决。",
    "这位责任编辑告诉记者,报纸对渡轮的报道已经持续了十年。",
)


def _page(*paragraphs: str) -> Page:
    text = "".join(f"<p>{one}</p>" for one in paragraphs)
    html = f"<!doctype html><title>Ferry</title><body><article><h1>The new ferry</h1>{text}</article></body>"
    return Page("http://harbour.example/story", html.encode(), http_charset="utf-8")


def _story(line: str) -> tuple[str, ...]:
    return STORY["en" if line[:1] < "\u2e80" and not any("\u4e00" <= sign <= "\u9fff" for sign in line) else "zh"]


@pytest.mark.parametrize(("rule", "line"), TAILS)
def test_the_tail_of_a_copy_is_out_of_the_text_with_rule_and_evidence(rule: str, line: str) -> None:
    story = _story(line)
    reading = extract(_page(*story, line))
    assert reading.article.text == "\n".join(story)
    (block,) = [one for one in reading.blocks if one.text == line]
    assert (block.rule, block.evidence[:40]) == (rule, line[:40])
    assert reading.integrity.verdict == "clean"


@pytest.mark.parametrize("line", HONEST)
def test_a_sentence_that_begins_like_one_stays(line: str) -> None:
    story = _story(line)
    assert promotion(line) is None
    assert line in extract(_page(*story[:2], line, story[2])).article.text


def test_the_agency_of_a_copyright_line_is_still_named() -> None:
    reading = extract(_page(*STORY["en"], "Copyright 2026 Reuters"))
    assert reading.article.republished_from == "Reuters"
