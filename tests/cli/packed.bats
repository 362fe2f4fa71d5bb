#!/usr/bin/env bats
# Files written under a name that ends in .gz or .zst are packed, and read again as what they were.
load common

# unpacked FILE: its text, by a program that is not ours
unpacked() {
    case $1 in
    *.gz) gzip -dc "$1" ;;
    *.zst) python3 -c 'import ctypes, sys
z = ctypes.CDLL("libzstd.so.1"); b = open(sys.argv[1], "rb").read(); o = ctypes.create_string_buffer(1 << 20)
z.ZSTD_decompress.restype = ctypes.c_size_t
n = z.ZSTD_decompress(o, ctypes.c_size_t(len(o)), b, ctypes.c_size_t(len(b))); sys.stdout.buffer.write(o.raw[:n])' "$1" ;;
    esac
}

@test "split, convert, predict and preprocess pack what they write" {
    cp "$DATA/iris.csv" .
    mlctl train -q iris.csv > /dev/null
    mlctl split -q iris.csv -o a.csv,b.csv > /dev/null
    mlctl convert -q iris.csv -o c.csv
    mlctl convert -q iris.csv --json -o c.json
    mlctl predict -q iris.csv -o p.csv
    mlctl preprocess -q iris.csv -o clean.csv > /dev/null
    mlctl preprocess -q iris.csv --apply clean.csv.prep.json -o again.csv > /dev/null
    for end in gz zst; do
        mlctl split -q iris.csv -o a.csv.$end,b.csv.$end > /dev/null
        mlctl convert -q iris.csv -o c.csv.$end
        mlctl convert -q iris.csv --json -o c.json.$end
        mlctl predict -q iris.csv -o p.csv.$end
        mlctl preprocess -q iris.csv -o clean.csv.$end > /dev/null
        mlctl preprocess -q iris.csv --apply clean.csv.$end.prep.json -o again.csv.$end > /dev/null
        for file in a.csv b.csv c.csv c.json p.csv clean.csv again.csv; do
            unpacked $file.$end | cmp - $file
            [[ $(wc -c < $file.$end) -lt $(wc -c < $file) ]]
        done
        cp c.csv.$end first.$end
        mlctl convert -q iris.csv -o c.csv.$end
        cmp c.csv.$end first.$end
    done
}

@test "a packed clean file trains with its pipeline" {
    cp "$DATA/iris.csv" .
    mlctl preprocess -q iris.csv -o clean.csv.gz > /dev/null
    mlctl train -q clean.csv.gz > out.txt
    mlctl predict -q iris.csv -o p.csv
    mlctl preprocess -q iris.csv -o clean.csv > /dev/null
    mlctl train -q clean.csv -m plain.safetensors > /dev/null
    mlctl predict -q iris.csv -m plain.safetensors | cmp - p.csv
    mlctl eval -q --json | jq -e .measured
}

@test "bad rows are put aside packed, and a FIFO is packed into" {
    (cat "$DATA/iris.csv"; echo 1,2) > bad.csv
    mlctl convert -q bad.csv --bad-rows quarantine=q.csv.gz -o /dev/null
    unpacked q.csv.gz | grep "^152,.*header has 5"
    mkfifo pipe.gz
    gzip -dc < pipe.gz > through.csv &
    local reader=$!
    mlctl convert -q "$DATA/iris.csv" -o pipe.gz
    wait "$reader"
    mlctl convert -q "$DATA/iris.csv" | cmp - through.csv
}
