"""The words that give away a correction note, a time stamp, furniture of a page, and what turns the sense. By language.

Tables of data first, then the questions `archive.revisions.changes` asks of a line or a word.
"""

# ruff: noqa: E501 - tables of words are read by row

from __future__ import annotations

import re
import unicodedata

from archive.words import word_measure

# A line that begins so, brackets and bullets aside, and goes on with a sign or ends: "Correction: …", "【訂正】…".
_NOTES = """
en  correction | corrections | corrected | clarification | erratum | errata | corrigendum | retraction | correction and clarification
de  korrektur | korrekturhinweis | berichtigung | richtigstellung | klarstellung | korrigendum
fr  rectificatif | correctif | correction | erratum | précision | mise au point
es  corrección | correcciones | fe de errores | fe de erratas | rectificación | aclaración
pt  correção | correcção | errata | erramos | retificação | rectificação | esclarecimento
it  errata corrige | rettifica | correzione | precisazione
ca  correcció | fe d'errades | rectificació
nl  correctie | rectificatie | rechtzetting | verbetering
sv  rättelse | korrigering | förtydligande
da  rettelse | præcisering | berigtigelse
no  rettelse | retting | presisering
fi  oikaisu | korjaus | tarkennus
pl  sprostowanie | korekta | errata | wyjaśnienie
cs  oprava | upřesnění
sk  oprava | spresnenie
hu  helyesbítés | helyreigazítás | pontosítás
ro  erată | corecție | corectură | precizare
el  διόρθωση | επανόρθωση | διευκρίνιση
ru  исправление | поправка | уточнение | опровержение
uk  виправлення | поправка | уточнення | спростування
bg  поправка | корекция | уточнение
sr  исправка | ispravka
hr  ispravak
tr  düzeltme | tekzip | açıklama ve düzeltme
ar  تصحيح | تصويب | توضيح | استدراك
fa  اصلاحیه | تصحیح | توضیح
he  תיקון | הבהרה | תיקון טעות
hi  सुधार | भूल सुधार | स्पष्टीकरण | शुद्धिपत्र
bn  সংশোধনী | সংশোধন
ur  تصحیح | وضاحت
id  ralat | koreksi | klarifikasi
ms  pembetulan | ralat
vi  đính chính | cải chính
th  แก้ไขข่าว | ขออภัยในความผิดพลาด | คำชี้แจง
ko  정정 | 정정보도 | 바로잡습니다 | 바로잡음 | 정정합니다
ja  訂正 | お詫びと訂正 | おわびと訂正 | 訂正とお詫び | 訂正とおわび | 修正 | お詫び
zh  更正 | 更正启事 | 更正啟事 | 更正声明 | 更正聲明 | 勘误 | 勘誤 | 更正说明 | 更正說明 | 致歉 | 更正与道歉
"""

# Words that stand inside such a note, wherever in the line.
_PHRASES = """
en  an earlier version of this | an earlier version of the | a previous version of this | this article was corrected | this article has been corrected | this story was corrected | this story has been corrected | this article was amended on | this article has been amended | this story has been amended | this article was amended to | has been corrected to | was corrected to say
de  in einer früheren version | in einer ersten version | in einer früheren fassung | in einer vorherigen version | eine frühere version dieses | wir haben den fehler korrigiert | wir haben das korrigiert | wir haben die stelle korrigiert
fr  une version précédente de cet | une première version de cet | une version antérieure de cet | cet article a été corrigé
es  una versión anterior de est | una versión previa de est | este artículo ha sido corregido | esta noticia ha sido corregida
pt  uma versão anterior dest | versão anterior desta | este texto foi corrigido
it  una versione precedente di quest | questo articolo è stato corretto
nl  in een eerdere versie van dit | dit artikel is gecorrigeerd
sv  en tidigare version av
da  en tidligere version af
no  en tidligere versjon av
pl  we wcześniejszej wersji | w poprzedniej wersji
ru  в предыдущей версии | в более ранней версии | в первоначальной версии
uk  у попередній версії
tr  haberin önceki | haberin ilk halinde
ar  في نسخة سابقة | نسخة سابقة من هذا
id  versi sebelumnya dari artikel | versi awal artikel
vi  phiên bản trước của bài
ko  이전 기사에서 | 기사를 수정 | 바로잡습니다 | 정정합니다
ja  訂正します | 訂正しました | 訂正いたします | 記事を修正しました | と修正しました | 誤りでした
zh  此前版本 | 早前版本 | 早先版本 | 先前版本 | 本文已更正 | 特此更正 | 已作更正 | 已更正 | 现予更正 | 現予更正 | 更正为 | 更正為
"""

# A short line with one of these and a time is a stamp: "Updated 12 May 2026, 9:30", "更新时间：2026-05-12 09:30".
_STAMPS = """
en  updated | last updated | published | posted | modified | as of | first published
de  stand | aktualisiert | zuletzt aktualisiert | veröffentlicht | publiziert
fr  mis à jour | publié | modifié
es  actualizado | publicado | modificado
pt  atualizado | publicado
it  aggiornato | pubblicato | ultimo aggiornamento
nl  bijgewerkt | laatst bijgewerkt | gepubliceerd
sv  uppdaterad | publicerad
da  opdateret | publiceret
no  oppdatert | publisert
fi  päivitetty | julkaistu
pl  aktualizacja | opublikowano | zaktualizowano
ru  обновлено | опубликовано
uk  оновлено | опубліковано
tr  güncelleme | güncellendi | yayınlanma
ar  آخر تحديث | تاريخ النشر | نُشر
ko  입력 | 수정 | 업데이트
ja  更新 | 公開 | 最終更新 | 掲載 | 配信
zh  更新时间 | 更新時間 | 发布时间 | 發布時間 | 最后更新 | 最後更新 | 更新 | 发布于 | 發佈於
vi  cập nhật | đăng ngày
id  diperbarui | diterbitkan
"""

# A short line that begins so, or holds a count of one of these, is furniture.
_FURNITURE = """
en  read more | read also | also read | related | see also | more on this | most read | most popular | trending | share this | share | follow us | sign up | subscribe | advertisement | sponsored | recommended | comments | views | shares | likes | reads | listen to this article | min read
de  lesen sie auch | lesen sie mehr | mehr zum thema | auch interessant | das könnte sie auch interessieren | meistgelesen | teilen | anzeige | jetzt abonnieren | newsletter | kommentare | aufrufe | lesezeit
fr  lire aussi | à lire aussi | lire la suite | sur le même sujet | les plus lus | partager | publicité | abonnez-vous | commentaires | vues
es  lea también | leer más | le puede interesar | te puede interesar | lo más leído | compartir | publicidad | suscríbete | comentarios | visitas | más información
pt  leia também | leia mais | saiba mais | veja também | mais lidas | compartilhe | publicidade | assine | comentários | visualizações
it  leggi anche | leggi di più | i più letti | condividi | pubblicità | abbonati | commenti
nl  lees ook | lees meer | meest gelezen | deel dit | advertentie | reacties
sv  läs även | läs också | läs mer | mest läst | dela | annons
da  læs også | læs mere | mest læste | del | annonce
no  les også | les mer | mest lest | annonse
fi  lue myös | lue lisää | luetuimmat | mainos
pl  czytaj też | czytaj także | zobacz też | zobacz także | najczęściej czytane | reklama | komentarze | udostępnij
ru  читайте также | подробнее | по теме | самое читаемое | поделиться | реклама | подписывайтесь | комментарии | просмотры
uk  читайте також | докладніше | поділитися | реклама | підписуйтесь | коментарі
tr  ilgili haberler | ayrıca okuyun | en çok okunan | paylaş | reklam | abone ol | yorumlar
ar  اقرأ أيضا | اقرأ أيضًا | اقرأ المزيد | شارك | إعلان | الأكثر قراءة | تعليقات
hi  यह भी पढ़ें | और पढ़ें | शेयर करें | विज्ञापन
id  baca juga | baca selengkapnya | terpopuler | bagikan | iklan | komentar
vi  xem thêm | đọc thêm | đọc tiếp | chia sẻ | bình luận | quảng cáo | tin liên quan
ko  관련기사 | 관련 기사 | 많이 본 뉴스 | 공유하기 | 댓글 | 구독 | 조회수
ja  関連記事 | あわせて読みたい | 合わせて読みたい | 人気記事 | おすすめ記事 | シェアする | 広告 | コメント | 続きを読む | アクセスランキング
zh  相关阅读 | 相關閱讀 | 相关新闻 | 相關新聞 | 延伸阅读 | 延伸閱讀 | 推荐阅读 | 推薦閱讀 | 热门文章 | 熱門文章 | 分享到 | 扫码 | 责任编辑 | 責任編輯 | 广告 | 廣告 | 点击数 | 阅读量 | 閱讀量 | 评论数 | 浏览次数 | 点赞
"""

# A word that turns what a sentence says, however like its neighbour it is spelt.
_TURNING = """
en  not no never none nor without un in million billion trillion thousand hundred now
de  nicht kein keine keinen keiner keinem nie niemals ohne million millionen milliarde milliarden tausend
fr  pas non ne jamais sans aucun aucune million millions milliard milliards
es  no nunca sin ningún ninguna millón millones mil
pt  não nunca sem nenhum nenhuma milhão milhões bilhão bilhões mil
it  non mai senza nessun nessuna milione milioni miliardo miliardi mila
nl  niet geen nooit zonder miljoen miljard
pl  nie bez nigdy milion miliona miliard miliarda
ru  не нет без никогда миллион миллиона миллионов миллиард миллиарда миллиардов
"""
_TURNING_SIGNS = frozenset("不没沒未非无無否勿两兩一二三四五六七八九十百千万萬亿億兆零〇半")
_SHORT_WORDS = 16  # a longer line says something


def _rows(table: str, separator: str | None = "|") -> tuple[str, ...]:
    rows = (row.split(None, 1)[1] for row in table.strip().splitlines())
    return tuple(sorted({word.strip() for row in rows for word in row.split(separator)}, key=len, reverse=True))


def _any_of(table: str) -> str:
    return "|".join(re.escape(word) for word in _rows(table))


_OPENING = r"^[\s\W_]*"
_NOTE = re.compile(
    rf"{_OPENING}(?:{_any_of(_NOTES)})(?:\s*[,，、]?\s*\d[\d\s./年月日.-]*)?\s*(?:[\W_]|$)", re.IGNORECASE
)
_PHRASE = re.compile(_any_of(_PHRASES), re.IGNORECASE)
_STAMP = re.compile(rf"(?:^|[\W_])(?:{_any_of(_STAMPS)})(?:[\W_\d]|$)", re.IGNORECASE)
_TIME = re.compile(
    r"\d{4}\s?[-/.年]\s?\d{1,2}(?:\s?[-/.月]\s?\d{1,2}日?)?|\d{1,2}\s?[-/.]\s?\d{1,2}\s?[-/.]\s?\d{2,4}"
    r"|\d{1,2}[:.h時时点點]\s?\d{2}(?:[:분分]?\d{2})?|\b(?:19|20)\d\d\b|\d{1,2}월\s?\d{1,2}일|\d{1,2}月\d{1,2}日"
)
_STRONG = "|".join(re.escape(word) for word in _rows(_FURNITURE) if " " in word or ord(word[0]) > 0x2FFF)
_FURNISHED = re.compile(
    rf"{_OPENING}(?:{_STRONG})(?:[\W_]|$)|{_OPENING}(?:{_any_of(_FURNITURE)})\s*(?:[:：»>|↓→]|$)"
    rf"|^\W*\d[\d.,\s]*[kKmM万]?\s*(?:{_any_of(_FURNITURE)})\W*$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.!?。！？؟।]\s*\S")
_STAMP_WORDS = 3  # that may stand beside the stamp's own and its time: a month, a weekday, a zone
_TURNS = frozenset(_rows(_TURNING, None))


def is_correction_note(line: str) -> bool:
    """Whether a paragraph tells readers of a mistake that was mended."""
    text = unicodedata.normalize("NFKC", line)
    return bool(_PHRASE.search(text)) or (bool(_NOTE.match(text)) and _is_heading(text))


def is_stamp(line: str) -> bool:
    """Whether a short line says only when the page was made or changed."""
    text = unicodedata.normalize("NFKC", line)
    if not (_is_short(text) and _STAMP.search(text) and _TIME.search(text)):
        return False
    return word_measure(re.sub(r"[\W\d_]+", " ", _STAMP.sub(" ", _TIME.sub(" ", text)))) <= _STAMP_WORDS


def is_furniture(line: str) -> bool:
    """Whether a short line is of the page's furniture: a link to other stories, a count of readers, a call to subscribe."""
    return _is_short(line) and not _SENTENCE.search(line) and bool(_FURNISHED.search(line))


def turns_the_sense(word: str) -> bool:
    """Whether a word may turn what its sentence says: a number, a negation, a quantity."""
    if any(char.isdigit() or char in _TURNING_SIGNS for char in word):
        return True
    return any(part in _TURNS or part.endswith("n't") for part in re.findall(r"[^\W\d_]+(?:['’]t)?", word.casefold()))


def _is_short(line: str) -> bool:
    return word_measure(line) <= _SHORT_WORDS


def _is_heading(text: str) -> bool:
    """A note's first word stands apart: "Correction:", "(Corrected)", "更正 ", not "Correction of the market goes on"."""
    opened = re.match(r"^[\s\W_]*", text)
    begins_marked = bool(opened and re.search(r"[(\[【〔（*■◆▼<《]", opened[0]))
    first = re.match(r"^[\s\W_]*[^:：.。\])】〕）—–|>》-]{1,60}(.)?", text)
    return begins_marked or bool(first and first[1] and first[1] in ":：.。—–|-") or len(text) <= 40
