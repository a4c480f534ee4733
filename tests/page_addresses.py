"""Every address of the pages, with who gets which answer there: the tables that test_page_permissions.py walks."""

from race.models import Role

Name = Role.Name
OFFICE = {Name.OFFICE, Name.ORGANISER, Name.ADMINISTRATOR}
SECRET = "my/<str:secret>/"

#: Open to everybody, whoever is signed in: address -> method -> status.
PUBLIC: dict[str, dict[str, int]] = {
    "": {"GET": 200}, "healthz/live": {"GET": 200}, "healthz/ready": {"GET": 503}, "metrics": {"GET": 200}, "ui/": {"GET": 200},
    "language/<slug:code>/": {"GET": 302}, "live/": {"GET": 200}, "rules/": {"GET": 200},
    "rules/<int:version>.pdf": {"GET": 200}, "start-list/": {"GET": 200}, "enter/": {"GET": 200, "POST": 422},
    "enter/judge/": {"POST": 200},
    "enter/team/": {"GET": 200, "POST": 200}, "enter/team/list.xlsx": {"GET": 200}, "my/": {"GET": 200, "POST": 422},
    "league/": {"GET": 404}, "league/<slug:league>/": {"GET": 404}, "league/<slug:league>/<slug:group>/": {"GET": 404},
    "league/<slug:league>/<slug:group>/changes/": {"GET": 404},
    "league/<slug:league>/<slug:group>/standings.<str:form>": {"GET": 404},
    "races/<slug:race>/results/": {"GET": 404}, "editions/<slug:slug>/races/<slug:race>/results/": {"GET": 404},
    "races/<slug:race>/start-list.<str:form>": {"GET": 404},
    "editions/<slug:slug>/races/<slug:race>/start-list.<str:form>": {"GET": 404},
    "races/<slug:race>/results.<str:form>": {"GET": 404},  # of a race that there is not
    "editions/<slug:slug>/races/<slug:race>/results.<str:form>": {"GET": 404},
    "editions/<slug:slug>/": {"GET": 200}, "editions/<slug:slug>/live/": {"GET": 200},
    "editions/<slug:slug>/rules/": {"GET": 200}, "editions/<slug:slug>/rules/<int:version>.pdf": {"GET": 200},
    "editions/<slug:slug>/start-list/": {"GET": 200}, "editions/<slug:slug>/enter/": {"GET": 200, "POST": 422},
    "editions/<slug:slug>/enter/judge/": {"POST": 200}, "editions/<slug:slug>/enter/team/": {"GET": 200, "POST": 200},
    "editions/<slug:slug>/enter/team/list.xlsx": {"GET": 200},
    # Whoever knows the number of a payment may pay it; WeChat Pay is not set up here.
    "pay/sandbox/<str:number>/": {"GET": 200, "POST": 302}, "pay/scan/<str:number>/": {"GET": 404},
    # The service worker of the desks holds no data; the address with an edition's name only leads to the one without.
    "office/sign-on/sw.js": {"GET": 200}, "editions/<slug:slug>/office/sign-on/": {"GET": 302},
    # The phone pad is for whoever has a key, which its address does not tell the server; its worker holds no data.
    "line/pad/keys/": {"GET": 200}, "line/pad/sw.js": {"GET": 200},
    "live/<slug:slug>/<int:bib>/protest/": {"GET": 404},  # of a race that there is not
    "live/<slug:slug>/<int:bib>/certificate/": {"GET": 404},
    "live/<slug:slug>/<int:bib>/certificate-<str:language>.pdf": {"GET": 404},
    "verify/<str:code>/certificate-<str:language>.pdf": {"GET": 404},
    "verify/": {"GET": 200}, "verify/<str:code>/": {"GET": 404},
    "verify/<str:code>/communique-<str:language>.pdf": {"GET": 404}, "communiques/": {"GET": 200},
    "editions/<slug:slug>/communiques/": {"GET": 200},
    "logout/": {"POST": 302},
}  # fmt: skip

#: Pages of the office, at `/office/...` and `/editions/<slug>/office/...`: method -> status for those who may (OFFICE).
#: Nobody signed in is sent to sign in, everybody else is refused (403); roles only add up, so that one person who holds
#: every other role asks for all of them. A POST without a body is refused by its rule, with a word on the page it came from
#: (302) or on its own (409). What stands under `<int:pk>` is not found (404) from another edition's office.
PAGES: dict[str, dict[str, int]] = {
    "": {"GET": 200}, "search/": {"GET": 200}, "to-do/<slug:kind>/": {"GET": 200}, "settings/": {"GET": 200},
    "settings/window/": {"POST": 302}, "lists/": {"GET": 200}, "lists/<slug:code>.<str:form>": {"GET": 200},
    "export/entries.xlsx": {"GET": 200}, "ledger/": {"GET": 200},
    "ledger/protests/": {"GET": 200}, "ledger/<str:day>.<str:kind>": {"GET": 200},
    "ledger/refunds/<str:number>/": {"POST": 404}, "refunds/<int:pk>/": {"POST": 302},
    "papers/<int:pk>/": {"GET": 200}, "papers/<int:pk>/review/": {"POST": 302},
    "categories/<int:pk>/offer/": {"POST": 302}, "categories/<int:pk>/capacity/": {"POST": 302},
    "entries/": {"GET": 200}, "entries/<int:pk>/": {"GET": 200}, "entries/<int:pk>/show/": {"POST": 200},
    "entries/<int:pk>/<slug:what>/": {"POST": 302}, "duplicates/": {"GET": 200}, "duplicates/judge/": {"POST": 404},
    "messages/": {"GET": 200}, "messages/write/": {"GET": 200, "POST": 200}, "messages/again/": {"POST": 302},
    "messages/<int:pk>/": {"GET": 200}, "messages/campaigns/<int:pk>/": {"GET": 200},
    "messages/campaigns/<int:pk>/steer/": {"POST": 302},
    "bibs/": {"GET": 200}, "bibs/plan/": {"GET": 200}, "bibs/assign/": {"POST": 302}, "bibs/change/": {"POST": 404},
    "bibs/range/": {"POST": 404}, "bibs/kept-back/": {"POST": 302}, "bibs/freeze/": {"POST": 302},
    "bibs/tell/": {"POST": 302}, "bibs/start-list/": {"POST": 404},
    "chips/": {"GET": 200}, "chips/give/": {"POST": 409}, "chips/back/": {"POST": 302}, "chips/lost/": {"POST": 302},
    "chips/out/": {"GET": 200}, "chips/deposit/": {"POST": 404}, "chips/import/": {"GET": 200, "POST": 302},
    "import/": {"GET": 200, "POST": 409}, "import/list.xlsx": {"GET": 200}, "import/<str:token>/": {"GET": 409, "POST": 409},
    "import/<str:token>/done/": {"GET": 200}, "import/<str:token>/progress/": {"GET": 200},
    "import/<str:token>/now/": {"POST": 302},
}  # fmt: skip

SEES = {Name.TIMING_CREW, Name.COMMISSAIRE, Name.CHIEF, Name.ORGANISER, Name.ADMINISTRATOR}
CREW = {Name.TIMING_CREW, Name.ORGANISER, Name.ADMINISTRATOR}
FILES = {Name.TIMING_CREW, Name.ADMINISTRATOR}
JUDGES = {Name.COMMISSAIRE, Name.CHIEF, Name.ADMINISTRATOR}
#: Pages of the line desk, at `/line/...` and `/editions/<slug>/line/...`: method -> who may, and the status for them.
#: Nobody signed in is sent to sign in, everybody else is refused (403). A POST without a body names nothing that there is.
LINE: dict[str, dict[str, tuple[set[Role.Name], int]]] = {
    "": {"GET": (SEES, 200)}, "now/": {"GET": (SEES, 200)}, "alarms/": {"GET": (SEES, 200)},
    "sources/": {"GET": (SEES, 200)}, "bridge/": {"GET": (SEES, 200)}, "bridge/daguguan-bridge.pyz": {"GET": (SEES, 200)},
    "sources/<int:pk>/": {"GET": (SEES, 404)}, "sources/<int:pk>/place/": {"POST": (CREW, 404)},
    "sources/<int:pk>/apply/": {"POST": (FILES, 404)}, "sources/<int:pk>/offset/": {"POST": (FILES, 404)},
    "channels/": {"POST": (CREW, 302)}, "channels/<int:pk>/": {"POST": (CREW, 404)}, "keys/": {"POST": (CREW, 302)},
    "uploads/": {"GET": (SEES, 200)}, "uploads/recent/": {"GET": (SEES, 200)}, "uploads/look/": {"POST": (FILES, 422)},
    "uploads/<int:pk>/rejects/": {"GET": (SEES, 404)}, "uploads/<int:pk>/park/": {"POST": (FILES, 404)},
    "uploads/<int:pk>/undo/": {"POST": (FILES, 404)},
    "points/": {"GET": (SEES, 200)}, "points/<int:pk>/": {"POST": (CREW, 404)},
    "points/races/<slug:race>/": {"POST": ({Name.ORGANISER, Name.CHIEF, Name.ADMINISTRATOR}, 404)},
    "expected/": {"GET": (SEES, 200)}, "expected/<slug:race>/<int:bib>/": {"GET": (SEES, 404)},
    "expected/<slug:race>/<int:bib>/note/": {"POST": (SEES, 404)},
    "expected/<slug:race>/<int:bib>/add/": {"POST": (FILES | {Name.COMMISSAIRE, Name.CHIEF}, 404)},
    "chips/": {"GET": (SEES, 200)}, "chips/unknown/": {"GET": (SEES, 200)}, "chips/assign/": {"POST": (CREW, 404)},
    "chips/aside/": {"POST": (CREW, 302)}, "chips/<int:pk>/undo/": {"POST": (CREW, 404)},
    "corrections/": {"GET": (SEES, 200)}, "corrections/add/": {"POST": (FILES | JUDGES, 302)},
    "corrections/<int:pk>/undo/": {"POST": (FILES | JUDGES, 404)},
    "corrections/reads/<int:pk>/ignore/": {"POST": (FILES | JUDGES, 404)},
    "corrections/reads/<int:pk>/move/": {"POST": (FILES | JUDGES, 404)},
    "guns/": {"GET": (SEES, 200)}, "guns/<int:pk>/": {"POST": (JUDGES, 404)},
    "guns/<int:pk>/changes/": {"GET": (SEES, 404)},
    "pad/": {"GET": (SEES, 200)}, "pad/open/": {"POST": (CREW, 404)}, "pad/withdraw/": {"POST": (CREW, 404)},
}  # fmt: skip

RULES = {Name.COMMISSAIRE, Name.CHIEF, Name.ADMINISTRATOR}
LOOKS = RULES | {Name.ORGANISER}
CHIEF = {Name.CHIEF, Name.ADMINISTRATOR}
LEAGUE = CHIEF | {Name.ORGANISER}
#: Pages of the officials' desk, at `/officials/...` and `/editions/<slug>/officials/...`: as for the line.
OFFICIALS: dict[str, dict[str, tuple[set[Role.Name], int]]] = {
    "protests/": {"GET": (LOOKS, 200), "POST": (RULES, 404)}, "protests/<int:number>/": {"GET": (LOOKS, 404)},
    "protests/<int:number>/step/": {"POST": (RULES, 404)},
    "prizes/": {"GET": (LOOKS | {Name.OFFICE}, 200)}, "prizes/<slug:race>/": {"GET": (LOOKS | {Name.OFFICE}, 404)},
    "prizes/<slug:race>/prizes.<str:form>": {"GET": (LOOKS | {Name.OFFICE}, 404)},
    "prizes/<slug:race>/pay/": {"POST": (OFFICE, 404)}, "prizes/<slug:race>/back/": {"POST": (OFFICE, 404)},
    "communiques/": {"GET": (LOOKS, 200)}, "certificates/": {"GET": (LOOKS, 200), "POST": (LOOKS, 302)},
    "certificates/now/": {"GET": (LOOKS, 200)}, "certificates/<str:language>.zip": {"GET": (LOOKS, 200)},
    "league/": {"GET": (LOOKS, 200)}, "league/<slug:league>/": {"GET": (LOOKS, 404)},
    "league/<slug:league>/join/": {"POST": (LEAGUE, 404)},
    "league/<slug:league>/rows/<int:pk>/": {"GET": (LEAGUE, 404), "POST": (LEAGUE, 404)},
    "league/<slug:league>/rounds/<int:number>/": {"GET": (LEAGUE, 404), "POST": (LEAGUE, 404)},
    "league/<slug:league>/rounds/<int:number>/<str:token>/": {"GET": (LEAGUE, 404), "POST": (LEAGUE, 404)},
    "": {"GET": (LOOKS, 200)}, "rulings/": {"GET": (LOOKS, 200)}, "rulings/<int:number>/": {"GET": (LOOKS, 404)},
    "rulings/<int:number>/revoke/": {"POST": (RULES, 404)}, "evidence/<int:pk>/": {"GET": (LOOKS, 404)},
    "rulings/<slug:race>/new/": {"GET": (RULES, 404), "POST": (RULES, 404)},
    "rulings/<slug:race>/preview/": {"POST": (RULES, 404)}, "rulings/<slug:race>/riders/": {"GET": (RULES, 404)},
    "rulings/<slug:race>/draft/": {"POST": (RULES, 404)},
    "rulings/<slug:race>/many/": {"GET": (RULES, 404), "POST": (RULES, 404)},
    "bunch/": {"GET": (LOOKS, 200)}, "bunch/<slug:race>/": {"GET": (LOOKS, 404)},
    "bunch/<slug:race>/order/": {"POST": (RULES, 404)}, "bunch/<slug:race>/divide/": {"POST": (RULES, 404)},
    "results/": {"GET": (LOOKS, 200)}, "results/<slug:race>/": {"GET": (LOOKS, 404)},
    "results/<slug:race>/publish/": {"POST": (RULES, 404)}, "results/<slug:race>/close/": {"POST": (RULES, 404)},
}  # fmt: skip

#: Behind a private link: method -> what its payer, a rider of a team and the team's manager get for what is theirs; and
#: then, where the address names somebody or something: a payer of another registration, a rider of the same team, and the
#: manager for what is another registration's. Giving up a place comes last: it changes the most.
OWN: dict[tuple[str, str], tuple[int, ...]] = {
    ("GET", ""): (200, 200, 200),
    ("POST", "pay/"): (302, 409, 302),
    ("GET", "entries/<int:entry>/leave/"): (200, 409, 200, 404, 404, 404),
    ("POST", "entries/<int:entry>/accept/"): (302, 409, 302, 404, 404, 404),
    ("POST", "riders/<int:rider>/sign/"): (302, 302, 404, 404, 404, 404),
    ("POST", "riders/<int:rider>/change/"): (302, 302, 404, 404, 404, 404),
    ("POST", "riders/<int:rider>/papers/<slug:kind>/"): (302, 302, 404, 404, 404, 404),
    ("GET", "papers/<int:document>/"): (200, 200, 404, 404, 404, 404),
    ("GET", "protest/"): (200, 200, 200),
    ("POST", "protest/"): (409, 409, 409),
    ("GET", "protest/<int:number>/"): (404, 404, 404),
    ("POST", "protest/<int:number>/show/"): (404, 404, 404),
    ("POST", "protest/<int:number>/withdraw/"): (404, 404, 404),
    ("GET", "data/"): (200, 200, 200),
    ("POST", "data/"): (409, 409, 404, 404, 404, 404),
    ("GET", "data/<int:rider>.json"): (200, 200, 404, 404, 404, 404),
    ("GET", "team/add/"): (404, 404, 200),
    ("POST", "team/add/"): (404, 404, 200),
    ("POST", "team/act/"): (404, 404, 409),
    ("GET", "team/list.xlsx"): (404, 404, 200),
    ("GET", "team/<int:entry>/substitute/"): (404, 404, 200, 404, 404, 404),
    ("POST", "team/<int:entry>/substitute/"): (404, 404, 200, 404, 404, 404),
    ("POST", "entries/<int:entry>/leave/"): (302, 409, 302, 404, 404, 404),
}
