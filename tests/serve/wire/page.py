"""The page of a served model in a headless Chromium. Usage: page.py CHROMIUM URL [PICTURES]

Makes predictions through the form, compares them with those of the API, watches the charts move under load, and looks
for anything on the console and any request to elsewhere. With a folder for PICTURES it takes them: light, dark, phone."""
import json
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request

from browser import Browser

program, origin = sys.argv[1:3]
pictures = sys.argv[3] if len(sys.argv) > 3 else None


def post(path, row):
    request = urllib.request.Request(origin + path, json.dumps(row).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))


def values(browser):
    return browser.run("Object.fromEntries([...document.querySelectorAll('[data-column]')].map((f) => [f.dataset.column, f.value]))")


def predicted(browser):
    shares = browser.run("[...document.querySelectorAll('#classes li')].map((i) => i.innerText.split('\\n'))")
    return browser.run("document.getElementById('answer').textContent"), dict(shares)


def change(browser, column, value, event="input"):
    browser.run(f"""(() => {{ const field = [...document.querySelectorAll('[data-column]')].find((f) => f.dataset.column === {json.dumps(column)});
        field.value = {json.dumps(value)}; field.dispatchEvent(new Event('{event}', {{ bubbles: true }})); }})()""")


def check_form(browser):
    browser.open("/docs")
    browser.soon("document.querySelectorAll('details').length > 20")
    browser.run("document.querySelector('details').open = true")
    browser.soon("document.querySelector('details pre') !== null")
    browser.open("/page")
    browser.soon("document.querySelectorAll('#classes li').length === 2")
    assert values(browser) == {"age": "40", "city": "Lima", "when": "2024-09-01"}, values(browser)
    kinds = browser.run("[...document.querySelectorAll('[data-column]')].map((f) => f.type)")
    assert kinds == ["number", "select-one", "date"], kinds
    for age, city, when in (("58", "Oslo", "2024-02-01"), ("22", "Rome", "2024-05-01"), ("", "Lima", "")):
        change(browser, "age", age)
        change(browser, "city", city)
        change(browser, "when", when)
        want = post("/explain", {"age": float(age) if age else None, "city": city, "when": when or None})
        share = f"{100 * want['probabilities']['yes']:.1f} %"
        browser.soon(f"document.querySelectorAll('#classes li')[1].innerText.split('\\n')[1] === {json.dumps(share)}")
        assert predicted(browser)[0] == want["prediction"]
        columns = want["contributions"][0]["columns"]
        shown = browser.run("[...document.querySelectorAll('#columns li .name')].map((n) => n.textContent)")
        assert shown == sorted(columns, key=lambda c: -abs(columns[c])), (shown, columns)
    # the slider moves the number
    browser.run("(() => { const s = document.getElementById('c0s'); s.value = 33; s.dispatchEvent(new Event('input', { bubbles: true })); })()")
    assert values(browser)["age"] == "33"
    # every field has a label
    assert browser.run("[...document.querySelectorAll('input, select, textarea')].every((f) => f.labels.length > 0 || f.getAttribute('aria-label'))")


def check_command(browser):
    change(browser, "city", "Rome")
    browser.soon("document.getElementById('curl').textContent.includes('Rome')")
    command = browser.run("document.getElementById('curl').textContent")
    answer = json.loads(subprocess.run(["sh", "-c", command], check=True, capture_output=True).stdout)
    assert answer == post("/predict", {"age": 33, "city": "Rome", "when": None}), (command, answer)


def check_charts(browser):
    ends = threading.Event()

    def load():
        while not ends.wait(0.02):
            post("/predict", {"age": 30, "city": "Oslo", "when": None})
            try:
                post("/predict", {"age": "x"})
            except urllib.error.HTTPError:
                pass

    thread = threading.Thread(target=load)
    thread.start()
    try:
        for chart in "rate", "errors":
            browser.soon(f"Number(document.querySelector('#{chart} output').textContent) > 1")
        browser.soon("document.querySelector('#latency output').textContent.endsWith(' ms')")
        browser.soon("document.querySelector('#rate .line').getAttribute('d').includes('L')")
        # drift: all dates are missing, so that column has moved most; another two looks later there is a line
        browser.soon("document.querySelectorAll('#moved li').length === 3")
        assert browser.run("document.querySelector('#moved .name').textContent").startswith("when, "), "the worst first"
        assert browser.run("document.querySelector('#predicted .name').textContent") == "prediction of answer"
        browser.soon("document.querySelector('#psi .line').getAttribute('d').includes('L')")
        if pictures:
            browser.soon("document.querySelector('#rate .line').getAttribute('d').split('L').length > 8")
            browser.shoot(f"{pictures}/light.png")
    finally:
        ends.set()
        thread.join()


def check(look, **size):
    with tempfile.TemporaryDirectory() as folder:
        browser = Browser(program, origin, folder, **size)
        try:
            look(browser)
            assert browser.console == [], browser.console
            assert browser.outside == [], browser.outside
            assert len(browser.inside) > 2, browser.inside
        finally:
            browser.close()


def desk(browser):
    check_form(browser)
    check_command(browser)
    check_charts(browser)


# Texts and fields whose colour is too near to what is behind them: [ratio, tag, text] (WCAG 2.1, 1.4.3: 4.5, of large ones 3).
PALE = """(() => {
    const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = (colour) => numbers(colour).slice(0, 3).map((v) => v / 255)
        .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + [0.2126, 0.7152, 0.0722][i] * v, 0);
    const ground = (node) => {
        for (; node; node = node.parentElement) {
            const colour = getComputedStyle(node).backgroundColor;
            if (numbers(colour).length < 4) return colour;
        }
        return 'rgb(255, 255, 255)';
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), seen = new Set(document.querySelectorAll('input:not([type=range]), select, textarea, button'));
    while (texts.nextNode()) if (texts.currentNode.textContent.trim()) seen.add(texts.currentNode.parentElement);
    const shown = [...seen].filter((node) => node.checkVisibility() && !['SCRIPT', 'STYLE', 'OPTION'].includes(node.tagName));
    return [shown.length, shown.map((node) => {
        const style = getComputedStyle(node), size = parseFloat(style.fontSize);
        const [a, b] = [light(style.color), light(ground(node))].sort((x, y) => y - x);
        const enough = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
        return [(a + 0.05) / (b + 0.05), enough, node.tagName, node.textContent.slice(0, 40)];
    }).filter(([ratio, enough]) => ratio < enough)];
})()"""


def check_contrast(browser, texts):
    shown, pale = browser.run(PALE)
    assert shown > texts, shown
    assert pale == [], pale


def check_width(browser, width):
    wide = browser.run("document.documentElement.scrollWidth")
    assert wide <= width, wide
    # nothing is cut off at the edge either
    out = browser.run(f"""[...document.querySelectorAll('body *')].filter((n) => n.checkVisibility() && !n.closest('.scroll, svg, [type=range]') &&
        (n.getBoundingClientRect().right > {width} + 0.5 || n.getBoundingClientRect().left < -0.5)).map((n) => n.outerHTML.slice(0, 80))""")
    assert out == [], out


def open_page(browser):
    browser.open("/page")
    browser.soon("document.querySelectorAll('#classes li').length === 2")


def open_docs(browser, picture):
    browser.open("/docs")
    browser.soon("document.querySelectorAll('details').length > 20")
    if pictures:
        browser.run("document.querySelector('details').open = true")
        browser.soon("document.querySelector('details').childElementCount > 1")
        browser.shoot(f"{pictures}/{picture}.png")
    browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    browser.soon("[...document.querySelectorAll('details')].every((d) => d.childElementCount > 1)")


def phone(browser):
    open_page(browser)
    check_width(browser, 375)
    if pictures:
        browser.shoot(f"{pictures}/phone.png")
    open_docs(browser, "phone-docs")
    check_width(browser, 375)


def light(browser):
    open_page(browser)
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(247, 248, 250)"
    check_contrast(browser, 40)
    open_docs(browser, "light-docs")
    check_contrast(browser, 200)


def dark(browser):
    open_page(browser)
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(17, 20, 24)"
    assert browser.run("[...document.querySelectorAll('section')].every((s) => getComputedStyle(s).backgroundColor === 'rgb(25, 30, 36)')")
    check_contrast(browser, 40)
    if pictures:
        browser.shoot(f"{pictures}/dark.png")
    open_docs(browser, "dark-docs")
    check_contrast(browser, 200)


check(desk)
check(phone, width=375, height=812)
check(light)
check(dark, dark=True)
