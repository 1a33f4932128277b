"""What is published of the encoders: vector lengths, files and where they lie, sizes, licences."""

from __future__ import annotations

from core.encoders.family import Card

# channels of the five stages of lite0, at 1/2 to 1/32 of the input
PYRAMID_DIMS = (16, 24, 40, 112, 320)
FPN_LEVELS = ("P2", "P3", "P4", "P5", "pool")
FPN_DIM = 256  # Lin et al. 2017, section 3
FPN_FILE = "fasterrcnn_resnet50_fpn_coco-258fb6c6.pth"
HUB_FILES = ("model.safetensors", "pytorch_model.bin")
CLIP_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
OTHER_LICENCE = "see the model's page"

CLIP_CARDS = {
    "clip:ViT-B-32/laion2b_s34b_b79k": Card(
        "CLIP ViT-B/32 (LAION-2B): content in words",
        512,
        605,
        "MIT",
        "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
    ),
    "clip:ViT-B-32/openai": Card(
        "CLIP ViT-B/32 (OpenAI)", 512, 605, "MIT", "timm/vit_base_patch32_clip_224.openai"
    ),
    "clip:ViT-B-16/laion2b_s34b_b88k": Card(
        "CLIP ViT-B/16 (LAION-2B): finer patches",
        512,
        599,
        "MIT",
        "laion/CLIP-ViT-B-16-laion2B-s34B-b88K",
    ),
    "clip:ViT-L-14/openai": Card(
        "CLIP ViT-L/14 (OpenAI): sharper, eight times the work",
        768,
        1710,
        "MIT",
        "timm/vit_large_patch14_clip_224.openai",
    ),
    "clip:ViT-L-14-336/openai": Card(
        "CLIP ViT-L/14 at 336 px (OpenAI): the encoder of CMMD",
        768,
        1710,
        "MIT",
        "timm/vit_large_patch14_clip_336.openai",
    ),
}
TIMM_CARDS = {
    "timm:vit_small_patch14_dinov2.lvd142m": Card(
        "DINOv2 ViT-S/14: self-supervised, shape and parts", 384, 88, "Apache-2.0"
    ),
    "timm:vit_base_patch14_dinov2.lvd142m": Card("DINOv2 ViT-B/14", 768, 346, "Apache-2.0"),
    "timm:convnext_tiny.fb_in22k": Card("ConvNeXt-T (ImageNet-22k)", 768, 178, "Apache-2.0"),
    "timm:resnet50.a1_in1k": Card("ResNet-50 (ImageNet-1k)", 2048, 102, "Apache-2.0"),
}


# --- lite0 and its stages -------------------------------------------------------------------------
