"""Read the tensors of an old-style PyTorch checkpoint without PyTorch.

Files written by ``torch.save`` before version 1.6 are a row of pickles (magic number, protocol,
system information, the object, the storage keys) followed by the raw bytes of each storage. The
unpickler below knows only the few names that a plain state dictionary uses, so that a hostile
file cannot make it run anything.
"""

import pickle
import struct
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tumorscope.errors import InputError

_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_PROTOCOL_VERSION = 1001
_DTYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


@dataclass
class _Storage:
    dtype: str
    values: NDArray[Any] = field(default_factory=lambda: np.empty(0))


@dataclass
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def to_array(self) -> NDArray[Any]:
        last = self.offset + sum(
            (n - 1) * step for n, step in zip(self.shape, self.strides, strict=True)
        )
        if min(self.shape, default=1) < 1 or min((self.offset, *self.strides)) < 0:
            raise ValueError("a tensor has an impossible shape")
        if last >= self.storage.values.size:
            raise ValueError("a tensor reaches past the end of its storage")
        strides = [step * self.storage.values.itemsize for step in self.strides]
        view = np.lib.stride_tricks.as_strided(
            self.storage.values[self.offset :], self.shape, strides, writeable=False
        )
        return view.copy()


class _StateDictUnpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise pickle.UnpicklingError(f"{module}.{name} does not belong in a state dictionary")

    def persistent_load(self, pid: Any) -> _Storage:
        _, dtype, key, _, _, _ = pid
        return self.storages.setdefault(key, _Storage(dtype))


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


def read_state_dict(path: Path) -> dict[str, NDArray[Any]]:
    """Read every tensor of a state dictionary saved by PyTorch before version 1.6.

    Parameters
    ----------
    path
        The checkpoint (``.pth``), little-endian float32 or int64 storages.

    Returns
    -------
    dict
        Tensor name to array, in the order of the file, PyTorch's axis order.

    Raises
    ------
    InputError
        The file is no such checkpoint, is damaged, or holds anything but tensors.
    """
    try:
        with path.open("rb") as file:
            return _read_tensors(file)
    except (pickle.UnpicklingError, ValueError, TypeError, AttributeError, EOFError) as error:
        raise InputError(f"{path}: not a PyTorch state dictionary (before 1.6): {error}") from error


def _read_tensors(file: BinaryIO) -> dict[str, NDArray[Any]]:
    if _load(file) != _MAGIC_NUMBER or _load(file) != _PROTOCOL_VERSION:
        raise ValueError("unknown header")
    _load(file)  # system information: byte order and sizes of C types
    unpickler = _StateDictUnpickler(file)
    tensors: dict[str, _Tensor] = unpickler.load()
    for key in _load(file):
        _read_storage(file, unpickler.storages[key])
    return {name: tensor.to_array() for name, tensor in tensors.items()}


def _load(file: BinaryIO) -> Any:
    return _StateDictUnpickler(file).load()


def _read_storage(file: BinaryIO, storage: _Storage) -> None:
    (count,) = struct.unpack("<q", file.read(8))
    dtype = np.dtype(storage.dtype)
    data = file.read(count * dtype.itemsize)
    if len(data) != count * dtype.itemsize:
        raise ValueError("the file ends in the middle of a tensor")
    storage.values = np.frombuffer(data, dtype)
