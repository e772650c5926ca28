package tokenizer

import "fmt"

// BERT returns BERT's tokenizer for a vocabulary, the lines of its vocab.txt: WordPiece with [CLS] before a text and
// [SEP] behind it. Uncased ones make letters small and drop accents.
//
// It returns an error if a token repeats, or one of [UNK], [CLS] and [SEP] is missing.
//
// Source: Devlin et al. 2019, arXiv:1810.04805; tokenizers' BertWordPieceTokenizer.
func BERT(vocabulary []string, uncased bool) (*Tokenizer, error) {
	t, err := bert(vocabulary, uncased)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: BERT: %w", err)
	}
	return t, nil
}

func bert(tokens []string, uncased bool) (*Tokenizer, error) {
	v, err := newVocabulary(tokens)
	if err != nil {
		return nil, err
	}
	for _, token := range []string{"[UNK]", "[CLS]", "[SEP]"} {
		if _, ok := v.ids[token]; !ok {
			return nil, fmt.Errorf("no token %q: want it in the vocabulary", token)
		}
	}
	f := &wordPieceFile{"WordPiece", "[UNK]", "##", 100, v}
	m, err := f.model()
	if err != nil {
		return nil, err
	}
	t := &Tokenizer{
		model:      m,
		normalizer: &bertNormalizer{"BertNormalizer", true, true, nil, uncased},
		pre:        &bertWords{"BertPreTokenizer"},
		post:       &bertProcessing{"BertProcessing", named{"[SEP]", v.ids["[SEP]"]}, named{"[CLS]", v.ids["[CLS]"]}},
		decoder:    &wordPieceDecoder{"WordPiece", "##", true},
	}
	var added []addedToken
	for _, token := range []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"} {
		if id, ok := v.ids[token]; ok {
			added = append(added, addedToken{ID: id, Content: token, Special: true})
		}
	}
	t.added, err = newAdded(added, v, t.normalizer)
	return t, err
}
