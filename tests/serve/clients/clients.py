"""
Unmodified clients of others against the server: NVIDIA's tritonclient, KServe's and MLflow's, each as its documentation
shows it, and each asked for the same predictions.

usage: clients.py PORT ADMIN-TOKEN CLIENT..., of a server that has the model `mean` (of x and y, exactly), version 1, and
       `people` (columns age, city, when; answers yes and no), and needs a token for changes alone
"""
import asyncio
import sys

PORT, TOKEN, CLIENTS = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
URL = "http://127.0.0.1:%d" % PORT
ROWS, MEANS = [[4.0, 5.0], [1.0, 2.0], [0.0, 9.0]], [4.5, 1.5, 4.5]
PERSON = {"age": 31, "city": "Oslo", "when": "2024-01-01"}


def same(what, got, wanted):
    got = [float(value) for value in got]
    assert len(got) == len(wanted) and all(abs(g - w) < 1e-6 for g, w in zip(got, wanted)), (what, got, wanted)


def refused(call, *words):
    """Calls what must fail: the server's words reach the client."""
    try:
        call()
    except Exception as problem:  # each client has its own
        assert all(word in str(problem) for word in words), problem
        return
    raise AssertionError("not refused: %s" % (words,))


# ---- tritonclient ------------------------------------------------------------------------------------------------


def triton_tensors(module, numpy, binary):
    tensor = module.InferInput("input-0", [3, 2], "FP64")
    tensor.set_data_from_numpy(numpy.array(ROWS), binary_data=binary)
    columns = []
    for name, values, datatype in (("x", [4, 1, 0], "INT32"), ("y", [5, 2, 9], "FP32")):
        column = module.InferInput(name, [3, 1], datatype)
        column.set_data_from_numpy(numpy.array(values, numpy.int32 if datatype == "INT32" else numpy.float32).reshape(3, 1), binary_data=binary)
        columns.append(column)
    return [tensor], columns


def triton_person(module, numpy, binary):
    inputs = []
    for name, value in PERSON.items():
        number = isinstance(value, int)
        column = module.InferInput(name, [1, 1], "INT64" if number else "BYTES")
        column.set_data_from_numpy(numpy.array([[value]], numpy.int64 if number else numpy.object_), binary_data=binary)
        inputs.append(column)
    return inputs


def triton_every_method(module, client, tensor, admin):
    """Every public method of the client: what is answered, and what is refused with words."""
    config = client.get_model_config("people", "1")
    assert [(i["name"], i["data_type"], i["dims"]) for i in config["input"]] == \
        [("age", "TYPE_FP64", [1]), ("city", "TYPE_STRING", [1]), ("when", "TYPE_STRING", [1])], config
    assert config["max_batch_size"] > 1 and config["output"][1]["dims"] == [2], config
    # these parameters are passed over
    reply = client.infer("mean", tensor, sequence_id=7, sequence_start=True, sequence_end=True, priority=3, timeout=1, parameters={"a": "b"})
    same("parameters", reply.as_numpy("predict").ravel(), MEANS)
    best = module.InferRequestedOutput("predict", class_count=1)
    assert client.infer("mean", tensor, outputs=[best]).as_numpy("predict").ravel()[0].endswith(b":0")
    shared = module.InferRequestedOutput("predict")
    shared.set_shared_memory("region", 24)
    refused(lambda: client.infer("mean", tensor, outputs=[shared]), "400", "no shared memory")
    refused(lambda: client.load_model("people", headers=admin, config="{}"), "400", "not taken here")
    refused(lambda: client.load_model("nobody", headers=admin), "400", "nobody")
    from tritonclient.http.auth import BasicAuth
    client.register_plugin(BasicAuth("somebody", "sesame"))
    assert client.plugin()
    same("another kind of key", client.infer("mean", tensor).as_numpy("predict").ravel(), MEANS)
    client.unregister_plugin()
    body, _ = module.InferenceServerClient.generate_request_body(tensor)
    assert b"input-0" in body
    not_there = {  # each is 404 with an error that says so
        "get_trace_settings": (), "update_trace_settings": (), "get_log_settings": (), "update_log_settings": ({"log_verbose_level": 1},),
        "get_system_shared_memory_status": (), "register_system_shared_memory": ("region", "/key", 64), "unregister_system_shared_memory": (),
        "get_cuda_shared_memory_status": (), "register_cuda_shared_memory": ("region", b"handle", 0, 64), "unregister_cuda_shared_memory": (),
    }
    for name, arguments in not_there.items():
        refused(lambda: getattr(client, name)(*arguments), "404", "there is nothing at /v2/")
    asked = set(not_there) | {
        "is_server_live", "is_server_ready", "is_model_ready", "get_server_metadata", "get_model_metadata", "get_model_config",
        "get_model_repository_index", "get_inference_statistics", "load_model", "unload_model", "infer", "async_infer", "close", "plugin",
        "register_plugin", "unregister_plugin", "generate_request_body", "parse_response_body"}
    public = {name for name in dir(client) if not name.startswith("_")}
    assert public == asked, public ^ asked


def triton():
    import numpy
    import tritonclient.http as module

    client = module.InferenceServerClient("127.0.0.1:%d" % PORT, concurrency=4)
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("mean") and client.is_model_ready("mean", "1") and not client.is_model_ready("nobody")
    assert client.get_server_metadata()["name"] == "mlctl"
    metadata = client.get_model_metadata("mean")
    assert metadata["versions"] == ["1"] and metadata["inputs"][0]["shape"] == [-1, 2], metadata
    for binary in (False, True):
        tensor, columns = triton_tensors(module, numpy, binary)
        asked = [module.InferRequestedOutput("predict", binary_data=binary)]
        for inputs in (tensor, columns):
            for outputs in (None, asked):
                reply = client.infer("mean", inputs, outputs=outputs, request_id="42")
                same("triton", reply.as_numpy("predict").ravel(), MEANS)
                assert reply.get_response()["id"] == "42" and reply.get_response()["model_version"] == "1"
            same("version", client.infer("mean", inputs, "1").as_numpy("predict").ravel(), MEANS)
            same("packed", client.infer("mean", inputs, request_compression_algorithm="gzip").as_numpy("predict").ravel(), MEANS)
            same("deflated", client.infer("mean", inputs, request_compression_algorithm="deflate",
                                          response_compression_algorithm="gzip").as_numpy("predict").ravel(), MEANS)
            pending = [client.async_infer("mean", inputs, outputs=asked) for _ in range(8)]
            for reply in pending:
                same("async", reply.get_result().as_numpy("predict").ravel(), MEANS)
        reply = client.infer("people", triton_person(module, numpy, binary))
        answer, shares = reply.as_numpy("predict").ravel()[0], reply.as_numpy("probabilities")
        assert answer in (b"no", "no") and shares.shape == (1, 2) and abs(shares.sum() - 1) < 1e-9 and shares[0][0] > 0.5, (answer, shares)
    refused(lambda: client.infer("mean", columns[:1]), "y")
    refused(lambda: client.infer("nobody", tensor), "404", 'no model "nobody"')
    count = client.get_inference_statistics("mean")["model_stats"][0]["inference_count"]
    assert count >= 100 and count == int(count), count
    assert {model["name"] for model in client.get_model_repository_index()} == {"mean", "people"}
    admin = {"Authorization": "Bearer " + TOKEN}
    refused(lambda: client.unload_model("people"), "token")
    client.unload_model("people", headers=admin)
    assert not client.is_model_ready("people")
    assert [model["state"] for model in client.get_model_repository_index() if model["name"] == "people"] == ["UNAVAILABLE"]
    client.load_model("people", headers=admin)
    assert client.is_model_ready("people")
    triton_every_method(module, client, tensor, admin)
    client.close()
    asyncio.run(triton_aio(numpy))


async def triton_aio(numpy):
    import tritonclient.http.aio as module

    client = module.InferenceServerClient("127.0.0.1:%d" % PORT)
    assert await client.is_server_live()
    for binary in (False, True):
        for inputs in triton_tensors(module, numpy, binary):
            same("aio", (await client.infer("mean", inputs)).as_numpy("predict").ravel(), MEANS)
    await client.close()


# ---- KServe ------------------------------------------------------------------------------------------------------


async def kserve_asks():
    from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

    client = InferenceRESTClient(RESTConfig(protocol="v1"))
    assert await client.is_server_live(URL)
    assert await client.is_model_ready(URL, "mean")
    reply = await client.infer(URL, {"instances": ROWS}, model_name="mean")
    same("kserve v1", reply["predictions"], MEANS)
    explained = await client.explain(URL, "mean", {"instances": ROWS})
    same("kserve explain", [row["prediction"] for row in explained["predictions"]], MEANS)
    reply = await client.infer(URL, {"instances": [PERSON]}, model_name="people")
    assert reply["predictions"][0]["prediction"] == "no", reply
    try:
        await client.infer(URL, {"instances": []}, model_name="mean")
        raise SystemExit("no rows were taken")
    except Exception as problem:
        assert "400" in str(problem), problem
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    assert await client.is_server_live(URL) and await client.is_server_ready(URL) and await client.is_model_ready(URL, "mean")
    tensor = InferInput("input-0", [3, 2], "FP64", data=[value for row in ROWS for value in row])
    reply = await client.infer(URL, InferRequest(model_name="mean", infer_inputs=[tensor]), model_name="mean")
    same("kserve v2", reply.outputs[0].data, MEANS)
    import numpy
    tensor = InferInput("input-0", [3, 2], "FP64")
    tensor.set_data_from_numpy(numpy.array(ROWS), binary_data=True)
    reply = await client.infer(URL, InferRequest(model_name="mean", infer_inputs=[tensor]), model_name="mean")
    same("kserve v2, binary", reply.outputs[0].as_numpy().ravel(), MEANS)


def kserve():
    asyncio.run(kserve_asks())


# ---- MLflow ------------------------------------------------------------------------------------------------------


def mlflow():
    import pandas
    import requests
    from mlflow.deployments import PredictionsResponse
    from mlflow.pyfunc.scoring_server.client import ScoringServerClient

    client = ScoringServerClient("127.0.0.1", PORT)
    client.wait_server_ready(timeout=5)
    assert client.get_version()
    table = pandas.DataFrame(ROWS, columns=["x", "y"])
    same("a data frame", client.invoke(table).get_predictions()[0], MEANS)
    same("by other columns", client.invoke(table[["y", "x"]]).get_predictions("ndarray").ravel(), MEANS)
    same("an array", client.invoke(table.to_numpy()).get_predictions()[0], MEANS)
    refused(lambda: client.invoke(table[["x"]]), "400")
    # as the documentation of `mlflow models serve` asks by curl and by requests
    url = URL + "/invocations"
    for body in ({"dataframe_split": {"columns": ["x", "y"], "data": ROWS}}, {"dataframe_records": [dict(zip("xy", row)) for row in ROWS]},
                 {"instances": ROWS}, {"inputs": ROWS}, {"dataframe_split": table.to_dict(orient="split")}, {"instances": ROWS, "params": {"a": 1}}):
        reply = requests.post(url, json=body)
        assert reply.status_code == 200, (body, reply.text)
        same("requests", reply.json()["predictions"], MEANS)
        same("what MLflow makes of it", PredictionsResponse.from_json(reply.text).get_predictions()[0], MEANS)
    from mlflow.deployments import get_deploy_client
    deployed = get_deploy_client(URL)
    same("deployments", deployed.predict(endpoint="mean", inputs={"instances": ROWS})["predictions"], MEANS)
    assert deployed.predict(endpoint="people", inputs={"dataframe_records": [PERSON]})["predictions"][0]["prediction"] == "no"
    refused(lambda: deployed.predict(endpoint="nobody", inputs={"instances": ROWS}), "404", "nobody")
    refused(lambda: deployed.predict(endpoint="mean", inputs={"rows": ROWS}), "400")
    reply = requests.post(url, data=table.to_csv(index=False), headers={"Content-Type": "text/csv"})
    same("CSV", reply.json()["predictions"], MEANS)
    reply = requests.post(url, data="x", headers={"Content-Type": "text/plain"})
    assert reply.status_code == 415, reply.status_code


for name in CLIENTS:
    {"triton": triton, "kserve": kserve, "mlflow": mlflow}[name]()
    print(name, "is served")
