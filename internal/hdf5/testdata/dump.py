"""Prints what h5py reads from HDF5 files, as JSON: for every file a list of its
objects in the order of hdf5.Walk.

    python3 dump.py FILE...
"""

import hashlib
import json
import sys

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5l, h5o, h5s, h5t


def digest(b):
    return b.hex() if len(b) <= 32 else "sha256:" + hashlib.sha256(b).hexdigest()


def float_name(t):
    names = {
        (2, 15, 10, 5, 0, 10): "float16",
        (2, 15, 7, 8, 0, 7): "bfloat16",
        (4, 31, 23, 8, 0, 23): "float32",
        (8, 63, 52, 11, 0, 52): "float64",
    }
    return names.get((t.get_size(), *t.get_fields()))


def type_name(t):
    """The dtype of a type, "string", or None for what no tensor holds."""
    c = t.get_class()
    if c == h5t.STRING:
        return "string"
    if c == h5t.FLOAT:
        return float_name(t)
    if c == h5t.ENUM:
        if t.dtype == np.dtype(bool):
            return "bool"
        return type_name(t.get_super())
    if c == h5t.INTEGER:
        sign = "int" if t.get_sign() == h5t.SGN_2 else "uint"
        size = t.get_size()
        if size in (1, 2, 4, 8) and t.get_precision() == 8 * size:
            return f"{sign}{8 * size}"
    return None


def order_of(t):
    if t.get_class() == h5t.ENUM:
        t = t.get_super()
    return t.get_order()


def pack_strings(values, strpad):
    out = b""
    for v in values:
        if isinstance(v, str):
            v = v.encode("utf-8", "surrogateescape")
        v = bytes(v)
        if strpad == h5t.STR_SPACEPAD:
            v = v.rstrip(b" ")
        elif strpad == h5t.STR_NULLTERM:
            v = v.split(b"\0")[0]
        out += len(v).to_bytes(4, "little") + v
    return out


def value(t, space, read, high, bf16=False):
    """Type, shape and a digest of the elements. read reads them as they are in the
    file; high has h5py decode them, for strings."""
    name = type_name(t)
    if bf16 and t.get_class() == h5t.OPAQUE and t.get_size() == 2:
        name = "bfloat16"
    kind = space.get_simple_extent_type()
    v = {"type": name or "refused"}
    if kind == h5s.NULL:
        v["null"] = True
        return v
    shape = space.get_simple_extent_dims()
    v["shape"] = list(shape)
    v["scalar"] = kind == h5s.SCALAR
    if name is None:
        return v
    if name == "string":
        pad = h5t.STR_NULLPAD if t.is_variable_str() else t.get_strpad()
        v["data"] = digest(pack_strings(np.ravel(np.array(high(), dtype=object)), pad))
        return v
    a = np.empty(shape, dtype=f"V{t.get_size()}")
    if a.size:
        read(a, t)
    raw = a.tobytes()
    if order_of(t) == h5t.ORDER_BE if name != "bfloat16" or t.get_class() == h5t.FLOAT else False:
        raw = np.frombuffer(raw, dtype=f"u{t.get_size()}").byteswap().tobytes()
    v["data"] = digest(raw)
    return v


def attributes(obj):
    out = {}
    for i in range(h5a.get_num_attrs(obj.id)):
        a = h5a.open(obj.id, index=i)
        t, s = a.get_type(), a.get_space()
        name = a.name

        def high():
            v = obj.attrs[name]
            return [v] if isinstance(v, (str, bytes)) else v

        out[name.decode()] = value(t, s, lambda b, t: a.read(b, mtype=t), high)
    return out


def walk(group, path, seen, out):
    seen.add(h5o.get_info(group.id).addr)
    names = sorted(n for n in group.id)
    links, objects = [], []
    for n in names:
        info = group.id.links.get_info(n)
        links.append(n.decode())
        if info.type == h5l.TYPE_HARD:
            objects.append(n)
    out.append({"path": path, "names": links, "attrs": attributes(group)})
    for n in objects:
        o = group[n]
        if h5o.get_info(o.id).addr in seen or isinstance(o, h5py.Datatype):
            continue
        to = path.rstrip("/") + "/" + n.decode()
        if isinstance(o, h5py.Group):
            walk(o, to, seen, out)
            continue
        seen.add(h5o.get_info(o.id).addr)
        attrs = attributes(o)
        bf16 = "dtype" in o.attrs and o.attrs["dtype"] == "bfloat16"

        def read(b, t):
            o.id.read(h5s.ALL, h5s.ALL, b, mtype=t)

        def high():
            return o[()] if o.shape != () else [o[()]]

        if o.external or o.is_virtual or o.scaleoffset is not None or (o.size or 0) > 1 << 30:
            v = {"type": "refused", "shape": list(o.shape)}
        else:
            v = value(o.id.get_type(), o.id.get_space(), read, high, bf16)
        out.append({"path": to, "attrs": attrs, "stored": o.id.get_storage_size(), **v})


def dump(name):
    out = []
    with h5py.File(name, "r") as f:
        walk(f, "/", set(), out)
    return out


if __name__ == "__main__":
    json.dump({name: dump(name) for name in sys.argv[1:]}, sys.stdout)
