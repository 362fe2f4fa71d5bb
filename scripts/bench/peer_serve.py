#!/usr/bin/env python3
"""Servers of a joblib pipeline as they are usually written, for scripts/bench/journey and scripts/bench/serve.
usage: peer_serve.py MODEL.joblib PORT                Flask's own server
       peer_serve.py save KIND MODEL.joblib FOLDER    what `mlflow models serve`, `bentoml serve` and `mlserver start` take
       MODEL=MODEL.joblib gunicorn peer_serve:flask_app, uvicorn peer_serve:fastapi_app"""
import json
import os
import sys

import joblib
import pandas as pd


def predict(pipeline, row):
    rows = pd.DataFrame([row])
    return {"prediction": str(pipeline.predict(rows)[0]),
            "probabilities": {str(label): float(p) for label, p in zip(pipeline.classes_, pipeline.predict_proba(rows)[0])}}


def make_flask(path):
    from flask import Flask, jsonify, request
    pipeline, app = joblib.load(path), Flask(__name__)
    app.post("/predict")(lambda: jsonify(**predict(pipeline, request.get_json())))
    return app


def make_fastapi(path):
    from fastapi import FastAPI
    pipeline, app = joblib.load(path), FastAPI()

    @app.post("/predict")
    def answer(row: dict):
        return predict(pipeline, row)
    return app


BENTO = """
import bentoml, joblib, pandas as pd

@bentoml.service
class Peer:
    def __init__(self):
        self.pipeline = joblib.load({path!r})

    @bentoml.api(route="/predict")
    def predict(self, row: dict) -> dict:
        rows = pd.DataFrame([row])
        return dict(zip(map(str, self.pipeline.classes_), map(float, self.pipeline.predict_proba(rows)[0])))
"""


def save(kind, path, folder):
    if kind == "mlflow":
        import mlflow.sklearn
        mlflow.sklearn.save_model(joblib.load(path), folder, serialization_format="cloudpickle")
        return
    os.makedirs(folder, exist_ok=True)
    if kind == "bentoml":
        with open(os.path.join(folder, "peer.py"), "w") as out:
            out.write(BENTO.format(path=os.path.abspath(path)))
        return
    with open(os.path.join(folder, "model-settings.json"), "w") as out:
        json.dump({"name": "peer", "implementation": "mlserver_sklearn.SKLearnModel",
                   "parameters": {"uri": os.path.abspath(path), "version": "1"}}, out)


def __getattr__(name):
    if name == "flask_app":
        return make_flask(os.environ["MODEL"])
    if name == "fastapi_app":
        return make_fastapi(os.environ["MODEL"])
    raise AttributeError(name)


if __name__ == "__main__":
    if sys.argv[1] == "save":
        save(*sys.argv[2:])
    else:
        make_flask(sys.argv[1]).run(port=int(sys.argv[2]))
