"""Makes the HDF5 files of the tests.

    python3 make.py         # files.zip, and want.json with what h5py reads from them
    python3 make.py DIR     # many more files, in DIR

Needs h5py, numpy and ml_dtypes. The files here were made with h5py 3.16.0 and
HDF5 2.0.0, shared.h5 with h5repack of HDF5 1.10.8.
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

import h5py
import ml_dtypes
import numpy as np
from h5py import h5d, h5p, h5s, h5t

import dump

HERE = os.path.dirname(os.path.abspath(__file__))
TEXT = h5py.string_dtype()


def some(shape, dtype="<f4"):
    """Values that differ, in a range that every dtype holds."""
    n = int(np.prod(shape, dtype=np.int64))
    return (np.arange(n) * 7 % 101).astype(dtype).reshape(shape)


def custom_float(big=False):
    t = (h5t.IEEE_F32BE if big else h5t.IEEE_F32LE).copy()
    t.set_fields(15, 7, 8, 0, 7)
    t.set_size(2)
    t.set_ebias(127)
    return t


def low(f, name, t, space, data=None, dcpl=None):
    """A dataset by the low-level interface; data is as it is to be in the file."""
    d = h5d.create(f.id, name.encode(), t, space, dcpl)
    if data is not None:
        d.write(h5s.ALL, h5s.ALL, data, mtype=t)
    return d


def c_library():
    """The library that h5py has loaded, for what h5py lacks."""
    with open("/proc/self/maps") as maps:
        names = {line.split()[-1] for line in maps if "/libhdf5-" in line or "/libhdf5.so" in line or "/libhdf5_serial.so" in line}
    lib = ctypes.CDLL(names.pop())
    lib.H5Pset_chunk_opts.argtypes = [ctypes.c_int64, ctypes.c_uint]
    lib.H5Pset_istore_k.argtypes = [ctypes.c_int64, ctypes.c_uint]
    lib.H5Pset_sym_k.argtypes = [ctypes.c_int64, ctypes.c_uint, ctypes.c_uint]
    return lib


def dtypes(f, big):
    for kind in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]:
        for order in "<>":
            dt = np.dtype(order + kind)
            name = kind + ("be" if order == ">" else "")
            if dt.kind == "f":
                v = np.array([0, -1.5, np.inf, np.nan, np.finfo(dt).tiny, np.finfo(dt).max], dt)
            else:
                v = np.array([0, 1, np.iinfo(dt).min, np.iinfo(dt).max], dt)
            f[name] = v
            f[name + "_scalar"] = v[-1]
            f.attrs[name] = v
            f.attrs[name + "_scalar"] = v[-1]
    f["bool"] = np.array([True, False, True])
    f.attrs["bool"] = np.array([[True], [False]])
    f.attrs["bool_scalar"] = True
    bf = np.array([0, 1.5, -2, np.inf], ml_dtypes.bfloat16)
    f.create_dataset("keras_bfloat16", data=bf).attrs["dtype"] = "bfloat16"
    f.create_dataset("opaque2", data=bf).attrs["dtype"] = "float16"
    for name, t in [("bfloat16", custom_float()), ("bfloat16be", custom_float(True))]:
        raw = bf.view("<u2").astype(">u2" if name.endswith("be") else "<u2").view("V2")
        low(f, name, t, h5s.create_simple((4,)), raw)
    f["empty"] = np.zeros((0, 3), "f4")
    f["null"] = h5py.Empty("f4")
    f.attrs["empty"] = np.zeros((2, 0), "i4")
    f.attrs["null"] = h5py.Empty("S3")
    # What no tensor holds.
    f["complex"] = np.arange(3).astype("c8")
    f["compound"] = np.zeros(2, [("a", "i4"), ("b", "f8")])
    f["opaque"] = np.zeros(2, "V7")
    f["reference"] = np.array([f["bool"].ref, f["bool"].ref], h5py.ref_dtype)
    f["longdouble"] = np.longdouble(1)
    f.create_dataset("array", (2,), np.dtype(("i4", (3,))))
    f.create_dataset("vlen", (2,), h5py.vlen_dtype("i4"))[0] = [1, 2]
    f.create_dataset("enum", (3,), h5py.enum_dtype({"RED": 0, "BLUE": 7}, "u2"))[:] = [7, 0, 7]
    f.attrs["compound"] = np.zeros(1, [("a", "i4")])
    low(f, "time", h5t.UNIX_D32LE, h5s.create_simple((1,)))
    low(f, "bitfield", h5t.STD_B8LE, h5s.create_simple((1,)))
    odd = h5t.STD_I32LE.copy()
    odd.set_precision(17)
    low(f, "bits17", odd, h5s.create_simple((1,)))
    rank9 = f.create_dataset("rank9", (1,) * 9, "i1")
    del f["rank9"]  # no tensor has as many axes
    del rank9


def strings(f, big):
    words = ["", "a", "grüße", "日本", "spaces  ", "x" * 9]
    f.create_dataset("vlen", data=words, dtype=TEXT)
    f.create_dataset("vlen_ascii", data=[b"a", b"bc"], dtype=h5py.string_dtype("ascii"))
    f.create_dataset("vlen_chunked", (7,), dtype=TEXT, chunks=(2,), compression="gzip")[:3] = words[1:4]
    f.create_dataset("vlen_never", (3,), dtype=TEXT)
    f["vlen_scalar"] = "one"
    for pad in [h5t.STR_NULLTERM, h5t.STR_NULLPAD, h5t.STR_SPACEPAD]:
        t = h5t.C_S1.copy()
        t.set_size(6)
        t.set_strpad(pad)
        v = np.array([b"ab\0\0\0\0", b"      ", b"abcde\0", b"a b   "], "S6")
        if pad == h5t.STR_SPACEPAD:
            v = np.char.ljust(v, 6)
        low(f, f"fixed{pad}", t, h5s.create_simple((2, 2)), v.reshape(2, 2))
    f["fixed_utf8"] = np.array("ä".encode(), h5py.string_dtype("utf-8", 4))
    f.create_dataset("fixed_gzip", data=np.array([b"one", b"two"] * 9), chunks=(4,), compression="gzip")
    f.attrs["vlen"] = words
    f.attrs["vlen_scalar"] = words[2]
    f.attrs["vlen_2d"] = np.array([["a", "b"], ["c", "d"]], TEXT)
    f.attrs["fixed"] = np.array([b"kernel:0", b"bias:0"])
    f.attrs["fixed_scalar"] = np.bytes_("tensorflow")
    f.attrs["bytes"] = np.array(b"\xff\xfe", h5py.string_dtype("ascii"))
    f.attrs["none"] = np.array([], TEXT)
    f.attrs["long"] = "0123456789abcdef" * (4500 if big else 200)


def layouts(f, big):
    f["contiguous"] = some((3, 4))
    compact = h5p.create(h5p.DATASET_CREATE)
    compact.set_layout(h5d.COMPACT)
    low(f, "compact", h5t.IEEE_F32LE, h5s.create_simple((3, 4)), some((3, 4)), compact)
    low(f, "compact_scalar", h5t.STD_I16BE, h5s.create(h5s.SCALAR), np.array(5, ">i2"), compact)
    f.create_dataset("chunked", data=some((5, 7)), chunks=(2, 3))
    f.create_dataset("chunked_wide", data=some((5, 7), ">i4"), chunks=(2, 7))
    f.create_dataset("chunked_4d", data=some((3, 2, 5, 4), "u1"), chunks=(2, 2, 2, 3))
    f.create_dataset("one_chunk", data=some((5, 7)), chunks=(5, 7))
    f.create_dataset("large_chunk", data=some((2, 3)), maxshape=(None, 9), chunks=(4, 4))
    f.create_dataset("never", (4, 5), "f4")
    f.create_dataset("never_huge", (1 << 20, 1 << 12), "f4")
    f.create_dataset("never_huge_chunked", (1 << 20, 1 << 12), "f4", chunks=(1, 1))
    f.create_dataset("never_filled", (4, 5), ">i4", fillvalue=-7)
    f.create_dataset("never_chunked", (4, 5), "f8", chunks=(3, 3), fillvalue=1.5)
    f.create_dataset("some_chunks", (9, 9), "i2", chunks=(2, 4), fillvalue=9)[3:5, 2:5] = 4
    f.create_dataset("compact_like", (0,), "i2", chunks=(2,), maxshape=(None,))
    d = f.create_dataset("shrunk", data=some((20, 6)), chunks=(3, 4), maxshape=(None, 6))
    d.resize((7, 6))
    d = f.create_dataset("grown", data=some((4, 6)), chunks=(3, 4), maxshape=(9, 6), fillvalue=3)
    d.resize((8, 6))
    d[7] = 8
    early = h5p.create(h5p.DATASET_CREATE)
    early.set_chunk((2, 3))
    early.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    low(f, "early", h5t.IEEE_F32LE, h5s.create_simple((5, 7)), some((5, 7)), early)
    low(f, "early_room", h5t.IEEE_F32LE, h5s.create_simple((3, 4), (5, 7)), some((3, 4)), early)
    f.create_dataset("external", (4,), "u1", external=[("elsewhere.bin", 0, 4)])
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "x", (4,))
    f.create_virtual_dataset("virtual", layout)


def filters(f, big):
    v = some((30, 17), "<i4")
    for name, opts in {
        "gzip": dict(compression="gzip"),
        "gzip9": dict(compression="gzip", compression_opts=9),
        "shuffle": dict(shuffle=True),
        "fletcher32": dict(fletcher32=True),
        "lzf": dict(compression="lzf"),
        "gzip_shuffle": dict(compression="gzip", shuffle=True),
        "lzf_shuffle_fletcher32": dict(compression="lzf", shuffle=True, fletcher32=True),
        "all": dict(compression="gzip", shuffle=True, fletcher32=True),
    }.items():
        f.create_dataset(name, data=v, chunks=(8, 8), **opts)
        f.create_dataset(name + "_whole", data=v, chunks=v.shape, **opts)
        f.create_dataset(name + "_odd", data=some((7, 5), "u1"), chunks=(3, 3), **opts)
        f.create_dataset(name + "_be", data=v.astype(">f8"), chunks=(30, 5), **opts)
        f.create_dataset(name + "_grow", data=v, chunks=(7, 17), maxshape=(None, 17), **opts)
        f.create_dataset(name + "_grow2", data=v, chunks=(16, 16), maxshape=(None, None), **opts)
    noise = np.random.RandomState(1).bytes(256)
    f.create_dataset("lzf_noise", data=np.frombuffer(noise, "u1"), chunks=(64,), compression="lzf")
    f.create_dataset("gzip_zeros", data=np.zeros(20000, "f4"), chunks=(10000,), compression="gzip")
    f.create_dataset("lzf_zeros", data=np.zeros(20000, "f4"), chunks=(10000,), compression="lzf")
    d = f.create_dataset("masked", (6,), "<i2", chunks=(3,), compression="gzip", shuffle=True)
    d.id.write_direct_chunk((0,), some(3, "<i2").tobytes(), filter_mask=3)
    d[3:] = [5, 6, 7]
    for name, shape in [("edges", (10,)), ("edges_2d", (5, 8))]:
        plist = h5p.create(h5p.DATASET_CREATE)
        plist.set_chunk((4,) * len(shape))
        plist.set_deflate(6)
        if c_library().H5Pset_chunk_opts(plist.id, 2) < 0:  # chunks that stick out are not filtered
            raise RuntimeError("H5Pset_chunk_opts failed")
        low(f, name, h5t.STD_I32LE, h5s.create_simple(shape), some(shape, "<i4"), plist)
    f.create_dataset("scaleoffset", data=some(9, "i4"), chunks=(3,), scaleoffset=0)


def indexes(f, big):
    """Ways to find chunks that only many chunks show."""
    one = dict(dtype="u1", chunks=(1,), fillvalue=5)
    for extra, opts in [("", {}), ("_gzip", dict(compression="gzip"))]:
        d = f.create_dataset("fixed_paged" + extra, (5000,), **one, **opts)
        for i in [0, 1, 1023, 1024, 3000, 4999]:
            d[i] = i % 200
        d = f.create_dataset("extensible" + extra, (300,), maxshape=(None,), **one, **opts)
        d[:] = some(300, "u1")
        d = f.create_dataset("extensible_paged" + extra, (140000,), maxshape=(None,), **one, **opts)
        for i in [0, 3, 4, 19, 20, 35, 36, 67, 68, 5000, 131059, 131060, 132083, 132084, 135155, 139999]:
            d[i] = i % 200
        d = f.create_dataset("extensible_axis1" + extra, data=some((3, 50, 2), "u1"), maxshape=(4, None, 2), chunks=(2, 3, 1), **opts)
        d = f.create_dataset("btree2" + extra, data=some((40, 40), "u1"), maxshape=(None, None), chunks=(2, 2), **opts)
    if big:
        f.create_dataset("fixed_many", data=some((60, 70), "u2"), chunks=(1, 1))
        f.create_dataset("extensible_many", data=some(5000, "u2"), chunks=(1,), maxshape=(None,))
        f.create_dataset("btree2_deep", data=some((150, 150), "u1"), chunks=(1, 1), maxshape=(None, None))


def group_of(n):
    def make(f, big):
        f["x"] = some(2)
        g = f.create_group("many")
        for i in range(n):
            g[str(i)] = f["x"]
        g["a_longer_name_" * 30] = f["x"]
        for track in [False, True]:
            g = f.create_group(f"ordered{track}", track_order=track)
            for i in range(12):
                g.create_group(f"member{-i}")

    return make


def links(f, big):
    a = f.create_group("a/b/c")
    a["data"] = some(3)
    f["alias"] = a["data"]
    f["soft"] = h5py.SoftLink("/a/b/c/data")
    f["a/relative"] = h5py.SoftLink("b/c/data")
    f["a/dots"] = h5py.SoftLink("./b/./c")
    f["chain"] = h5py.SoftLink("soft")
    f["dangling"] = h5py.SoftLink("/nowhere")
    f["loop1"] = h5py.SoftLink("/loop2")
    f["loop2"] = h5py.SoftLink("/loop1")
    f["self"] = h5py.SoftLink("self")
    f["through"] = h5py.SoftLink("/soft/deeper")
    f["external"] = h5py.ExternalLink("other.h5", "/path")
    a["root"] = f["/"]
    a["up"] = f["/a"]
    f[".."] = h5py.SoftLink("a")
    f["grüße"] = some(1)
    f["named"] = np.dtype("<f4")
    f.create_dataset("of_named", data=some(3), dtype=f["named"])
    f.attrs.create("of_named", some(2), dtype=f["named"])
    f["tracked"] = 1


def attributes(f, big):
    g = f.create_group("many")
    for i in range(60):
        g.attrs[f"attribute {i}"] = i
    g.attrs["grüße"] = "日本"
    d = f.create_dataset("x", data=some(3))
    d.attrs["2d"] = some((3, 4), ">f8")
    d.attrs["text"] = "x" * (70000 if big else 300)
    if f.libver[0] != "earliest" and big:
        d.attrs["huge"] = some((100, 200))
        d.attrs["huger"] = some((200, 200), "f8")
        for i in range(300):
            g.attrs[f"text {i}"] = "text " * i
    else:
        d.attrs["large"] = some((90, 180) if big else (10, 10))


def huge(f, big):
    f.attrs["huge"] = some(17000)


def odd_sizes(f, big):
    f["x"] = some((5, 4))
    f.create_dataset("chunked", data=some((5, 4)), chunks=(2, 3), compression="gzip")
    f.attrs["text"] = ["one", "two"]
    for i in range(12):
        f.create_group(f"g{i}").attrs["i"] = i


def tiny(f, big):
    """Little of everything, for tests that damage files."""
    v = some(10, "<i2")
    f.create_dataset("fixed", data=v, chunks=(3,))
    f.create_dataset("fixed_gzip", data=v, chunks=(3,), compression="gzip", shuffle=True)
    f.create_dataset("extensible", data=v, chunks=(1,), maxshape=(None,))
    f.create_dataset("extensible_lzf", data=np.zeros(30), chunks=(15,), maxshape=(None,), compression="lzf")
    f.create_dataset("btree2", data=some((3, 3), "u1"), chunks=(2, 2), maxshape=(None, None))
    f.create_dataset("btree2_sum", data=some((3, 3), "u1"), chunks=(2, 2), maxshape=(None, None), fletcher32=True)
    f.create_dataset("single", data=v, chunks=(10,), compression="gzip")
    early = h5p.create(h5p.DATASET_CREATE)
    early.set_chunk((4,))
    early.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    low(f, "implicit", h5t.STD_I16LE, h5s.create_simple((10,)), v, early)
    f.create_dataset("text", data=["one", "two"], dtype=TEXT)
    f["scalar"] = 1.5
    for i in range(9):
        f["soft" * i + "-"] = h5py.SoftLink("/scalar")
        f["scalar"].attrs[f"a{i}"] = i
    f["scalar"].attrs["words"] = ["a", "bc"]


KINDS = {
    "tiny": tiny,
    "dtypes": dtypes,
    "strings": strings,
    "layouts": layouts,
    "filters": filters,
    "indexes": indexes,
    "group": group_of(300),
    "links": links,
    "attributes": attributes,
}
VERSIONS = {"default": ("earliest", "latest"), "latest": ("latest", "latest")}


def create(name, make, libver, big=False, fcpl=None, **opts):
    if os.path.exists(name):
        os.remove(name)
    if fcpl is None:
        f = h5py.File(name, "w", libver=libver, **opts)
    else:
        fapl = h5p.create(h5p.FILE_ACCESS)
        fapl.set_libver_bounds(h5py.h5f.LIBVER_LATEST if libver[0] == "latest" else h5py.h5f.LIBVER_EARLIEST, h5py.h5f.LIBVER_LATEST)
        f = h5py.File(h5py.h5f.create(name.encode(), h5py.h5f.ACC_TRUNC, fcpl, fapl))
    with f:
        make(f, big)


def sizes(offset, length):
    p = h5p.create(h5p.FILE_CREATE)
    p.set_sizes(offset, length)
    return p


def other_nodes():
    """Nodes of other sizes than usual, which makes superblock 1."""
    p = h5p.create(h5p.FILE_CREATE)
    if c_library().H5Pset_istore_k(p.id, 3) < 0 or c_library().H5Pset_sym_k(p.id, 2, 1) < 0:
        raise RuntimeError("H5Pset_istore_k failed")
    return p


def repack(source, to, *args):
    """Shares messages between objects, which h5py cannot. Old tools stop at new files."""
    tool = shutil.which("h5repack")
    if not tool or subprocess.run([tool, *args, source, to], capture_output=True).returncode:
        print(f"no {to}: h5repack is missing or cannot read {source}", file=sys.stderr)
        if os.path.exists(to):
            os.remove(to)


def here():
    with tempfile.TemporaryDirectory() as d:
        os.chdir(d)
        for kind, make in KINDS.items():
            for version, libver in VERSIONS.items():
                create(f"{kind}-{version}.h5", make, libver)
        create("huge.h5", huge, VERSIONS["latest"])
        create("userblock.h5", odd_sizes, VERSIONS["default"], userblock_size=1024)
        create("sizes4.h5", odd_sizes, VERSIONS["default"], fcpl=sizes(4, 4))
        create("tiny-v108.h5", tiny, ("v108", "v108"))
        create("nodes.h5", odd_sizes, VERSIONS["default"], fcpl=other_nodes())
        repack("attributes-default.h5", "shared.h5", "-s", "20", "-L", "-c", "2", "-d", "1")
        files = sorted(os.listdir())
        with zipfile.ZipFile(os.path.join(HERE, "files.zip"), "w") as z:
            for name in files:
                with open(name, "rb") as f:
                    z.writestr(zipfile.ZipInfo(name), f.read(), zipfile.ZIP_DEFLATED, 9)
        want = []
        for name in files:
            objects = ",\n".join(json.dumps(o, ensure_ascii=False) for o in dump.dump(name))
            want.append(f'"{name}": [\n{objects}\n]')
        with open(os.path.join(HERE, "want.json"), "w") as f:
            f.write("{\n" + ",\n".join(want) + "\n}\n")


def matrix(to):
    os.makedirs(to, exist_ok=True)
    os.chdir(to)
    for low in ["earliest", "v108", "v110", "v112", "v114", "v200", "latest"]:
        many = low in ["earliest", "v110", "latest"]  # the others take long
        for kind, make in KINDS.items():
            if kind != "indexes" or many:
                create(f"{kind}-{low}.h5", make, (low, "latest"), big=True)
        for track in [True, False]:
            create(f"attributes-{low}-{track}.h5", attributes, (low, "latest"), big=True, track_order=track)
            create(f"links-{low}-{track}.h5", links, (low, "latest"), big=True, track_order=track)
        for n in [1, 7, 8, 9] + many * [3000]:
            create(f"group{n}-{low}.h5", group_of(n), (low, "latest"))
        create(f"userblock-{low}.h5", layouts, (low, "latest"), big=True, userblock_size=2048)
    for n in [4, 8]:
        for low in ["earliest", "latest"]:
            for m in [4, 8]:
                create(f"sizes{n}{m}-{low}.h5", odd_sizes, (low, "latest"), fcpl=sizes(n, m))
                if m == 8:  # the library cannot open what may grow with lengths of 4 bytes
                    create(f"filters{n}{m}-{low}.h5", filters, (low, "latest"), fcpl=sizes(n, m))
                    if n == 4:
                        create(f"indexes{n}{m}-{low}.h5", indexes, (low, "latest"), fcpl=sizes(n, m))
                create(f"attributes{n}{m}-{low}.h5", attributes, (low, "latest"), big=True, fcpl=sizes(n, m))
    for kind in KINDS:
        if kind in ["layouts", "links", "dtypes", "filters", "indexes"]:
            continue  # h5repack stops at links that lead nowhere and filters it lacks
        repack(f"{kind}-v110.h5", f"{kind}-shared.h5", "-s", "20", "-L")
        repack(f"{kind}-earliest.h5", f"{kind}-shared-list.h5", "-s", "20", "-c", "50")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        matrix(sys.argv[1])
    else:
        here()
