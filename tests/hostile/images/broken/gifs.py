"""GIFs that break one rule each."""

from __future__ import annotations

from tests.hostile.images import blocks
from tests.hostile.images.sound import SIZE, sound_images

W, H = SIZE


def gifs() -> dict[str, bytes]:
    sound = sound_images()["gif"]
    screen = blocks.gif_screen(W, H, 0x80) + b"\0\0\0\xff\xff\xff"
    frame = blocks.gif_frame(W, H, data=b"\2\2\x4c\1\0")
    made = {
        "gif of its screen only": blocks.gif_screen(W, H),
        "gif version 90a": b"GIF90a" + sound[6:],
        "gif version 87a with extensions": b"GIF87a" + sound_images()["gif animated"][6:],
        "gif screen of 0 x 0": blocks.gif_screen(0, 0) + frame + b";",
        "gif screen of 0 x 0 and a frame of some size": blocks.gif_screen(0, 0, 0x80)
        + screen[13:]
        + frame
        + b";",
        "gif frame of 0 x 0": screen + blocks.gif_frame(0, 0) + b";",
        "gif frame of no width": screen + blocks.gif_frame(0, H) + b";",
        "gif no frame": screen + b";",
        "gif no colours": blocks.gif_screen(W, H) + frame + b";",
        "gif colours cut off": blocks.gif_screen(W, H, 0x87) + bytes(100),
        "gif no end": screen + frame,
        "gif data cut off": screen + frame[:-2],
        "gif data without its end": screen + frame[:-1] + b";",
        "gif frame off the screen": screen
        + blocks.gif_frame(W, H, left=W, top=H, data=b"\2\2\x4c\1\0")
        + b";",
        "gif block of an unknown kind": screen + b"\x99\1x\0" + frame + b";",
        "gif extension of an unknown kind": screen + b"!\x01\x03abc\0" + frame + b";",
        "gif control of a wrong length": screen + b"!\xf9\x01\xff\0" + frame + b";",
        "gif control that never ends": screen + b"!\xf9\xff" + bytes(30),
        "gif loop block cut off": screen + b"!\xff\x0bNETSCAPE2.0\x03\1",
        "gif transparent colour beyond its palette": screen + b"!\xf9\4\1\0\0\xff\0" + frame + b";",
        "gif background beyond its palette": screen[:11] + b"\xff" + screen[12:] + frame + b";",
        "gif interlaced of one row": screen + blocks.gif_frame(W, 1, data=b"\2\2\x4c\1\0") + b";",
        "gif zeros behind its screen": screen + bytes(5_000) + frame + b";",
    }
    for size in (0, 1, 2, 8, 11, 12, 13, 31, 255):
        made[f"gif codes of {size} bits"] = (
            screen + blocks.gif_frame(W, H, data=bytes([size]) + b"\4\x84\x8f\xff\x55\0") + b";"
        )
    return made
