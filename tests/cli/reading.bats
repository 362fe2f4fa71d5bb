#!/usr/bin/env bats
# What a CSV file may look like: each dialect and encoding gives the table that the plain file gives.
load common

# plain: a table with everything in it that a dialect may change
plain() {
    awk -v OFS="${1:-,}" 'BEGIN {
        print "größe", "note", "ok", "preis"
        for (i = 1; i <= 60; i++) print i, "caf\303\251 " i % 7, i % 3 ? "yes" : "no", i * 2.5
    }'
}

# same FILE OPTION...: the file, read with the options, is the plain table
same() {
    plain > plain.csv
    mlctl convert -q plain.csv -o expected.csv
    mlctl convert -q "$@" -o found.csv
    diff expected.csv found.csv
}

@test "delimiters, sniffed and named" {
    plain ';' > a.csv; same a.csv
    (echo 'sep=^'; plain '^') > a.csv; same a.csv
    plain $'\t' > a.csv; same a.csv
    plain '|' > a.csv; same a.csv
    plain '^' > a.csv; same a.csv --delimiter '^'
    plain $'\t' > a.csv; same a.csv --delimiter tab
    fails 2 "--delimiter wants one character" mlctl convert plain.csv --delimiter ab
    fails 2 "--delimiter wants one character" mlctl convert plain.csv --delimiter x
}
@test "encodings, by mark, by name and found out" {
    plain > utf8.csv
    (printf '\357\273\277'; cat utf8.csv) > a.csv; same a.csv
    (printf '\377\376'; iconv -t UTF-16LE utf8.csv) > a.csv; same a.csv
    (printf '\376\377'; iconv -t UTF-16BE utf8.csv) > a.csv; same a.csv
    iconv -t UTF-16LE utf8.csv > a.csv; same a.csv --encoding utf-16le
    iconv -t ISO-8859-1 utf8.csv > a.csv; same a.csv --encoding latin1
    iconv -t CP850 utf8.csv > a.csv; same a.csv --encoding cp850
    iconv -t WINDOWS-1252 utf8.csv > a.csv; same a.csv
    mlctl convert a.csv -o /dev/null 2> said.txt
    grep -q "a.csv: line 1 is not UTF-8.*windows-1252" said.txt
    fails 3 "a.csv:1:1: not utf-8 text" mlctl convert -q a.csv --encoding utf-8
    fails 2 '"klingon" is not known' mlctl convert -q a.csv --encoding klingon
}
@test "gzip and zstd, by their first bytes" {
    plain > utf8.csv
    gzip -c utf8.csv > a.csv; same a.csv
    python3 -c 'import ctypes, sys
z = ctypes.CDLL("libzstd.so.1"); b = sys.stdin.buffer.read(); o = ctypes.create_string_buffer(len(b) + 1000)
n = z.ZSTD_compress(o, len(o), b, len(b), 3); sys.stdout.buffer.write(o.raw[:n])' < utf8.csv > a.csv
    same a.csv
    mlctl convert -q - < a.csv > found.csv
    diff expected.csv found.csv
    head -c 200 a.csv > cut.csv
    fails 3 "cut.csv: this is a damaged zstd file (it ends too early)" mlctl convert -q cut.csv
}
@test "quotes: another character, none, line ends and doubled quotes within" {
    plain | awk -F, -v OFS=, 'NR > 1 { $2 = "\047" $2 "\047" } 1' > a.csv; same a.csv --quote "'"
    printf 'a,b\n1,5" disk\n2,"x\n' > inch.tsv
    mlctl convert -q inch.tsv --quote none > out.csv
    grep -q '^1,"5"" disk"$' out.csv
    printf 'a,b\n1,"x\ny ""z"""\n2,w\n' > lines.csv
    mlctl convert -q lines.csv --json | grep -qF 'x\ny \"z\"'
}
@test "decimal commas, sniffed and named, and thousands" {
    plain ';' | sed 's/\./,/' > a.csv; same a.csv
    mlctl convert a.csv 2>&1 > /dev/null | grep -q "a.csv: numbers have a decimal comma"
    plain | awk -F, -v OFS=, 'NR > 1 { sub(/\./, ",", $4); $4 = "\"" $4 "\"" } 1' > a.csv; same a.csv --decimal ,
    printf 'a;b\n1.234,5;x\n-1.000.000;y\n' > a.csv
    mlctl convert -q a.csv --decimal , --thousands . > out.csv
    diff out.csv <(printf 'a,b\n1234.5,x\n-1000000,y\n')
    fails 2 "--decimal wants" mlctl convert -q a.csv --decimal ';'
    fails 2 "--thousands wants" mlctl convert -q a.csv --thousands .
}
@test "no header, lines above it, comments" {
    plain | tail -n +2 > a.csv
    mlctl convert -q a.csv --no-header > out.csv
    head -1 out.csv | grep -qx "column1,column2,column3,column4"
    [[ $(wc -l < out.csv) -eq 61 ]]
    (printf 'A report\n"of, nobody\n'; plain) > a.csv; same a.csv --skip-rows 2
    (printf '# made by hand, with a "\n'; plain; echo '#end') > a.csv; same a.csv --comment '#'
    plain | sed 's/$/\r/' > a.csv; same a.csv
    plain | tr '\n' '\r' > a.csv; same a.csv
    fails 2 "--skip-rows wants a count" mlctl convert -q a.csv --skip-rows -1
}
@test "what is found out is said" {
    plain | tail -n +2 > a.csv
    mlctl convert a.csv 2>&1 > /dev/null | grep -q "the first line looks like data.*--no-header"
    (printf 'A report\n\n'; plain) > a.csv
    fails 3 "--skip-rows 2 passes over them" mlctl convert -q a.csv
    printf 'a\tb\n1\t5" disk\n2\t3" disk\n' > a.tsv
    mlctl convert a.tsv 2>&1 > /dev/null | grep -q "quotes stand where they quote nothing"
    plain | awk -F, -v OFS=, '{ $2 = "\047" $2 "\047" } 1' > a.csv; same a.csv
}
@test "bad rows: an error, left out and said, put aside" {
    (plain; printf '7\n8,"x"y,no,1\n'; plain | tail -n 5; printf '9,a\0b,no,1\n10,\377,no,1\n'; seq 11 20) > a.csv
    fails 3 "a.csv:62: 1 field where the header has 4" mlctl convert -q a.csv
    mlctl convert a.csv --bad-rows skip -o out.csv 2> said.txt
    [[ $(wc -l < out.csv) -eq 66 ]]
    grep -q 'a.csv:63: left out: field 2: text after a closing quote' said.txt
    grep -q "and 9 more rows left out" said.txt
    mlctl convert -q a.csv --bad-rows quarantine=bad.csv -o out2.csv
    cmp out.csv out2.csv
    [[ $(head -1 bad.csv) == line,reason,text,file ]]
    grep -q '^62,1 field where the header has 4,7,a.csv$' bad.csv
    grep -q '^63,.*,"8,""x""y,no,1",a.csv$' bad.csv
    [[ $(mlctl convert -q bad.csv --encoding latin1 --bad-rows skip | wc -l) -eq 14 ]] # all but the NUL
    plain > good.csv
    mlctl convert -q good.csv --bad-rows quarantine=bad.csv -o out.csv
    [[ $(cat bad.csv) == line,reason,text,file ]]
    fails 2 "--bad-rows wants error, skip or quarantine=FILE" mlctl convert -q a.csv --bad-rows ignore
    fails 2 "would be overwritten" mlctl convert -q a.csv --bad-rows quarantine=a.csv
    fails 2 "would be overwritten" mlctl schema -q a.csv good.csv --bad-rows quarantine=good.csv
    plain | cmp - good.csv
}
@test "bad rows are not put aside in a file that the command reads or writes too" {
    plain > a.csv
    mlctl train -q a.csv > out.txt
    cp model.safetensors kept.safetensors
    local aside="--bad-rows quarantine"
    fails 2 "is the output as well" mlctl convert -q a.csv $aside=x.csv -o x.csv
    fails 2 "is the output as well" mlctl preprocess -q a.csv $aside=x.csv -o x.csv
    fails 2 "is the output as well" mlctl split -q a.csv $aside=y.csv -o x.csv,y.csv
    fails 2 "is the output as well" mlctl describe -q a.csv $aside=x.csv --html x.csv
    fails 2 "is the output as well" mlctl train -q a.csv $aside=x.csv --model x.csv
    fails 2 "is the output as well" mlctl predict -q a.csv $aside=x.csv -o x.csv
    [[ ! -e x.csv && ! -e y.csv ]]
    fails 2 "would be overwritten" mlctl predict -q a.csv $aside=model.safetensors
    fails 2 "would be overwritten" mlctl eval -q a.csv $aside=model.safetensors
    cmp model.safetensors kept.safetensors
    mlctl preprocess -q a.csv -o clean.csv > out.txt
    fails 2 "would be overwritten" mlctl preprocess -q --apply clean.csv.prep.json a.csv -o clean.csv.prep.json
}
@test "a quarantine stays as it was when reading fails" {
    (plain; echo 7) > a.csv
    echo old > bad.csv
    fails 2 'no column "nothing"' mlctl train -q a.csv --bad-rows quarantine=bad.csv --target nothing || true
    plain | gzip | head -c 300 > cut.csv.gz
    fails 3 gzip mlctl convert -q cut.csv.gz --bad-rows quarantine=bad.csv
    [[ $(ls -A | grep -c mlctl-) -eq 0 ]]
}
# bats test_tags=release
@test "a field that is too long is refused early and at little memory" {
    (echo a,b; printf '1,"'; head -c 100000000 /dev/zero | tr '\0' x; echo '"') > giant.csv
    fails 3 "giant.csv:2:2: a field of more than 16 MiB" mlctl convert -q giant.csv
    /usr/bin/time -f %M -o peak.txt "$MLCTL" convert -q giant.csv > out.txt 2> err.txt || true
    [[ $(tail -1 peak.txt) -lt 120000 ]]
    mlctl convert -q giant.csv --max-field 120M > out.csv
    [[ $(wc -c < out.csv) -gt 100000000 ]]
    printf 'a\n12345\n' > five.csv
    fails 3 "five.csv:2:1: a field of more than 4 bytes" mlctl convert -q five.csv --max-field 4
}
@test "eval reads the training file as train did" {
    (echo title; plain ';' | awk -F';' -v OFS=';' 'NR > 1 { sub(/\./, ",", $4); $2 = "\047" $2 "\047" } 1'; echo '# end') |
        iconv -t CP850 > a.csv
    mlctl train -q a.csv --target ok --skip-rows 1 --quote "'" --comment '#' --encoding cp850 --decimal , > train.txt
    mlctl eval -q > eval.txt
    grep -q accuracy eval.txt
    diff <(grep -o 'accuracy.*' train.txt) <(grep -o 'accuracy.*' eval.txt)
    (echo title; plain ';' | tail -n +2; echo 5) > b.csv
    mlctl train -q b.csv --target column3 --no-header --skip-rows 1 --bad-rows quarantine=bad.csv > train.txt
    rm bad.csv
    mlctl eval -q > eval.txt
    [[ ! -e bad.csv ]]
    diff <(grep -o 'accuracy.*' train.txt) <(grep -o 'accuracy.*' eval.txt)
}
@test "other files are read as the model was trained, unless a flag says otherwise" {
    local how=(--no-header --skip-rows 1 --quote "'" --comment '#' --na 'none,-9' --thousands ' ')
    awk -v OFS=, 'BEGIN { print "title"; for (i = 1; i <= 60; i++) {
        print (i % 9 ? "1 " sprintf("%03d", i) : "none"), (i % 8 ? i % 7 : -9), "\047it, " i % 3 "\047", i % 2 ? "yes" : "no"; if (i % 20 == 0) print "# " i } }' > a.csv
    mlctl train -q a.csv "${how[@]}" > /dev/null
    mlctl predict -q a.csv "${how[@]}" > expected.csv
    mlctl predict a.csv > found.csv 2> said.txt
    diff expected.csv found.csv
    grep -qxF "mlctl predict: reading as the model was trained: --na none,-9 --quote \"'\" --no-header --skip-rows 1 --comment '#' --thousands space" said.txt
    mlctl predict -q a.csv --na none,-9 > found.csv
    diff expected.csv found.csv
    fails 3 'column "column1": "none" is not a number' mlctl predict -q a.csv --na x
    mlctl eval a.csv --json "${how[@]}" -q > expected.json
    mlctl eval a.csv --json > found.json 2> said.txt
    diff expected.json found.json
    grep -q "reading as the model was trained: --na" said.txt

    # a file that has what this one lacks
    (echo column4,column3,column2,column1; sed "1d; s/'//g; /^#/d" a.csv | awk -F, -v OFS=, '{ print $5, "\"" $3 "," $4 "\"", $2, $1 }') > b.csv
    mlctl predict -q b.csv --header --skip-rows 0 --quote '"' --comment none > found.csv
    diff <(mlctl predict -q a.csv) found.csv
    fails 3 '3 columns are not there: "column1", "column2", "column3"; the first of 4 is "1 001"' mlctl predict -q a.csv --header --skip-rows 1
    fails 2 "--header and --no-header exclude each other" mlctl predict a.csv --header --no-header

    # and the prep file
    mlctl preprocess -q a.csv "${how[@]}" -o clean.csv > /dev/null
    mlctl preprocess -q --apply clean.csv.prep.json a.csv "${how[@]}" -o expected.csv > /dev/null
    mlctl preprocess --apply clean.csv.prep.json a.csv -o found.csv 2> said.txt > /dev/null
    diff expected.csv found.csv
    grep -q "reading as the prep file was fitted: --na none,-9" said.txt
    fails 3 '3 columns are not there: "column1", "column2", "column3"' mlctl preprocess -q --apply clean.csv.prep.json a.csv --header
    mlctl train -q clean.csv -m clean.safetensors > /dev/null
    diff <(mlctl predict -q a.csv) <(mlctl predict -q a.csv -m clean.safetensors)
}
@test "delimiter and encoding are each file's own, where they can be found out" {
    plain > a.csv
    plain ';' | iconv -t WINDOWS-1252 > b.csv
    mlctl train -q b.csv --target ok --delimiter ';' --encoding windows-1252 > /dev/null
    mlctl predict a.csv > expected.csv 2> said.txt
    if grep "reading as" said.txt; then return 1; fi
    diff expected.csv <(mlctl predict -q b.csv)
    plain '^' | iconv -t CP850 > b.csv
    mlctl train -q b.csv --target ok --delimiter ^ --encoding cp850 > /dev/null
    mlctl predict b.csv > expected.csv 2> said.txt
    grep -q "reading as the model was trained: --delimiter ^ --encoding cp850" said.txt
    diff expected.csv <(mlctl predict -q a.csv --delimiter , --encoding utf-8)
}
@test "predict takes the same flags" {
    plain > a.csv
    mlctl train -q a.csv --target ok > /dev/null
    mlctl predict -q a.csv > expected.csv
    (echo title; plain ';' | iconv -t CP850; echo 7) > b.csv
    mlctl predict -q b.csv --skip-rows 1 --encoding cp850 --bad-rows skip > found.csv
    diff expected.csv found.csv
}
@test "loading that takes more than a second shows how far it is, on a terminal" {
    # a file, since the shell that script starts need not be bash and need not pass functions on
    cat > slowly << 'END'
rows() { yes "$1" | head -300000; }
echo a,b; rows 1.5,x; sleep 1.2; rows 2.5,y; sleep 0.2; rows 3,z
END
    script -qec "sh slowly | '$MLCTL' schema - > schema.json" /dev/null < /dev/null > shown.txt
    tr '\r' '\n' < shown.txt | grep -q '[0-9] rows read, [0-9]*/s'
    # the last one is wiped out, and so is one before an error
    [[ $(tail -c 4 shown.txt | od -An -c | tr -d ' ') == '\r033[K' ]]
    if script -qec "(sh slowly; echo 5) | '$MLCTL' schema -" /dev/null < /dev/null > shown.txt; then return 1; fi
    grep -q "$(printf '\r\033\\[Kmlctl schema: standard input:900002: 1 field')" shown.txt
    sh slowly | mlctl schema - 2> said.txt > schema.json
    [[ ! -s said.txt ]]
}
