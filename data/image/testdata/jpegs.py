"""Makes jpegs.json: small JPEGs of every sampling of colors, and their pixels as pillow,
which uses libjpeg-turbo, decodes them.

    python jpegs.py > jpegs.json    # pillow 13.0.0, numpy 2.4.6

Pixels are RGB bytes, row by row, of picture.convert("RGB").
"""

import base64
import io
import json

import numpy as np
from PIL import Image


def saved(img, **settings):
    b = io.BytesIO()
    img.save(b, "JPEG", **settings)
    return b.getvalue()


def stripes(w, h):
    """Red and blue, 3 pixels wide, as sharp as edges of color can be."""
    y, x = np.mgrid[0:h, 0:w]
    red = ((x + y // 5) // 3 % 2 == 0)[..., None]
    return np.where(red, [255, 0, 0], [0, 0, 255]).astype(np.uint8)


def photo(w, h, channels=3):
    rng = np.random.default_rng(w * 100 + h)
    y, x = np.mgrid[0:h, 0:w]
    waves = [128 + 100 * np.sin(x / (3 + c) + c) * np.cos(y / (4 + c)) for c in range(channels)]
    return np.clip(np.stack(waves, -1) + rng.normal(0, 8, (h, w, channels)), 0, 255).astype(np.uint8)


# A baseline encoder, for samplings that pillow does not write. T.81, annexes A, F, K.
ZIGZAG = sorted(range(64), key=lambda i: (i // 8 + i % 8, i // 8 if (i // 8 + i % 8) % 2 else i % 8))
DCT = np.array([[np.sqrt((1 if k else 0.5) / 4) * np.cos((2 * n + 1) * k * np.pi / 16) for n in range(8)] for k in range(8)])


def segments(jpeg):
    at = 2
    while True:
        size = int.from_bytes(jpeg[at + 2 : at + 4], "big") + 2
        yield jpeg[at + 1], jpeg[at : at + size]
        if jpeg[at + 1] == 0xDA:
            return
        at += size


def encode(planes, factors, ids, markers=b"", apart=False):
    """Returns a JPEG of components of full size, each sampled by its factors, in a scan or apart."""
    h, w = planes[0].shape
    hm, vm = max(f[0] for f in factors), max(f[1] for f in factors)
    model = list(segments(saved(Image.new("L", (8, 8)), quality=85)))
    quant = next(s for m, s in model if m == 0xDB)
    tables = [s for m, s in model if m == 0xC4]
    step = np.zeros(64)
    step[ZIGZAG] = list(quant[5:69])
    codes = {}
    for s in tables:
        code, k = 0, 21
        for bits in range(1, 17):
            for _ in range(s[4 + bits]):
                codes[s[4] >> 4, s[k]] = format(code, f"0{bits}b")
                code, k = code + 1, k + 1
            code <<= 1
    out = b"\xff\xd8" + markers + quant
    out += b"\xff\xc0" + (8 + 3 * len(planes)).to_bytes(2, "big") + b"\x08" + h.to_bytes(2, "big") + w.to_bytes(2, "big") + bytes([len(planes)])
    for i, (fh, fv) in zip(ids, factors):
        out += bytes([i, fh << 4 | fv, 0])
    out += b"".join(tables)
    mh, mv = -(-w // (8 * hm)), -(-h // (8 * vm))
    small = []
    for p, (fh, fv) in zip(planes, factors):
        p = np.pad(p.astype(float), ((0, mv * 8 * vm - h), (0, mh * 8 * hm - w)), "edge")
        small.append(p.reshape(p.shape[0] * fv // vm, vm // fv, p.shape[1] * fh // hm, hm // fh).mean((1, 3)) - 128)
    def number(v):
        n = abs(v).bit_length()
        return n, format(v if v > 0 else v + (1 << n) - 1, f"0{n}b") if n else ""

    def scan(components, units):
        """Returns a scan of components in units of blocks (component, row, column)."""
        head = (6 + 2 * len(components)).to_bytes(2, "big") + bytes([len(components)])
        head += b"".join(bytes([ids[c], 0]) for c in components) + bytes([0, 63, 0])
        bits, last = "", [0] * len(planes)
        for c, by, bx in units:
            block = DCT @ small[c][8 * by : 8 * by + 8, 8 * bx : 8 * bx + 8] @ DCT.T
            z = np.round(block.ravel() / step).astype(int)[ZIGZAG].tolist()
            n, text = number(z[0] - last[c])
            last[c] = z[0]
            bits += codes[0, n] + text
            run = 0
            while z and z[-1] == 0:
                z.pop()
            for v in z[1:]:
                if v == 0:
                    run += 1
                    continue
                while run > 15:
                    bits, run = bits + codes[1, 0xF0], run - 16
                n, text = number(v)
                bits += codes[1, run << 4 | n] + text
                run = 0
            if len(z) < 64:
                bits += codes[1, 0]
        bits += "1" * (-len(bits) % 8)
        body = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
        return b"\xff\xda" + head + body.replace(b"\xff", b"\xff\x00")

    if apart:
        for c, (fh, fv) in enumerate(factors):
            columns, rows = -(-w * fh // (8 * hm)), -(-h * fv // (8 * vm))
            out += scan([c], ((c, by, bx) for by in range(rows) for bx in range(columns)))
    else:
        out += scan(
            range(len(planes)),
            (
                (c, by, bx)
                for my in range(mv)
                for mx in range(mh)
                for c, (fh, fv) in enumerate(factors)
                for by in range(my * fv, my * fv + fv)
                for bx in range(mx * fh, mx * fh + fh)
            ),
        )
    return out + b"\xff\xd9"


JFIF = b"\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0"


def adobe(transform):
    return b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform])


def components(rgb):
    p = np.array(Image.fromarray(rgb).convert("YCbCr"))
    return [p[..., i] for i in range(3)]


jpegs = []


def add(name, file):
    img = Image.open(io.BytesIO(file)).convert("RGB")
    jpegs.append(
        {
            "name": name,
            "file": base64.b64encode(file).decode(),
            "width": img.size[0],
            "height": img.size[1],
            "pixels": base64.b64encode(img.tobytes()).decode(),
        }
    )


for kind, make in (("stripes", stripes), ("photo", photo)):
    for s, name in enumerate(("4:4:4", "4:2:2", "4:2:0")):
        for w, h in ((19, 17), (24, 16)):
            add(f"{kind} {name} {w}x{h}", saved(Image.fromarray(make(w, h)), quality=90, subsampling=s))
    add(f"{kind} progressive 4:2:0", saved(Image.fromarray(make(21, 18)), quality=90, subsampling=2, progressive=True))
    add(f"{kind} grey", saved(Image.fromarray(make(13, 11)).convert("L"), quality=90))
    y = components(make(19, 21))
    for name, first in (("4:4:0", (1, 2)), ("4:1:1", (4, 1)), ("4:1:0", (4, 2)), ("4:2:2", (2, 1))):
        add(f"{kind} {name}", encode(y, [first, (1, 1), (1, 1)], [1, 2, 3], JFIF))
for w, h in ((1, 1), (2, 2), (3, 1), (1, 3), (4, 5), (5, 4), (6, 7)):
    add(f"tiny 4:2:0 {w}x{h}", saved(Image.fromarray(stripes(w, h)), quality=95, subsampling=2))
    add(f"tiny 4:4:0 {w}x{h}", encode(components(stripes(w, h)), [(1, 2), (1, 1), (1, 1)], [1, 2, 3], JFIF))

for w, h in ((37, 29),):
    img = Image.fromarray(photo(w, h))
    for s, name in enumerate(("4:4:4", "4:2:2", "4:2:0")):
        add(f"progressive {name} {w}x{h}", saved(img, quality=95, subsampling=s, progressive=True))
        add(f"restarts {name} {w}x{h}", saved(img, quality=80, subsampling=s, restart_marker_blocks=2))
        add(f"progressive, restarts {name} {w}x{h}", saved(img, quality=80, subsampling=s, progressive=True, restart_marker_rows=1))
        add(f"scans apart {name} {w}x{h}", encode(components(photo(w, h)), [(1 + (s > 0), 1 + (s > 1)), (1, 1), (1, 1)], [1, 2, 3], JFIF, True))
    add(f"best {w}x{h}", saved(img, quality=100, subsampling=0, optimize=True))
    add(f"worst {w}x{h}", saved(img, quality=1))
    add(f"progressive grey {w}x{h}", saved(img.convert("L"), quality=90, progressive=True))
    add(f"progressive CMYK {w}x{h}", saved(Image.fromarray(photo(w, h, 4), "CMYK"), quality=90, progressive=True))
    y = components(photo(w, h))
    add(f"colors finer than luma {w}x{h}", encode(y, [(1, 1), (2, 2), (1, 2)], [1, 2, 3], JFIF))

rgb = photo(19, 17)
planes = [rgb[..., i] for i in range(3)]
ones, half = [(1, 1)] * 3, [(2, 2), (1, 1), (1, 1)]
add("RGB by Adobe's marker", encode(planes, ones, [1, 2, 3], adobe(0)))
add("RGB by names", encode(planes, ones, b"RGB"))
add("RGB, sampled", encode(planes, half, b"RGB", adobe(0)))
add("RGB by names, not by JFIF", encode(components(rgb), half, b"RGB", JFIF))
add("RGB by names, not by Adobe's marker", encode(components(rgb), half, b"RGB", adobe(1)))
add("no marker", encode(components(rgb), half, [1, 2, 3]))
add("no marker, other names", encode(components(rgb), half, [0, 1, 2]))

ink = photo(19, 17, 4)
planes = [255 - ink[..., i] for i in range(4)]
add("CMYK", encode(planes, [(1, 1)] * 4, [1, 2, 3, 4], adobe(0)))
add("CMYK, sampled", encode(planes, half + [(2, 2)], [1, 2, 3, 4], adobe(0)))
add("CMYK without Adobe's marker", encode(planes, [(1, 1)] * 4, b"CMYK"))
planes = components(ink[..., :3].copy()) + planes[3:]
add("YCCK", encode(planes, [(1, 1)] * 4, [1, 2, 3, 4], adobe(2)))
add("YCCK, sampled", encode(planes, half + [(2, 2)], [1, 2, 3, 4], adobe(2)))
add("YCCK, sampled, by 1", encode(planes, half + [(2, 2)], [1, 2, 3, 4], adobe(1)))

print(json.dumps(jpegs, indent=0))
