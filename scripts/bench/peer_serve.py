#!/usr/bin/env python3
"""POST /predict of a joblib pipeline by Flask, as it is usually written."""
import sys

import joblib
import pandas as pd
from flask import Flask, jsonify, request

pipeline = joblib.load(sys.argv[1])
app = Flask(__name__)


@app.post("/predict")
def predict():
    rows = pd.DataFrame([request.get_json()])
    return jsonify(prediction=str(pipeline.predict(rows)[0]),
                   probabilities=dict(zip(map(str, pipeline.classes_), pipeline.predict_proba(rows)[0])))


app.run(port=int(sys.argv[2]))
