"""What kind of page it is. A wall is never an article."""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import html

from archive.model import PageType

_BOT_WALL = re.compile(
    r"verify (?:that )?you(?: are|'re|’re) (?:a )?human|verifying you are human|are you a robot|checking (?:your browser|if the site connection)|"
    r"just a moment\.\.\.|enable (?:javascript|js) and (?:cookies to continue|disable any ad blocker)|(?:unusual|automated) (?:traffic|activity) from your|"
    r"(?:you(?: are|'re|’re) not|i(?: am|'m|’m) not|confirm you are not) a robot|complete the (?:security check|captcha)|solve (?:this|the) captcha|"
    r"access to this page has been denied|pardon our interruption|attention required! \| cloudflare|you have been blocked|ddos protection by|"
    r"review the security of your connection|press (?:&|and) hold to confirm|human verification|request unsuccessful\. incapsula|website firewall - access denied|"
    r"you don.t have permission to access .{0,200} on this server|unavailable (?:due to|for) legal reasons|from a country belonging to the european economic area|"
    r"(?:our|this) (?:web)?site is (?:\w+ )?(?:unavailable|not available) in (?:most european|your) (?:countr|region|locat)|"
    r"(?:dass|ob) sie (?:kein roboter|ein mensch)|que vous (?:n.êtes pas un robot|êtes (?:un )?humain)|que (?:no (?:eres|es usted|es) un robot|eres (?:un )?human)|"
    r"(?:não é|não sou) um robô|que você é humano|(?:non sei|non sono) un robot|di essere (?:un )?uman|(?:je|u) geen robot ben|dat (?:je|u) een mens bent|"
    r"nie jeste(?:ś|m) robotem|jesteś człowiekiem|att du (?:inte är en robot|är en människa)|du ikke er en robot|et ole robotti|nejste robot|robot olmadığınızı|"
    r"вы не робот|что вы человек|запросы.{0,40}похожи на автоматические|проверка (?:вашего )?браузера|ви не робот|δεν είστε ρομπότ|لست (?:برنامج )?روبوت|أنك إنسان|"
    r"[请請]完成(?:安全)?[验驗][证證]|人机验证|真人驗證|安全验证|滑动.{0,6}验证|请输入验证码|訪問過於頻繁|访问过于频繁|(?:访问|网络环境).{0,6}(?:出现|存在)异常|不是(?:机器人|機器人)|"
    r"ロボットではありません|ロボットでない|人間であることを確認|画像認証|로봇이 아닙니다|사람인지 확인|비정상적인 접근",
    re.IGNORECASE,
)
# What guards put into a page that is nothing but their question. Ordinary pages hold some of it, too.
_GUARD = re.compile(
    r"captcha-delivery\.com|_Incapsula_Resource|/cdn-cgi/challenge-platform|cf-chl-|challenges\.cloudflare\.com|px-captcha|_pxAppId|awsWaf|"
    r"sec-if-cpt-container|errors\.edgesuite\.net|hcaptcha\.com/1/api|recaptcha/api\.js|geetest|smartcaptcha|ddos-guard",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"before you continue to|we (?:and our (?:\d+ )?partners )?(?:use|store).{0,40}cookies|we and our (?:\d+ )?(?:\w+ )?partners|we value your privacy|"
    r"(?:accept|agree) (?:all|and (?:close|continue))|privacy (?:settings|choices)|"
    r"alle akzeptieren|(?:zustimmen|akzeptieren) (?:und|&) (?:weiter|schließen)|mit werbung (?:und tracking|weiterlesen)|wir und unsere (?:\d+ )?(?:\w+ )?partner|"
    r"privatsphäre ist uns wichtig|datenschutz-?einstellungen|tout accepter|accepter (?:et|&) (?:continuer|fermer)|continuer sans accepter|nous et nos (?:\d+ )?partenaires|"
    r"respect de votre vie privée|aceptar (?:todo|y (?:continuar|cerrar))|nosotros y nuestros (?:\d+ )?(?:socios|proveedores)|(?:valoramos|respetamos) (?:su|tu) privacidad|"
    r"accetta (?:tutti|tutto|e (?:continua|chiudi))|noi e (?:i nostri|terze parti)|rispettiamo la (?:tua|vostra) privacy|wij en onze (?:\d+ )?partners|alles accepteren|"
    r"akkoord en (?:verder|doorgaan)|aceitar (?:tudo|todos|e (?:fechar|continuar))|nós e os nossos (?:\d+ )?parceiros|my i nasi (?:\d+ )?(?:zaufani )?partnerzy|"
    r"akceptuję i|przejdź do serwisu|vi och våra (?:\d+ )?partner|godkänn (?:alla|och fortsätt)|vi og vores (?:\d+ )?partnere|accepter alle|hyväksy kaikki|"
    r"přijmout vše|my a naši (?:\d+ )?partneři|同意する.{0,20}(?:cookie|クッキー)|すべて(?:許可|同意)",
    re.IGNORECASE,
)
_CONSENT_WORD = re.compile(
    r"cookie|consent|einwillig|datenschutz|privatsphäre|tracking|consentement|confidentialité|vie privée|traceur|privacidad|consentimiento|privacy|consenso|"
    r"toestemming|zgod|prywatno|samtycke|integritet|samtykke|suostumu|souhlas|partner",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(
    r"\b404\b|page (?:not found|cannot be found|can.t be found|could not be found|does not exist|no longer (?:exists|available))|page you(?:.re| are| were) looking for|(?:can ?not|can.t|could ?n.t|could not) find (?:that|the|this) page|"
    r"(?:article|story) (?:not found|is no longer available)|(?:seite|artikel) (?:wurde |konnte )?nicht gefunden|seite existiert nicht|"
    r"page (?:introuvable|non trouvée)|page .{0,30}n.existe (?:pas|plus)|página no (?:encontrada|existe)|no (?:hemos )?encontra(?:mos|do) la página|"
    r"pagina non (?:trovata|esiste|disponibile)|página não (?:encontrada|existe)|pagina niet gevonden|pagina bestaat niet|"
    r"(?:strony? nie (?:znaleziono|istnieje)|nie znaleziono strony)|sidan (?:kunde inte hittas|hittades inte|finns inte)|siden (?:blev ikke fundet|ble ikke funnet|findes ikke|finnes ikke)|"
    r"sivua ei löyd|stránka (?:nebyla nalezena|neexistuje|nenalezena)|az oldal nem található|pagina nu (?:a fost găsită|există)|sayfa bulunamadı|"
    r"страниц[аы] не (?:найдена|существует)|сторінк[ау] не (?:знайдено|існує)|η σελίδα δεν βρέθηκε|(?:الصفحة|صفحة) غير موجودة|page not found|không tìm thấy trang|"
    r"页面不存在|[頁页]面(?:已(?:删除|刪除)|走丢)|找不到(?:该|此|您)?.{0,6}(?:页面|網頁|頁面|网页)|ページが(?:見つかり|存在し)ません|페이지를 찾을 수 없|존재하지 않는 페이지",
    re.IGNORECASE,
)
# What servers and systems say in the place of a page, from the beginning of a line.
_BROKEN = re.compile(
    r"^(?:\W|oops|sorry|error|whoops|http|fehler|erreur|erro|errore|\d{3}\b)*(?:"
    r"something (?:went|has gone) wrong|an? (?:\w+ ){0,2}error (?:has )?occurred|bad gateway|(?:service|site) (?:is )?(?:temporarily )?unavailable|internal server error|gateway time-?out|too many requests|"
    r"we(?:.ll| will) be (?:right )?back|(?:\w+ ){0,3}(?:down for|under|undergoing) (?:\w+ )?maintenance|scheduled maintenance|maintenance(?: mode)?$|error establishing a database connection|database error$|"
    r"(?:fatal|parse|application|server|runtime) error\b|uncaught exception|welcome to nginx|apache2? (?:\w+ )?default page|it works!$|index of /|(?:this )?account (?:has been )?suspended|"
    r"(?:this|the) domain (?:name )?(?:[\w.-]+ )?(?:is|may be) for sale|buy this domain|domain (?:is )?parked|"
    r"(?:es ist )?(?:leider )?(?:ist )?ein (?:\w+ ){0,2}fehler (?:ist )?aufgetreten|etwas ist schief ?gelaufen|wartungsarbeiten|wegen wartung|(?:\w+ ){1,3}vorübergehend nicht (?:erreichbar|verfügbar)|"
    r"une erreur (?:\w+ )?(?:est survenue|s.est produite)|(?:interne )?du serveur|(?:site|page) en maintenance|(?:service|site) (?:temporairement |momentanément )?indisponible|"
    r"(?:ha ocurrido|se ha producido|se produjo|ocurrió) un error|algo (?:ha )?sal(?:ió|ido) mal|interno del servidor|(?:sitio|página|web) en mantenimiento|servicio no disponible|"
    r"si è verificato un errore|qualcosa è andato storto|interno del server|sito in manutenzione|servizio non disponibile|"
    r"ocorreu um erro|algo deu errado|interno (?:do|no) servidor|(?:site|página) em manutenção|serviço indisponível|"
    r"er (?:is|ging) iets (?:mis|fout)|er is een fout opgetreden|site in onderhoud|wystąpił (?:\w+ )?błąd|coś poszło nie tak|przerwa techniczna|"
    r"något gick fel|ett (?:\w+ )?fel (?:har )?(?:inträffat|uppstått|uppstod)|noget gik galt|der opstod en fejl|noe gikk galt|det oppst(?:o|å)d en feil|jotain meni pieleen|došlo k chybě|něco se pokazilo|valami hiba történt|a apărut o eroare|"
    r"произошла (?:\w+ )?ошибка|что-то пошло не так|внутренняя ошибка сервера|(?:ведутся )?технические работы|сайт (?:временно )?недоступен|сталася помилка|щось пішло не так|κάτι πήγε στραβά|παρουσιάστηκε σφάλμα|"
    r"bir hata oluştu|bir şeyler (?:ters|yanlış) gitti|bakım çalışması|حدث خطأ|אירעה שגיאה|משהו השתבש|เกิดข้อผิดพลาด|đã (?:có lỗi xảy ra|xảy ra lỗi)|terjadi kesalahan|"
    r"(?:服务器|伺服器|系统|系統)(?:内部|內部)?(?:错误|錯誤|繁忙|维护|維護)|(?:网站|網站)(?:正在)?(?:维护|維護)|(?:页面)?出错了|出錯了|エラーが発生|(?:ただいま)?メンテナンス中|(?:일시적인 )?오류가 발생|(?:서비스|시스템) 점검)",
    re.IGNORECASE | re.MULTILINE,
)
_PAYWALL = re.compile(
    r"subscribe (?:now )?to (?:continue|read|keep reading)|to (?:continue|keep) reading|already a subscriber|this (?:article|content|story) is "
    r"(?:for|only available to|exclusive to) (?:our )?(?:subscribers|members)|for subscribers only|create (?:a )?free account to|"
    r"weiterlesen mit|jetzt (?:abonnieren|weiterlesen)|nur für abonnenten|réservé aux abonnés|il vous reste .{0,12}% de cet article|"
    r"contenido exclusivo para suscriptores|suscríbete para|abbonati per|有料会員|会員限定|この記事は有料|付费阅读|订阅后",
    re.IGNORECASE,
)


_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")


@dataclass(frozen=True, slots=True)
class Signs:
    """What the decision looks at."""

    text: str  # kept text
    page_text: str  # all visible text
    title: str
    headline: str
    json_ld_types: frozenset[str]
    og_type: str
    free: bool | None
    link_share: float  # of the visible characters
    link_blocks: int  # blocks that are mostly one link of headline length
    figures: Sequence[html.HtmlElement]
    player: str | None
    is_front: bool  # the address has neither path nor query
    is_prose: bool  # paragraphs that no linked headlines stand between
    declares_article: bool
    stories: int  # in it, each under a heading that leads to its own page, the page's headline among them
    is_told: bool  # the text stands in a script, whatever the page shows of it
    listed: int  # kept blocks that are one link of headline length
    listed_share: float  # of the kept characters
    markup: str  # as served

    @property
    def images(self) -> int:
        """Figures with a picture; counted only for the few pages that say little."""
        return sum(1 for figure in self.figures if figure.find(".//img") is not None)


def page_type(signs: Signs) -> tuple[PageType, str]:
    """Return (type, reason)."""
    words = weight(signs.text)
    visible = signs.page_text[:5000]
    shown = weight(visible) + len(signs.page_text[5000:]) // 6
    wall = _wall(signs, visible, shown, words)
    if wall is not None:
        return wall
    if not signs.page_text.strip():
        return "empty", "no visible text"
    if words < 250 and not signs.declares_article:
        match = _NOT_FOUND.search(f"{signs.title}\n{signs.headline}\n{signs.text[:200] if words < 60 else ''}") or (
            _NOT_FOUND.search(visible[:400]) if shown < 120 else None
        )
        if match:
            return "soft_404", match[0]
    if words < 60 and shown < 120 and not signs.declares_article:
        match = _BROKEN.search(f"{signs.title}\n{signs.headline}\n{visible[:400]}")
        if match:
            return "soft_404", match[0].strip()
    consent = _consent(signs, visible, shown, words)
    if consent is not None:
        return consent
    if not signs.is_told and words < 250 and (signs.free is False or (words < 120 and signs.declares_article)):
        match = _PAYWALL.search(signs.page_text)
        if match:
            return "paywall", match[0]
    if signs.free is False and words < 60:
        return "paywall", "isAccessibleForFree is false"
    if "liveblogposting" in signs.json_ld_types:
        return "live_blog", "LiveBlogPosting"
    return _by_shape(signs, words)


def _wall(signs: Signs, visible: str, shown: int, words: int) -> tuple[PageType, str] | None:
    """A guard's question instead of the page: its words on a short page, or its markup on one that says next to nothing."""
    if shown < 400 and not (signs.declares_article and words > 80):
        match = _BOT_WALL.search(signs.title + "\n" + visible)
        if match:
            return "bot_wall", match[0]
    if shown < 60 and words < 30 and not signs.declares_article:
        match = _GUARD.search(signs.markup)
        if match:
            return "bot_wall", match[0]
    return None


def _consent(signs: Signs, visible: str, shown: int, words: int) -> tuple[PageType, str] | None:
    """A question for consent instead of the page: short and in its words, or long and of nothing else."""
    if signs.declares_article or shown >= 3000:
        return None
    is_short = words < 250 and shown < 500
    # A long question begins with what it is about: most pages need not be searched for its words.
    begins = _CONSENT_WORD.search(visible[:200]) is not None
    match = _CONSENT.search(visible) if is_short or begins else None
    if match is None:
        return None
    said = match[0]
    if is_short and (words < 40 or said in signs.text):
        return "consent", said
    about = len(_CONSENT_WORD.findall(visible)) * 100
    return ("consent", said) if begins and about >= 4 * weight(visible) else None


def _by_shape(signs: Signs, words: int) -> tuple[PageType, str]:
    kinds = signs.json_ld_types
    if words < 150:
        if kinds & {"videoobject"} and (signs.og_type.startswith("video") or not signs.declares_article):
            return "video", "VideoObject"
        if signs.og_type.startswith("video") or (signs.player == "video" and not signs.declares_article and words < 80):
            return "video", signs.og_type or "player"
        if kinds & {"audioobject", "podcastepisode", "radioepisode"} or signs.og_type.startswith("music"):
            return "audio", "AudioObject"
        if kinds & {"imagegallery", "mediagallery"} or (signs.images >= 8 and signs.declares_article):
            return "gallery", f"{signs.images} images"
    reason = None if signs.declares_article else _of_list(signs, words)
    if reason is not None:
        return "section", reason
    if not signs.text.strip():
        return ("section", "only links") if signs.link_blocks >= 12 else ("empty", "no text found")
    return "article", ""


def _of_list(signs: Signs, words: int) -> str | None:
    """Why a page that does not call itself an article is one of many stories."""
    if signs.json_ld_types & {"collectionpage", "searchresultspage"}:
        return "CollectionPage"
    if signs.stories >= 3:
        return f"{signs.stories} stories with pages of their own"
    if signs.link_blocks >= 12 and signs.link_share > 0.55 and words < 400 and not signs.is_prose:
        return f"{signs.link_blocks} linked headlines"
    if signs.listed >= 8 and signs.listed_share > 0.35:
        return f"{signs.listed} linked headlines in the text"
    return "front page" if signs.is_front and signs.link_blocks >= 8 else None


def weight(text: str) -> int:
    """Words; for scripts without spaces, characters / 2."""
    wide = 0 if text.isascii() else len(_WIDE.findall(text))
    return wide // 2 + len(text.split()) if wide else len(text.split())
