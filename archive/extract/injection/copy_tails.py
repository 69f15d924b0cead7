"""What a copied story trails behind it: whence it came, whose it is, what to click on, in five languages. Pure data.

A row is (label, rule, pattern); a pattern holds for a short block from its first to its last sign. Where a sentence of
the story could begin with the same words, what follows them must be a name or an address (`_NAME`): "The article was
originally published in Nature and led to a dispute" goes on, so it stays.
"""

# ruff: noqa: E501 - tables of words are read by row

from __future__ import annotations

from archive.model import Label

_NAME = (
    r"(?-i:(?:[Tt]he |[Ll]es? |[Ll]a |[Ee]l |[Dd]e[rmn] )?[A-ZÀ-Þ][\w.'’&-]*(?: (?:[A-Z0-9À-Þ][\w.'’&-]*|of|and|the|for|de|du|des|la|del|der|und|et|y|&))*"
    r"|(?:https?://)?[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/\S*)?)"
)
_NO_DATE = r"(?!(?:january|february|march|april|may|june|july|august|september|october|november|december|(?:mon|tues|wednes|thurs|fri|satur|sun)day|\d)\b)"
_DAY = r"(?:,? (?:on|am|le|el) (?:\w+,? )?\d{1,2}\b[^!?]{0,25})?"
_RESERVED = r"(?:all rights? reserved|alle rechte vorbehalten|tous droits réservés|todos los derechos reservados|reservados todos los derechos|tutti i diritti riservati|todos os direitos reservados)"

COPY_TAILS: tuple[tuple[Label, str, str], ...] = (
        ("promo", "copy-tail",
         rf"^(?:(?:read|see) (?:more|the (?:full|original) (?:story|article)) (?:at|on) {_NAME}\W*|click here to (?:read|see) (?:more|the (?:full|original) (?:story|article)).{{0,30}}"
         rf"|(?:mehr (?:zum thema|dazu)(?: lesen sie)?|lesen sie (?:mehr|weiter)(?: dazu)?|weiterlesen) (?:auf|unter|bei) {_NAME}\W*"
         rf"|(?:lire (?:la suite|plus|l['’]article(?: complet| original)?)|en savoir plus) sur {_NAME}\W*|(?:leer más|seguir leyendo|lea la nota completa) en {_NAME}\W*"
         r"|(?:点击)?阅读(?:原文|全文)\W*|返回搜狐.{0,12}查看更多\W*)$"),
        ("promo", "copy-tail",
         rf"^(?:(?:(?:the (?:article|story|post|essay)|this (?:article|story|post|essay|piece|report|interview|column)) )?(?:(?:was|has been|is) )?(?:originally|first) (?:published|posted|appeared|ran) (?:at|on|in|by) {_NO_DATE}{_NAME}{_DAY}\W*(?:(?:read|see) the original.{{0,40}})?"
         rf"|(?:dieser|der|dieses|das) (?:artikel|beitrag|text|interview|kommentar) (?:(?:erschien|ist|wurde) )(?:zuerst|ursprünglich|zunächst) (?:auf|in|bei|im) {_NAME}{_DAY}(?: (?:erschienen|veröffentlicht))?\W*"
         rf"|(?:(?:cet|l['’]) ?)?(?:article|texte|entretien) (?:(?:a été|est) )?(?:(?:initialement|d['’]abord) (?:publié|paru)|(?:publié|paru) (?:à l['’]origine|initialement|d['’]abord)) (?:sur|dans|par) {_NAME}{_DAY}\W*"
         rf"|(?:(?:este artículo|esta nota|este texto) (?:fue )?)?(?:publicad[oa] originalmente|originalmente publicad[oa]|apareció originalmente) (?:en|por) {_NAME}{_DAY}\W*"
         r"|本文(?:首发|原载|原刊|刊载|转载|轉載|转|摘)(?:于|於|自)\s*[:：]?[^,，。;；]{2,36}。?)$"),
        ("legal", "copyright-line",
         rf"^(?:(?:copyright|©|\(c\))[\W]{{0,3}}(?:©|\(c\))?\s*(?:\d{{4}}\b.{{0,90}}?|{_NAME}\s?\W{{1,3}}\s?){_RESERVED}\b.{{0,120}}|{_RESERVED}\W*"
         rf"|(?:copyright|©|\(c\))[\W]{{0,3}}\d{{4}}(?:[-–]\d{{2,4}})?,?(?: by)? {_NAME}\W*|© ?dpa(?:-\w+)?, dpa:[\d-]+/\d+"
         r"|版[权權]所有(?:[,，:：;；。 ].{0,120})?|(?:版权声明|免责声明|声明|转载声明)\s*[:：].{0,100}(?:转载|授权|许可|版权|侵权).{0,60}"
         r"|未经.{0,12}(?:不得|禁止|请勿|严禁)(?:以任何(?:形式|方式))?(?:转载|复制|摘编|使用|翻印|镜像).{0,30})$"),
        ("newsletter", "newsletter-prompt",
         r"^(?:(?:inscrivez|abonnez)-vous (?:gratuitement |dès maintenant )?à (?:notre|nos|la|l['’]).{0,30}(?:newsletter|infolettre|lettre)s?\b.{0,140}"
         r"|(?:suscríbe(?:te|se)|suscríbase|apúntate|regístrate) .{0,20}\ba(?:l| nuestr[ao]s?| la| los)? .{0,20}(?:newsletters?|bolet[ií]n(?:es)?)\b.{0,140}"
         r"|(?:iscriviti alla|inscreva-se (?:na|em)|assine a) .{0,20}newsletter\b.{0,140}|melden sie sich .{0,40}newsletter\b.{0,60}|订阅(?:我们|本报|本站)的?.{0,8}(?:电子报|邮件|通讯|简报|新闻信).{0,20})$"),
        ("promo", "app-prompt",
         r"^(?:laden sie (?:sich )?(?:jetzt )?(?:unsere|die) .{0,30}app\b.{0,60}|téléchargez (?:gratuitement )?(?:notre|l['’]) ?.{0,20}appli(?:cation)?\b.{0,60}|desc[aá]rg(?:a|ate|ue|uese) (?:nuestra|la) .{0,20}(?:app|aplicación)\b.{0,60}"
         r"|(?:扫描|扫一扫|长按|长按识别|识别)(?:上方|下方|上图|下图|右侧|左侧)?二维码[,，]?(?:关注|下载|查看|阅读|订阅|加入|进入)[^,，。;；]{0,24}\W*)$"),
        ("promo", "follow-prompt",
         r"^(?:follow us on|folge(?:n sie)? uns (?:auf|bei)|suivez-nous sur|síguenos en|seguici su|siga-nos no) (?:facebook|twitter|x\b|instagram|whatsapp|telegram|youtube|tiktok|linkedin|threads|google news|bluesky|mastodon).{0,80}$"),
        ("consent", "consent-notice",
         r"^(?:(?:diese|unsere) (?:website|webseite|internetseite|seite) (?:verwendet|nutzt|setzt) .{0,20}cookies\b.{0,160}|wir (?:verwenden|nutzen|setzen) cookies\b.{0,160}"
         r"|(?:ce|notre) site (?:web |internet )?utilise (?:des |les )?cookies\b.{0,160}|nous utilisons des cookies\b.{0,160}"
         r"|(?:este|esta|nuestro|nuestra) (?:sitio(?: web)?|página(?: web)?|web) (?:utiliza|usa) cookies\b.{0,160}|(?:utilizamos|usamos) cookies\b.{0,160})$"),
        ("affiliate", "affiliate-note",
         r"^(?:(?:für|bei) (?:käufe|käufen|einkäufe|einkäufen|einem kauf)\b.{0,30}\blinks?\b.{0,60}\bprovision\b.{0,60}|(?:cet article|cette page|ce contenu) (?:contient|comporte|peut contenir) des liens (?:d['’])?affili(?:és|ation)\b.{0,100}"
         r"|nous (?:pouvons|pourrions) (?:percevoir|toucher|recevoir) une commission\b.{0,90}\bliens?\b.{0,40}|(?:este artículo|esta página|este contenido) (?:contiene|puede contener) enlaces de afiliad[oa]s?\b.{0,100}"
         r"|podemos (?:recibir|ganar|obtener) una comisión\b.{0,90}\benlaces?\b.{0,40})$"),
)  # fmt: skip
