"""Makes pictures.json: small files of many kinds, and their pixels as pillow sees them.

    python pictures.py > pictures.json    # pillow 13.0.0, numpy 2.4.6

Pixels are RGB bytes, row by row, of ImageOps.exif_transpose(picture).convert("RGB"), or
for pictures with transparency of a composition with the background that is named.
"""

import base64
import io
import json

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin


def gradient(w=12, h=8):
    y, x = np.mgrid[0:h, 0:w]
    return np.stack([x * 20, y * 30, 255 - x * 10 - y * 10], -1).astype(np.uint8)


def saved(img, kind, **settings):
    b = io.BytesIO()
    img.save(b, kind, **settings)
    return b.getvalue()


def exif(orientation):
    e = Image.Exif()
    e[0x0112] = orientation
    return e.tobytes()


pictures = []


def add(name, file, background=None):
    img = Image.open(io.BytesIO(file))
    img = ImageOps.exif_transpose(img)
    if background is not None:
        img = img.convert("RGBA")
        img = Image.alpha_composite(Image.new("RGBA", img.size, (background,) * 3 + (255,)), img)
    img = img.convert("RGB")
    pictures.append(
        {
            "name": name,
            "file": base64.b64encode(file).decode(),
            "width": img.size[0],
            "height": img.size[1],
            "pixels": base64.b64encode(img.tobytes()).decode(),
        }
    )


def segments(jpeg, drop=b"", change=None):
    """Returns a JPEG without the segments that begin with drop, or with these changed."""
    out, at = jpeg[:2], 2
    while jpeg[at + 1] != 0xDA:
        size = int.from_bytes(jpeg[at + 2 : at + 4], "big") + 2
        seg = jpeg[at : at + size]
        if not seg[4:].startswith(drop):
            out += seg
        elif change:
            out += change(seg)
        at += size
    return out + jpeg[at:]


rgb = Image.fromarray(gradient())
for o in range(1, 9):
    add(f"jpeg {o}", saved(rgb, "JPEG", quality=95, subsampling=0, exif=exif(o)))
    add(f"png {o}", saved(rgb, "PNG", exif=exif(o)))
big = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
add("jpeg, big-endian 6", saved(rgb, "JPEG", quality=95, subsampling=0, exif=big))
add("jpeg, orientation 9", saved(rgb, "JPEG", quality=95, subsampling=0, exif=exif(9)))
add("grey jpeg 8", saved(rgb.convert("L"), "JPEG", quality=95, exif=exif(8)))

ink = np.stack([gradient()[..., 0], gradient()[..., 1], gradient()[..., 2], gradient()[..., 1] // 2], -1)
cmyk = saved(Image.fromarray(ink, "CMYK"), "JPEG", quality=95, subsampling=0)
add("cmyk", cmyk)
add("cmyk without Adobe's marker", segments(cmyk, b"Adobe"))
add("ycck", segments(cmyk, b"Adobe", lambda s: s[:-1] + b"\x02"))
add("cmyk 6", saved(Image.fromarray(ink, "CMYK"), "JPEG", quality=95, subsampling=0, exif=exif(6)))

palette = rgb.quantize(8)
add("palette", saved(palette, "PNG"))
dark = Image.fromarray(gradient() // 3).quantize(8)
light = Image.fromarray(255 - gradient() // 3).quantize(8)
alphas = bytes([0, 32, 64, 128, 200, 255, 255, 255])
add("dark palette with alpha", saved(dark, "PNG", transparency=alphas), 255)
add("light palette with alpha", saved(light, "PNG", transparency=alphas), 0)

alpha = (np.mgrid[0:8, 0:12][1] * 23).astype(np.uint8)[..., None]
add("dark rgba", saved(Image.fromarray(np.concatenate([gradient() // 3, alpha], -1)), "PNG"), 255)
add("light rgba", saved(Image.fromarray(np.concatenate([255 - gradient() // 3, alpha], -1)), "PNG"), 0)
add("dark grey with alpha", saved(Image.fromarray(np.concatenate([gradient()[..., :1] // 3, alpha], -1), "LA"), "PNG"), 255)
add("light grey with alpha", saved(Image.fromarray(np.concatenate([255 - gradient()[..., :1] // 3, alpha], -1), "LA"), "PNG"), 0)
add("white on nothing", saved(Image.fromarray(np.concatenate([np.full((8, 12, 3), 255, np.uint8), alpha], -1)), "PNG"), 0)
add("nothing", saved(Image.new("RGBA", (3, 2), (7, 8, 9, 0)), "PNG"), 255)
add("grey", saved(rgb.convert("L"), "PNG"))
add("bilevel", saved(rgb.convert("1"), "PNG"))

print(json.dumps(pictures, indent=0))
