"""timm's networks by timm's names. This file alone knows timm; without the extra `timm` it cannot be imported."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import timm
from huggingface_hub import hf_hub_url, try_to_load_from_cache
from timm.models import get_pretrained_cfg
from torch import Tensor, nn

from sweep.config import ModelConfig
from sweep.errors import ConfigError, WeightsError
from sweep.models.architecture import Anatomy, blocks_of
from sweep.models.published import GIVE_A_FILE, Published

_ALL_NAMES = "all names: python -c 'import timm; print(*timm.list_models())'"


def timm_network(name: str) -> TimmNetwork:
    """The network that timm has under `name`: an architecture, or one of its pretrained variants (`resnet10t.c3_in1k`).

    Raises ConfigError when timm has none. A name that leads to another place, where code or weights of anyone's might lie
    (`hf-hub:…`, `local-dir:…`), is no name here.
    """
    names = {*timm.list_models(), *timm.list_models(include_tags=True)}
    if name not in names:
        close = difflib.get_close_matches(name, names, n=3)
        meant = f"did you mean {' or '.join(close)}? " if close else ""
        raise ConfigError(f"model.name={name!r} is not a network of timm's", meant + _ALL_NAMES)
    return TimmNetwork(name, get_pretrained_cfg(name))


@dataclass(frozen=True, slots=True)
class TimmNetwork:
    """How timm builds one of its networks and takes it apart, and where its weights come from."""

    name: str
    cfg: Any
    """timm's `PretrainedCfg`: about the published weights."""

    @property
    def mean(self) -> tuple[float, float, float]:
        red, green, blue = self.cfg.mean
        return red, green, blue

    @property
    def std(self) -> tuple[float, float, float]:
        red, green, blue = self.cfg.std
        return red, green, blue

    @property
    def native_size(self) -> int:
        return int(self.cfg.input_size[-1])

    def build(self, config: ModelConfig, num_classes: int, image_size: int) -> nn.Module:
        try:
            network = self._create(num_classes, image_size, drop_rate=config.dropout)
        except (AssertionError, TypeError, ValueError) as error:
            raise ConfigError(
                f"timm does not build {self.name} for data.image_size={image_size}: {_one_line(error)}",
                f"data.image_size={self.native_size} is what it was made for",
            ) from error
        if not self._heads(network):
            raise ConfigError(f"model.name={self.name} is an encoder without a classifier", _ALL_NAMES)
        return network

    def dissect(self, network: nn.Module) -> Anatomy:
        heads = self._heads(network)
        head = heads[0] if len(heads) == 1 else nn.ModuleList(heads)
        return Anatomy(head, tuple(_blocks_around(heads, network)))

    def last_layers(self, network: nn.Module) -> tuple[str, ...]:
        heads = self._heads(network)
        return tuple(name for name, module in network.named_modules() if any(module is head for head in heads))

    def adapt(self, config: ModelConfig, tensors: Mapping[str, Tensor], image_size: int) -> Mapping[str, Tensor]:
        """timm itself translates its older layouts and resizes what depends on the size; it is given tensors, never a file."""
        last_weight = tensors.get(f"{self._first_classifier}.weight")
        num_classes = 0 if last_weight is None else len(last_weight)
        overlay = {"state_dict": dict(tensors), "num_classes": num_classes, "label_offset": 0}
        try:
            network = self._create(num_classes, image_size, pretrained=True, pretrained_cfg_overlay=overlay)
        except Exception as error:  # what its translations raise on tensors of another network is anyone's guess
            raise ValueError(_one_line(error)) from error
        return network.state_dict()

    def published(self, config: ModelConfig) -> Published:
        source = f"{self.cfg.architecture}.{self.cfg.tag}"
        if self.cfg.hf_hub_id:
            repository, _, revision = self.cfg.hf_hub_id.partition("@")
            place = {"repo_id": repository, "filename": "model.safetensors", "revision": revision or None}
            found = try_to_load_from_cache(**place)
            elsewhere = Path(found) if isinstance(found, str) else None
            return Published(source, hf_hub_url(**place), f"{source}.safetensors", elsewhere)
        if self.cfg.url:
            return Published(source, self.cfg.url, self.cfg.url.rpartition("/")[2])
        raise WeightsError(f"timm has no pretrained weights for {self.name}", GIVE_A_FILE)

    @property
    def _first_classifier(self) -> str:
        named = self.cfg.classifier or ""
        return named if isinstance(named, str) else str(named[0])

    def _create(self, num_classes: int, image_size: int, **more: Any) -> nn.Module:
        # timm passes img_size on to the networks that are built for one size; the others would not know it.
        size: dict[str, Any] = {"img_size": image_size} if self.cfg.fixed_input_size else {}
        network: nn.Module = timm.create_model(self.name, num_classes=num_classes, **size, **more)
        return network

    def _heads(self, network: Any) -> tuple[nn.Module, ...]:
        found = network.get_classifier() if hasattr(network, "get_classifier") else ()
        return tuple(found) if isinstance(found, tuple) else (found,)


def _blocks_around(heads: tuple[nn.Module, ...], module: nn.Module) -> Iterator[nn.Module]:
    """The blocks in `module` but not in `heads`, in the order in which timm lists them: nearly always that of the way."""
    for child in module.children():
        if any(child is head for head in heads):
            continue
        if any(inner is head for inner in child.modules() for head in heads):
            yield from _blocks_around(heads, child)
        else:
            yield from blocks_of(child)


def _one_line(error: Exception) -> str:
    text = " ".join(f"{error}".split())
    return text[:200] + "…" if len(text) > 200 else text
