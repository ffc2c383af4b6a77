"""The exported graph: its answers are the classifier's, and its beginning stays in fp32."""

from pathlib import Path

import keras
import numpy as np
import openvino
import pytest

from small_networks import build_small
from tumorscope.inference.engine import Engine
from tumorscope.model.export import export_graph

SIDE_PX = 64
PRECISE = {"precise_0", "DisablePrecisionConversion_0"}  # in OpenVINO as read, before and now


@pytest.fixture(scope="module")
def classifier() -> keras.Model:
    return build_small(SIDE_PX, seed=1, hidden_units=16)


@pytest.fixture(scope="module")
def graph(classifier, tmp_path_factory) -> Path:
    return export_graph(classifier, tmp_path_factory.mktemp("exported"))


def test_the_graph_answers_as_the_classifier_does(classifier, graph):
    slices = np.random.default_rng(2).integers(0, 256, (4, SIDE_PX, SIDE_PX, 3), np.uint8)
    expected = np.asarray(classifier(slices.astype(np.float32)))[:, 0]
    np.testing.assert_allclose(Engine(graph).infer(slices).probability, expected, atol=2e-3)


def test_all_up_to_the_first_depthwise_convolution_is_marked_as_precise(graph):
    operations = [
        operation
        for operation in openvino.Core().read_model(graph).get_ordered_ops()
        if operation.get_type_name() not in ("Constant", "Parameter", "Result")
    ]
    exact = [operation for operation in operations if PRECISE & set(operation.get_rt_info())]
    kinds = [operation.get_type_name() for operation in exact]
    assert kinds.count("Convolution") == kinds.count("GroupConvolution") == 1
    assert "Multiply" in kinds  # the scaling in front of the network
    assert len(exact) < len(operations) / 2


# Keras scales the input of each in a way of its own: minus a mean in BGR, by a deviation, to -1..1.
@pytest.mark.parametrize("backbone", ["vgg16", "densenet121", "mobilenetv2"])
def test_a_backbone_with_scaling_of_its_own_is_exported_with_it(backbone, tmp_path):
    classifier = build_small(SIDE_PX, backbone=backbone, hidden_units=4)
    slices = np.random.default_rng(2).integers(0, 256, (2, SIDE_PX, SIDE_PX, 3), np.uint8)
    expected = np.asarray(classifier(slices.astype(np.float32)))[:, 0]
    answered = Engine(export_graph(classifier, tmp_path)).infer(slices).probability
    np.testing.assert_allclose(answered, expected, atol=2e-3)
