#!/usr/bin/env python3
"""The scoring server's Open Inference Protocol in the hands of NVIDIA's own client, tritonclient.

  test_inference_protocol.py --starcast PROGRAM [unittest's arguments]
"""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import serving  # noqa: E402

serving.run_under("serving")
import numpy  # noqa: E402
import tritonclient.http as client  # noqa: E402
from tritonclient.utils import InferenceServerException  # noqa: E402


class Setup:
    server = triton = expected = None

    @classmethod
    def make(cls, starcast, folder):
        forest, cls.expected = serving.forest_model(folder)
        cls.server = serving.Server(starcast, {"rating": serving.rating_package(starcast, folder), "forest": forest})
        cls.triton = client.InferenceServerClient(f"127.0.0.1:{cls.server.port}")
        return cls.stop

    @classmethod
    def stop(cls):
        cls.triton.close()
        cls.server.stop()


def tensor(name, values, binary=True, datatype="FP64"):
    made = client.InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=binary)
    return made


def rows():
    return numpy.array([[numpy.nan if cell is None else cell for cell in row] for row in Setup.expected["rows"]])


class Metadata(unittest.TestCase):
    def test_server_and_models_are_ready(self):
        self.assertTrue(Setup.triton.is_server_live())
        self.assertTrue(Setup.triton.is_server_ready())
        self.assertTrue(Setup.triton.is_model_ready("forest"))
        self.assertTrue(Setup.triton.is_model_ready("forest", "1"))

    def test_metadata_says_what_infer_takes(self):
        metadata = Setup.triton.get_model_metadata("forest")
        self.assertEqual(metadata["platform"], "lightgbm")
        self.assertEqual(metadata["inputs"][0]["shape"], [-1, 5])
        self.assertEqual(Setup.triton.get_server_metadata()["name"], "starcast")

    def test_the_index_lists_both_models(self):
        index = {model["name"]: model["state"] for model in Setup.triton.get_model_repository_index()}
        self.assertEqual(index, {"rating": "READY", "forest": "READY"})


class Infer(unittest.TestCase):
    def equal(self, got, wanted):
        numpy.testing.assert_array_equal(got, numpy.array(wanted))

    def test_predictions_are_lightgbms_own_bits_binary_and_as_json(self):
        for binary in (True, False):
            outputs = [client.InferRequestedOutput("predictions", binary_data=binary)]
            values = rows() if binary else numpy.nan_to_num(rows())
            answer = Setup.triton.infer("forest", [tensor("input", values, binary)], outputs=outputs)
            if binary:
                self.equal(answer.as_numpy("predictions"), Setup.expected["predictions"])
            else:
                self.assertEqual(answer.as_numpy("predictions").shape, (200,))

    def test_columns_by_name_give_the_same(self):
        values = rows()
        inputs = [tensor(name, numpy.ascontiguousarray(values[:, i])) for i, name in enumerate("abcde")]
        self.equal(Setup.triton.infer("forest", inputs).as_numpy("predictions"), Setup.expected["predictions"])

    def test_shares_are_pred_contrib(self):
        outputs = [client.InferRequestedOutput("treeshap_output")]
        got = Setup.triton.infer("forest", [tensor("input", rows())], outputs=outputs).as_numpy("treeshap_output")
        wanted = numpy.array(Setup.expected["shares"])
        self.assertEqual(got.shape, wanted.shape)
        bound = 1e-12 * numpy.abs(wanted).sum(axis=1, keepdims=True)
        self.assertTrue((numpy.abs(got - wanted) <= bound).all())

    def test_leaves_are_pred_leaf(self):
        outputs = [client.InferRequestedOutput("leaf")]
        self.equal(Setup.triton.infer("forest", [tensor("input", rows())], outputs=outputs).as_numpy("leaf"),
                   Setup.expected["leaves"])

    def test_every_number_type_is_taken(self):
        whole = numpy.array([[1, 0, 1, 0, 1], [0, 1, 0, 1, 0]])
        wanted = Setup.triton.infer("forest", [tensor("input", whole.astype("f8"))]).as_numpy("predictions")
        for datatype, kind in (("FP32", "f4"), ("FP16", "f2"), ("INT64", "i8"), ("INT32", "i4"), ("INT16", "i2"),
                               ("INT8", "i1"), ("UINT64", "u8"), ("UINT8", "u1"), ("BOOL", "?")):
            got = Setup.triton.infer("forest", [tensor("input", whole.astype(kind), True, datatype)])
            self.equal(got.as_numpy("predictions"), wanted)

    def test_the_rating_model_takes_texts_and_gives_intervals(self):
        names = numpy.array(["Photo Editor", "محرر الصور"], dtype=object)
        inputs = [tensor("App", names, True, "BYTES"),
                  tensor("Reviews", numpy.array([1000, 20], dtype="i8"), True, "INT64"),
                  tensor("Installs", numpy.array(["10,000+", "1,000+"], dtype=object), False, "BYTES")]
        answer = Setup.triton.infer("rating", inputs, parameters={"level": 0.9})
        rating, lower, upper = (answer.as_numpy(name) for name in ("predictions", "lower", "upper"))
        self.assertTrue((lower <= rating).all() and (rating <= upper).all() and (lower >= 1).all() and (upper <= 5).all())
        listed = Setup.server.json("/v1/predict?level=0.9", [
            {"App": names[0], "Reviews": 1000, "Installs": "10,000+"}, {"App": names[1], "Reviews": 20, "Installs": "1,000+"}])
        self.assertEqual([row["rating"] for row in listed["predictions"]], rating.tolist())
        self.assertEqual([row["interval"]["low"] for row in listed["predictions"]], lower.tolist())

    def test_wrong_requests_are_told_to_the_client(self):
        with self.assertRaisesRegex(InferenceServerException, "unknown model 'other'"):
            Setup.triton.infer("other", [tensor("input", rows())])
        with self.assertRaisesRegex(InferenceServerException, r"\[rows, 5\]"):
            Setup.triton.infer("forest", [tensor("input", numpy.zeros((2, 3)))])


class Repository(unittest.TestCase):
    def test_a_model_goes_and_comes_back(self):
        Setup.triton.unload_model("forest")
        self.assertFalse(Setup.triton.is_model_ready("forest"))
        self.assertFalse(Setup.triton.is_server_ready())
        Setup.triton.load_model("forest")
        self.assertTrue(Setup.triton.is_server_ready())


if __name__ == "__main__":
    serving.main(Setup.make)
