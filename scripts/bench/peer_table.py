"""One job of scripts/bench/table by a peer; prints seconds (imports not counted) and peak MiB.  usage: peer_table.py JOB LIBRARY FILE.csv"""
import resource
import sys
import time

job, library, path = sys.argv[1:]
try:
    if library == "pandas":
        import pandas
    elif library == "polars":
        import polars
    elif library == "duckdb":
        import duckdb
    else:
        import pyarrow.csv
    if job == "preprocess":
        from sklearn.compose import ColumnTransformer
        from sklearn.impute import SimpleImputer
        from sklearn.model_selection import train_test_split
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler
except ImportError:
    sys.exit(77)


def load():
    if library == "pandas":
        return pandas.read_csv(path)
    if library == "polars":
        return polars.read_csv(path, null_values=["", "NA"], infer_schema_length=10000, try_parse_dates=True)
    if library == "duckdb":
        connection = duckdb.connect()
        connection.execute(f"create table t as select * from read_csv('{path}', nullstr = ['', 'NA'])")
        return connection
    options = pyarrow.csv.ConvertOptions(strings_can_be_null=True, null_values=["", "NA"])
    return pyarrow.csv.read_csv(path, convert_options=options)


def preprocess():
    """What mlctl preprocess --max-categories 50 does: fitted on 80 % of the rows, applied to all, columns of more than 50 texts left out."""
    frame = pandas.read_csv(path)
    target = frame.columns[-1]
    features = frame.drop(columns=target)
    numbers = list(features.select_dtypes("number").columns)
    categories = [name for name in features.columns if name not in numbers and features[name].nunique() <= 50]
    steps = [("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers)]
    if categories:
        steps.append(("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), categories))
    pipeline = ColumnTransformer(steps)
    train, _ = train_test_split(features, test_size=0.2, random_state=1)
    pipeline.fit(train)
    clean = pandas.DataFrame(pipeline.transform(features), columns=pipeline.get_feature_names_out())
    clean[target] = frame[target]
    clean.to_csv("peer-clean.csv", index=False)


start = time.perf_counter()
result = load() if job == "load" else preprocess()
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
