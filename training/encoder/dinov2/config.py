"""``config.json`` of a DINOv2 encoder: its sizes, and refusals of what the export does not know."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import EncoderError

ARCHITECTURE = "Dinov2Model"


class Dinov2Config(BaseModel):
    """Sizes under transformers' own names; a field that may be left out has transformers' default.

    Other fields of the file (drop-out, initialisation, names of stages) change nothing in use.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    model_type: Literal["dinov2"]
    architectures: tuple[str, ...] = Field(strict=False)
    hidden_size: Annotated[int, Field(ge=1, le=8192)]
    num_hidden_layers: Annotated[int, Field(ge=1, le=128)]
    num_attention_heads: Annotated[int, Field(ge=1, le=128)]
    image_size: Annotated[int, Field(ge=14, le=2048)]
    patch_size: Annotated[int, Field(ge=1, le=256)]
    num_channels: Literal[3] = 3
    mlp_ratio: Annotated[float, Field(gt=0, le=64)] = 4.0
    hidden_act: Literal["gelu"] = "gelu"
    layer_norm_eps: Annotated[float, Field(gt=0, le=1e-2)] = 1e-6
    qkv_bias: bool = True
    use_swiglu_ffn: Literal[False] = False

    @property
    def mlp_width(self) -> int:
        """Width of the MLP's hidden layer."""
        return int(self.hidden_size * self.mlp_ratio)

    @property
    def trained_grid(self) -> int:
        """Patches along one side of the images that the positions were trained on."""
        return self.image_size // self.patch_size


def parse_config(fields: dict[str, Any]) -> Dinov2Config:
    """Check the fields of ``config.json``.

    Raises
    ------
    EncoderError
        ``IMPORT_UNSUPPORTED`` for a relative of the family that the export does not know, ``IMPORT_CONFIG`` for
        everything else that is not a DINOv2 encoder.
    """
    if fields.get("model_type") == "dinov2_with_registers":
        raise EncoderError(
            "IMPORT_UNSUPPORTED",
            "the encoder has register tokens, which are neither class nor patches: the heat maps of a pack have no "
            "place for what the class token reads from them",
            "import the encoder of the same size without registers",
        )
    if fields.get("model_type") == "dinov2" and fields.get("use_swiglu_ffn") is True:
        raise EncoderError(
            "IMPORT_UNSUPPORTED",
            "the encoder's MLPs are SwiGLU (DINOv2-giant); the heat maps know the MLP with GELU only, and its weights "
            "are too large for one ONNX file",
            "import DINOv2 small, base or large, or RAD-DINO",
        )
    try:
        config = Dinov2Config.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _not_read(f"{where}: {first['msg']}, but it is {fields.get(where, 'not there')!r:.80}") from error
    if ARCHITECTURE not in config.architectures:
        raise _not_read(f"its architecture is {', '.join(config.architectures) or 'not named'}, not {ARCHITECTURE}")
    if config.hidden_size % config.num_attention_heads:
        raise _not_read(f"{config.hidden_size} dimensions cannot be shared by {config.num_attention_heads} heads")
    return config


def _not_read(why: str) -> EncoderError:
    return EncoderError(
        "IMPORT_CONFIG",
        f"config.json is not that of a DINOv2 encoder ({why})",
        "name the folder of a Dinov2Model, such as RAD-DINO",
    )
