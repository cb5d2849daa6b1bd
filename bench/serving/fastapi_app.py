"""The strongest Python service that could be written for the model: FastAPI, orjson, and LightGBM's C call for one row.

  LIGHTGBM=LIBRARY MODEL=FILE FEATURES=30 uvicorn fastapi_app:app
"""

import ctypes
import os

import numpy
import orjson
from fastapi import FastAPI, Request
from fastapi.responses import Response

FEATURES = int(os.environ["FEATURES"])
library = ctypes.CDLL(os.environ["LIGHTGBM"])
library.LGBM_GetLastError.restype = ctypes.c_char_p
booster, iterations, fast = ctypes.c_void_p(), ctypes.c_int(), ctypes.c_void_p()


def check(code):
    if code != 0:
        raise RuntimeError(library.LGBM_GetLastError().decode())


check(library.LGBM_BoosterCreateFromModelfile(os.environ["MODEL"].encode(), ctypes.byref(iterations), ctypes.byref(booster)))
DOUBLE, NORMAL = 1, 0
check(library.LGBM_BoosterPredictForMatSingleRowFastInit(booster, NORMAL, 0, -1, DOUBLE, FEATURES, b"num_threads=1",
                                                         ctypes.byref(fast)))
one = (ctypes.c_double * 1)()
length = ctypes.c_int64()
app = FastAPI()


@app.post("/invocations")
async def invocations(request: Request):
    rows = numpy.array(orjson.loads(await request.body())["dataframe_split"]["data"], dtype=numpy.float64)
    if len(rows) == 1:
        check(library.LGBM_BoosterPredictForMatSingleRowFast(fast, rows.ctypes.data_as(ctypes.c_void_p), ctypes.byref(length), one))
        predictions = numpy.frombuffer(one, dtype=numpy.float64)
    else:
        predictions = numpy.empty(len(rows))
        check(library.LGBM_BoosterPredictForMat(booster, rows.ctypes.data_as(ctypes.c_void_p), DOUBLE, len(rows), FEATURES, 1,
                                                NORMAL, 0, -1, b"num_threads=1", ctypes.byref(length),
                                                predictions.ctypes.data_as(ctypes.POINTER(ctypes.c_double))))
    return Response(orjson.dumps({"predictions": predictions}, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")
