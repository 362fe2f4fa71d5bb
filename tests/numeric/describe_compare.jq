# Every number of describe_expected.json (as $expected) that a description (as $got) does not have, by 1e-9 of
# max(1, |expected|): both sides add up in double and differ in the last digits only.
def size: if . < 0 then -. else . end;
def near($a; $b): ($a - $b | size) <= 1e-9 * ([1, ($b | size)] | max);
def place($p): if $p == ["top"] then ["top", 0, "count"]
    elif $p[-1] == "outliers.low" then ["number", "outliers", "low"]
    elif $p[-1] == "outliers.high" then ["number", "outliers", "high"]
    else $p end;
($expected[0] | .columns | to_entries[]) as $e
| $e.value as $column
| ($column | paths(numbers)) as $p
| ($column | getpath($p)) as $want
| ($got[0].columns[$e.key] | getpath(place($p))) as $have
| select(($have | type) != "number" or (near($have; $want) | not))
| "\($column.name) \($p | map(tostring) | join(".")): \($have), expected \($want)"
