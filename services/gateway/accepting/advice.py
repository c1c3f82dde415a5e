"""What to do about a photo that was not accepted, in the reader's language.

Workers store codes and numbers; the words are here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from werkzeug.datastructures import LanguageAccept

ENGLISH, CHINESE = "en", "zh"
LANGUAGES: Final = (ENGLISH, CHINESE)

ADVICE: Mapping[str, tuple[str, str]] = {
    # the quality gate
    "too_small": (
        "The photo is too small. Send the original, or take one closer to the item.",
        "照片尺寸太小，请上传原图，或靠近物品重新拍摄。",
    ),
    "blurred": (
        "The photo is blurred. Hold the phone still, tap the item to focus, and take it again.",
        "照片模糊。请拿稳手机，轻点物品对焦后重新拍摄。",
    ),
    "too_dark": (
        "The photo is too dark. Take it again in more light, or turn the flash on.",
        "照片太暗。请在光线充足处重新拍摄，或打开闪光灯。",
    ),
    "too_bright": (
        "The photo is too bright. Take it again with less light behind the item or without flash.",
        "照片太亮。请避开逆光或关闭闪光灯后重新拍摄。",
    ),
    "overexposed": (
        "Most of the photo is burnt out. Move out of direct light and take it again.",
        "照片大部分过曝。请避开直射光后重新拍摄。",
    ),
    "low_contrast": (
        "The item hardly stands out. Put it on a ground of another colour and take the photo again.",
        "物品与背景难以区分。请换一个颜色不同的背景重新拍摄。",
    ),
    "box_too_small": (
        "The part to search is too small. Choose a larger one.",
        "选择的区域太小，请选大一些。",
    ),
    # reading the file
    "undecodable": (
        "The file is damaged or not a photo. Save it as JPEG and send that.",
        "文件已损坏或不是照片。请另存为 JPEG 后重新上传。",
    ),
    "empty_image": ("The file is empty. Choose the photo again.", "文件是空的，请重新选择照片。"),
    "unsupported_format": (
        "This kind of file is not read here. Send JPEG, PNG, WebP, GIF or BMP.",
        "不支持这种文件格式。请上传 JPEG、PNG、WebP、GIF 或 BMP。",
    ),
    "too_large": ("The file is too large. Send a smaller one.", "文件太大，请上传小一些的文件。"),
    "too_many_pixels": (
        "The photo has too many pixels. Reduce it, or send it as JPEG.",
        "照片像素过多。请缩小后上传，或改用 JPEG 格式。",
    ),
    "side_too_long": ("The photo is too wide or too high. Reduce it.", "照片的边长过大，请缩小后上传。"),
    "aspect_ratio": ("The photo is a narrow strip. Crop it to the item.", "照片过于狭长，请裁剪出物品部分。"),
    "decode_timeout": (
        "Reading this file took too long. Save it as JPEG and send that.",
        "读取该文件耗时过长。请另存为 JPEG 后重新上传。",
    ),
    "decode_memory": (
        "Reading this file takes too much memory. Reduce the photo, or save it as JPEG.",
        "读取该文件占用内存过多。请缩小照片或另存为 JPEG。",
    ),
    "decode_crashed": (
        "This file cannot be read. Save it as JPEG and send that.",
        "无法读取该文件。请另存为 JPEG 后重新上传。",
    ),
    # getting the bytes
    "url_blocked": (
        "The address leads to a network that is not fetched from. Send the photo itself.",
        "该网址指向不允许访问的网络，请直接上传照片。",
    ),
    "url_failed": (
        "The photo could not be fetched from its address. Check it, or send the photo itself.",
        "无法从该网址获取照片。请检查网址，或直接上传照片。",
    ),
    "url_too_large": (
        "What the address answers is too large. Send a smaller photo.",
        "该网址返回的文件过大，请使用小一些的照片。",
    ),
    "no_image": ("There is no such image any more. Send the photo again.", "图片已不存在，请重新上传照片。"),
    "object_missing": (
        "The object store has nothing under this key. Check the key.",
        "对象存储中没有该键，请检查键名。",
    ),
    "path_not_allowed": (
        "The path leads out of the data folder, or none is set. Use an address or an upload.",
        "路径不在数据目录内或未设置数据目录。请改用网址或上传。",
    ),
    "file_missing": ("There is no such file in the data folder.", "数据目录中没有这个文件。"),
    # ours
    "model_failed": (
        "The model could not process this photo. Try another one.",
        "模型无法处理这张照片，请换一张试试。",
    ),
}

OTHERWISE: Final = ("This photo cannot be used. Try another one.", "无法使用这张照片，请换一张试试。")


def language_of(accepted: LanguageAccept) -> str:
    """The first of the reader's languages that is spoken here, else English."""
    return accepted.best_match(LANGUAGES, default=ENGLISH) or ENGLISH


def advise(code: str, language: str) -> str:
    return ADVICE.get(code, OTHERWISE)[LANGUAGES.index(language)]
