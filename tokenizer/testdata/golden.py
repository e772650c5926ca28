"""Makes gpt2.json, bert.json, roberta.json and golden.json: small tokenizers that HuggingFace's tokenizers learns
from corpus.txt, and what it makes of texts.

    pip install tokenizers==0.23.3 && python golden.py
"""
import json
import pathlib

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

here = pathlib.Path(__file__).parent
corpus = (here / "corpus.txt").read_text(encoding="utf-8").split("\n")

TEXTS = [
    "", " ", "Hello, world!", "  two  spaces\n\nand lines\t\tand tabs  ", "It's we'll they've I'm you're he'd can't DON'T 's",
    "naïve café Ünïcödé İstanbul ẞ ſ Å Å ﬁ ½ ² Ⅷ ٣", "日本語のテキスト 漢字kanji 한국어 ภาษาไทย हिन्दी", "emoji 😀👍🏽 👨‍👩‍👧 ⚡️",
    "snake_case CamelCase x=3.14; y += 1e-5 // 100% $5.00 ^~`|<>", "zero\u200bwidth nb\u00a0space\u3000wide\u2028line\u0085next",
    "control\x00\x01\x7f\ufffd\ue000 end", "a" * 130, "the quick brown fox jumps over the lazy dog, again and again.",
    "<|endoftext|>start<|endoftext|> mid <|endoftext|>", "[CLS] hello [MASK] . [SEP]", "one<sep> two <sep>three, mask <mask>  x",
    "he said \"'quoted' — dash…\" – «guillemets» “curly”", "words don ' t do not n't , they 's . right ?",
    "\u0378unassigned \u1e9e\u0149 \U0001d7d8 \u0f33 \u00b2\u2460", "A\u0301 e\u0301\u0323 \u0430\u0306 \u1100\u1161\u11a8", "word wordy special specialword a special. Xspecial",
]
PAIRS = [("hello there", "the fox"), ("", "x"), ("a b", "")]


def cases(name, tok):
    tok.save(str(here / (name + ".json")))
    out = []
    for text in TEXTS:
        ids = tok.encode(text).ids
        bare = tok.encode(text, add_special_tokens=False).ids
        out.append({"text": text, "ids": ids, "bare": bare, "decoded": tok.decode(ids), "kept": tok.decode(ids, skip_special_tokens=False)})
    pairs = []
    for a, b in PAIRS:
        e = tok.encode(a, b)
        pairs.append({"first": a, "second": b, "ids": e.ids, "segments": e.type_ids})
    return {"texts": out, "pairs": pairs, "size": tok.get_vocab_size()}


golden = {}

gpt2 = Tokenizer(models.BPE())
gpt2.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
gpt2.decoder = decoders.ByteLevel()
gpt2.post_processor = processors.ByteLevel(trim_offsets=False)
trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
gpt2.train_from_iterator(corpus, trainer)
golden["gpt2"] = cases("gpt2", gpt2)

rare = Tokenizer(models.BPE())
rare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
trainer = trainers.BpeTrainer(vocab_size=2000, min_frequency=3, special_tokens=["<s>", "</s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
rare.train_from_iterator(corpus, trainer)
model = json.loads(rare.to_str())["model"]
golden["trained"] = {"vocab": model["vocab"], "merges": model["merges"]}

roberta = Tokenizer(models.BPE.from_file if False else models.BPE(vocab=gpt2.get_vocab(), merges=[tuple(m) for m in json.loads(gpt2.to_str())["model"]["merges"]]))
roberta.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
roberta.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
roberta.decoder = decoders.ByteLevel()
roberta.add_special_tokens(["<s>", "</s>", AddedToken("<mask>", lstrip=True, normalized=False)])
roberta.add_tokens([AddedToken("<sep>", rstrip=True), AddedToken("special", single_word=True), AddedToken("Hello", normalized=True), "wordy"])
roberta.post_processor = processors.RobertaProcessing(("</s>", roberta.token_to_id("</s>")), ("<s>", roberta.token_to_id("<s>")))
roberta.enable_truncation(40)
golden["roberta"] = cases("roberta", roberta)

bert = Tokenizer(models.WordPiece(unk_token="[UNK]"))
bert.normalizer = normalizers.BertNormalizer(lowercase=True)
bert.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
bert.decoder = decoders.WordPiece()
trainer = trainers.WordPieceTrainer(vocab_size=500, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False)
bert.train_from_iterator(corpus, trainer)
bert.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
    special_tokens=[("[CLS]", bert.token_to_id("[CLS]")), ("[SEP]", bert.token_to_id("[SEP]"))])
golden["bert"] = cases("bert", bert)

bert.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=True, clean_text=False, handle_chinese_chars=False)
bert.post_processor = processors.Sequence([processors.ByteLevel(), processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))])
bert.decoder = decoders.WordPiece(cleanup=False)
golden["cased"] = cases("cased", bert)

(here / "golden.json").write_text(json.dumps(golden, ensure_ascii=False, indent=0, sort_keys=True), encoding="utf-8")
