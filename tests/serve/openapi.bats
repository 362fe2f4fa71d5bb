load common

# schema NAME: of a component
schema() {
    jq -c --arg name "$1" '.components.schemas[$name]' openapi.json
}

@test "/openapi.json names the model's paths, columns and labels" {
    serve people --name churn --model-version 7
    curl -sS "$URL/openapi.json" > openapi.json
    jq -e '.openapi == "3.1.0" and .info.title == "churn" and .info.version == "7"' openapi.json
    jq -e '.paths | has("/v2/models/churn/versions/7/infer") and has("/v1/models/churn:classify") and
        (has("/v1/models/churn:regress") | not)' openapi.json
    [ "$(schema Row | jq -c .required)" = '["age","city","when"]' ]
    [ "$(schema Column2 | jq -c .examples)" = '["Lima","Oslo","Rome"]' ]
    jq -e '[.paths[] | .post // empty | select(.responses["200"].headers["X-Model-Digest"].schema.type == "string") | .operationId] |
        length >= 10 and (map(select(test("[Ii]ndex|[Ll]oad"))) == [])' openapi.json
    schema Column1 | jq -e '.description | contains("training saw 20 to 60")'
    schema Column3 | jq -e '.description | contains("training saw 2024-01-01")'
    [ "$(schema Prediction | jq -c .properties.prediction.enum)" = '["no","yes"]' ]
    # what the document says of cells is what the server does
    for cell in 1 1.5 true null; do
        [ "$(code --json "{\"age\":$cell,\"city\":$cell,\"when\":null}" "$URL/predict")" = 200 ]
    done
    [ "$(code --json '{"age":"1","city":"Oslo","when":null}' "$URL/predict")" = 400 ]
    [ "$(code --json '{"age":1,"city":"Nowhere","when":"2024-05-06"}' "$URL/predict")" = 200 ]
    [ "$(code --json '{"age":1,"city":"Oslo","when":true}' "$URL/predict")" = 400 ]
    stop
    serve labels
    curl -sS "$URL/openapi.json" > openapi.json
    [ "$(schema Prediction | jq -c '.properties.probabilities.properties["odd, \"sum\""].required')" = '["0","1"]' ]
    [ "$(schema OutputName | jq '.enum | length')" -eq 4 ]
}

@test "every GET of /openapi.json is answered as it says" {
    serve mean
    curl -sS "$URL/openapi.json" > openapi.json
    jq -r '.paths | to_entries[] | select(.value.get) | .key' openapi.json | sed 's/{[a-z]*}/any/g' > gets
    [ "$(wc -l < gets)" -ge 20 ]
    while read -r path; do
        [ "$(code "$URL$path")" = 200 ] || { echo "$path"; return 1; }
    done < gets
    jq -r '.paths | to_entries[] | select(.value.post) | .key' openapi.json | sed 's/{[a-z]*}/any/g' > posts
    while read -r path; do
        [ "$(code "$URL$path")" = 405 ] || { echo "$path"; return 1; }
    done < <(grep -vxFf gets posts)
}

@test "every form of an answer is in /openapi.json: JSON, CSV, lines, tensors in bytes" {
    serve mean
    curl -sS "$URL/openapi.json" > openapi.json
    # form PATH CURL-OPTION...: the answer's type is one that the document has for a 200 of POST
    form() {
        local path=$1 type
        shift
        type=$(curl -sS -o /dev/null -w '%{http_code} %{content_type}' "$@" "$URL$path")
        jq -e --arg path "$path" --arg type "$type" '[.paths[$path].post.responses["200"].content | keys[] | "200 " + .] |
            any(. as $known | $type | startswith($known))' openapi.json || { echo "$path: $type"; return 1; }
    }
    for path in /predict /invocations /explain; do
        form "$path" --json '{"instances":[[1,2]],"x":1,"y":2}'
        form "$path" -H 'Content-Type: text/csv' --data-binary $'x,y\n1,2\n'
        form "$path" -H 'Content-Type: application/jsonlines' -d '[1,2]'
    done
    form /v2/models/mean/infer -d '{"inputs":[{"name":"input-0","shape":[1,2],"datatype":"FP64","data":[1,2]}]}'
    form /v2/models/mean/infer -d '{"inputs":[{"name":"input-0","shape":[1,2],"datatype":"FP64","data":[1,2]}],"parameters":{"binary_data_output":true}}'
    printf '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' > row
    form /v2/models/mean/infer -H 'Inference-Header-Content-Length: 0' --data-binary @row
}

@test "/docs: nothing from elsewhere, and a policy that lets only its own script run" {
    serve mean
    curl -sS -D head.txt "$URL/docs" > docs.html
    grep -qi '^content-type: text/html; charset=utf-8' head.txt
    run ! grep -E '(src|href)="?(https?:)?//' docs.html
    python3 - << 'EOF'
import base64, hashlib, re
page, head = open("docs.html").read(), open("head.txt").read()
for kind in "style", "script":
    inside, = re.findall(f"<{kind}>(.*?)</{kind}>", page, re.S)
    digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
    assert f"{kind}-src 'sha256-{digest}';" in head, (kind, digest, head)
assert "default-src 'none'" in head and "unsafe" not in head, head
EOF
}
