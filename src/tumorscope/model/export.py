"""Write a trained classifier as Keras file, ONNX and OpenVINO IR."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import keras
import openvino
import tf2onnx

from tumorscope.model.gradcam import ExplainedClassifier

KERAS_FILE = "model.keras"
ONNX_FILE = "model.onnx"
OPENVINO_FILE = "model.xml"
_ONNX_OPSET = 18
_CONVOLUTIONS = ("Convolution", "GroupConvolution")
# Half of what bf16 changes in an answer comes from these, and a twentieth of the time goes to them.
_EXACT_CONVOLUTIONS = 2


def export_classifier(classifier: keras.Model, folder: Path) -> None:
    """Write ``model.keras``, the classifier, and what `export_graph` writes.

    Parameters
    ----------
    classifier
        A trained classifier.
    folder
        An existing folder.
    """
    uncompiled = keras.Model(classifier.input, classifier.output, name=classifier.name)
    uncompiled.save(folder / KERAS_FILE)  # loads without our functions, which training needs
    export_graph(classifier, folder)


def export_graph(classifier: keras.Model, folder: Path) -> Path:
    """Write ``model.onnx`` and, in fp16, ``model.xml`` with ``model.bin``.

    Both take the input of the classifier and return ``probability``, ``cam`` and ``features``. The
    beginning of the second is computed in fp32 wherever it runs.

    Parameters
    ----------
    classifier, folder
        As for `export_classifier`.

    Returns
    -------
    pathlib.Path
        ``model.xml``.
    """
    explained = ExplainedClassifier(classifier)
    with _eager_garbage_collection():
        tf2onnx.convert.from_function(
            explained.infer,
            input_signature=[explained.signature],
            opset=_ONNX_OPSET,
            output_path=str(folder / ONNX_FILE),
        )
    graph = openvino.convert_model(folder / ONNX_FILE)
    openvino.save_model(graph, folder / OPENVINO_FILE, compress_to_fp16=True)
    _keep_beginning_exact(folder / OPENVINO_FILE)
    return folder / OPENVINO_FILE


def _keep_beginning_exact(graph: Path) -> None:
    """Mark all up to the third convolution as precise, which bf16 and fp16 then pass over.

    OpenVINO has this attribute in its files, but not in its Python interface.
    """
    tree = ET.parse(graph)  # noqa: S314 - just written
    convolutions = 0
    for layer in tree.iterfind("layers/layer"):  # in the order in which they are computed
        convolutions += layer.get("type") in _CONVOLUTIONS
        if convolutions > _EXACT_CONVOLUTIONS:
            break
        if layer.get("type") not in ("Parameter", "Const"):
            after_data = 0 if layer.find("data") is None else 1
            information = layer.find("rt_info")
            if information is None:
                information = ET.Element("rt_info")
                layer.insert(after_data, information)
            ET.SubElement(information, "attribute", name="precise", version="0")
    tree.write(graph, encoding="utf-8", xml_declaration=True)


@contextmanager
def _eager_garbage_collection() -> Iterator[None]:
    """Collect often, and only what is new.

    The converter copies the graph with its weights at each of its passes. Python lets such copies
    pile up while much older memory is alive: half a gigabyte, at the peak of a training.
    """
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.collect()
    gc.set_threshold(700, 2, 1)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
