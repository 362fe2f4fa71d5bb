load common

# browser: the program's path, empty where there is none
browser() {
    command -v chromium || command -v chromium-browser || command -v google-chrome || true
}

@test "the page: card, fields and command for a browser, {\"status\":\"alive\"} for everybody else" {
    serve people
    curl -sS "$URL/" | jq -e '.status == "alive"'
    curl -sS -D head.txt -H 'Accept: text/html,application/xhtml+xml;q=0.9' "$URL/" > page.html
    grep -qi '^content-type: text/html; charset=utf-8' head.txt
    run ! grep -E '(src|href|action)="?(https?:)?//' page.html
    python3 - "$(jq -r .sha256 serve.json)" << 'EOF'
import base64, hashlib, re, sys
page, head = open("page.html").read(), open("head.txt").read()
for kind in "style", "script":
    inside, = re.findall(f"<{kind}>(.*?)</{kind}>", page, re.S)
    digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
    assert f"{kind}-src 'sha256-{digest}';" in head, (kind, digest, head)
for part in ("<title>people</title>", "<dd>answer: no, yes</dd>", "<dd>logistic</dd>", sys.argv[1], "roc auc",
             "<dd>people.csv, trained on 96 rows</dd>", 'data-column="age" value="40"', 'min="20" max="60"',
             '<option value="Oslo">Oslo</option>', 'type="date"', "2024-01-01 to 2024-09-01 in training"):
    assert part in page, part
assert "<!--" not in page
EOF
}

@test "the command on the page works when it is pasted, whatever the columns are called" {
    printf "\"it's <b>\"\"&\",y,z\n1,a' b,1\n2,<i>,2\n3,a' b,3\n4,<i>,4\n5,a' b,5\n6,<i>,6\n" > awkward.csv
    "$MLCTL" train awkward.csv -q -m "$BATS_FILE_TMPDIR/awkward.safetensors" > /dev/null
    serve awkward
    curl -sS "$URL/page" > page.html
    python3 - << 'EOF'
import html, json, re, subprocess
page = open("page.html").read()
assert "<b>" not in page and "<i>" not in page
command = html.unescape(re.search(r'<code id="curl"[^>]*>(.*?)</code>', page, re.S).group(1))
answer = subprocess.run(["sh", "-c", command], check=True, capture_output=True).stdout
assert isinstance(json.loads(answer)["prediction"], (int, float)), (command, answer)
EOF
}

@test "with keys the page at / says nothing of the model, /page does to who has one" {
    "$MLCTL" token new --json > token.json
    jq -r .line token.json > keys
    serve people --tokens keys
    curl -sS -H 'Accept: text/html' "$URL/" > page.html
    grep -q 'id="token"' page.html
    run ! grep -E 'people|Oslo|Rome' page.html
    [ "$(code "$URL/page")" = 401 ]
    curl -sS -H "Authorization: Bearer $(jq -r .token token.json)" "$URL/page" | grep -q Oslo
    [ -n "$(browser)" ] || return 0
    timeout -s KILL 100 python3 - "$WIRE" "$(browser)" "$URL" "$(jq -r .token token.json)" << 'EOF'
import sys, tempfile
sys.path.insert(0, sys.argv[1])
from browser import Browser
with tempfile.TemporaryDirectory() as folder:
    browser = Browser(sys.argv[2], sys.argv[3], folder)
    browser.call("Network.setExtraHTTPHeaders", headers={"Accept": "text/html"})
    browser.open("/")
    for path in "/", "/docs":
        browser.open(path)
        browser.soon("document.getElementById('key') && !document.getElementById('key').hidden")
        browser.run(f"document.getElementById('token').value = '{sys.argv[4]}'; document.querySelector('#key button').click()")
        browser.soon("document.querySelectorAll('#classes li, details').length > 1")
    assert browser.outside == [], browser.outside
    browser.close()
EOF
}

@test "the page in a browser: predictions by the form, charts, no console message, nothing from elsewhere" {
    [ -n "$(browser)" ] || skip "no chromium is installed"
    serve people
    timeout -s KILL 300 python3 "$WIRE/page.py" "$(browser)" "$URL"
}

@test "a page that may not see the metrics does not ask for them" {
    [ -n "$(browser)" ] || skip "no chromium is installed"
    "$MLCTL" token new --json | jq -r .line > keys
    for options in '--metrics-port 0' '--tokens keys --open predict'; do
        # shellcheck disable=SC2086 # words
        serve people $options
        timeout -s KILL 100 python3 - "$WIRE" "$(browser)" "$URL" << 'EOF'
import sys, tempfile, time
sys.path.insert(0, sys.argv[1])
from browser import Browser
with tempfile.TemporaryDirectory() as folder:
    browser = Browser(sys.argv[2], sys.argv[3], folder)
    browser.open("/page")
    browser.soon("document.querySelectorAll('#classes li').length === 2")
    time.sleep(2.5)
    assert browser.run("document.getElementById('traffic').hidden")
    assert browser.console == [] and browser.outside == [], (browser.console, browser.outside)
    assert "/metrics" not in browser.inside, browser.inside
    browser.close()
EOF
        stop
    done
}

@test "several models: each has its page, its document and its explanations" {
    "$MLCTL" serve --port 0 --json mean="$BATS_FILE_TMPDIR/mean.safetensors" who="$BATS_FILE_TMPDIR/people.safetensors" \
        > serve.json 2> serve.log 3>&- &
    SERVER=$!
    soon started
    URL=http://127.0.0.1:$PORT
    curl -sS "$URL/page" > mean.html
    curl -sS "$URL/models/who/page" > who.html
    grep -q '<title>mean</title>' mean.html
    grep -q '<title>who</title>' who.html
    for page in mean who; do
        grep -q '<a href="/models/who/versions/1/page">who, version 1</a>' "$page.html"
    done
    grep -q 'data-base="/models/who/versions/1" data-ask="/explain"' who.html
    grep -q "$URL/models/who/versions/1/predict" who.html
    curl -sS --json '{"age":31,"city":"Oslo","when":null}' "$URL/models/who/explain" | jq -e '.contributions[0].of == "yes"'
    curl -sS "$URL/openapi.json" | jq -e '.paths | has("/predict") and has("/models/mean/predict") and (has("/models/who/predict") | not)'
    curl -sS "$URL/models/who/openapi.json" | jq -e '(.paths | has("/models/who/versions/1/explain") and has("/v2/models/who/infer") and
        has("/healthz") and (has("/predict") or has("/v2/models/mean/infer") | not)) and .components.schemas.Row.required[0] == "age"'
    [ "$(code "$URL/models/nobody/page")" = 404 ]
    [ -n "$(browser)" ] || return 0
    timeout -s KILL 100 python3 - "$WIRE" "$(browser)" "$URL" << 'EOF'
import sys, tempfile
sys.path.insert(0, sys.argv[1])
from browser import Browser
with tempfile.TemporaryDirectory() as folder:
    browser = Browser(sys.argv[2], sys.argv[3], folder)
    browser.open("/models/who/page")
    browser.soon("document.querySelectorAll('#classes li').length === 2")
    assert "/models/who/versions/1/explain" in browser.inside, browser.inside
    assert browser.console == [] and browser.outside == [], (browser.console, browser.outside)
    browser.close()
EOF
}
