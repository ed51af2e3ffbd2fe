//! Words that follow a hyphen and a blank although nothing is broken, and word endings that show
//! that something is.

/// Whether the word joins the parts of a suspended compound, as in "mid- and long-term" or "Vor-
/// und Nachteile".
pub(super) fn is_conjunction(word: &str) -> bool {
    CONJUNCTIONS.contains(&word)
}

/// Whether the word is short and common, so that a hyphen before it is likely a dash.
pub(super) fn is_function_word(word: &str) -> bool {
    FUNCTION_WORDS.contains(&word)
}

/// Whether these letters end many words but are not a word, so that they were broken off.
pub(super) fn is_word_end(letters: &str) -> bool {
    WORD_ENDS.contains(&letters)
}

#[rustfmt::skip]
const CONJUNCTIONS: &[&str] = &[
    // English
    "and", "or", "to", "nor", "but", "versus", "vs", "through", "thru", "than", "rather", "plus",
    "and/or",
    // German, Dutch
    "und", "oder", "bis", "wie", "sowie", "beziehungsweise", "bzw", "statt", "noch", "als",
    // Danish, Norwegian, Swedish, Icelandic, Finnish, Estonian
    "og", "eller", "och", "samt", "till", "ellers", "eða", "sekä", "või", "ning", "kuni",
    // French, Italian, Spanish, Portuguese, Romanian, Catalan
    "et", "ou", "più", "și", "şi", "sau", "até",
    // Polish, Czech, Slovak, Slovene, Croatian
    "lub", "albo", "oraz", "nebo", "až", "alebo",
    // Hungarian, Turkish, Lithuanian, Latvian, Albanian, Indonesian
    "és", "vagy", "illetve", "veya", "arba", "vai", "dhe",
    "atau",
    // Russian, Ukrainian, Bulgarian, Serbian
    "или", "либо", "да", "до", "та", "або", "чи", "как", "так",
    // Greek
    "και", "ή", "έως", "ως",
];

#[rustfmt::skip]
const FUNCTION_WORDS: &[&str] = &[
    // Conjunctions that may also be the end of a word
    "of", "tot", "dan", "ed", "au", "aux", "del", "al", "que", "ir", "ni", "ali", "ili", "as", "ja", "til", "tai", "eli", "ose", "ve", "ile", "czy", "ani", "či",
    // English
    "about", "after", "all", "also", "always", "an", "any", "are", "at", "be", "because", "before", "can", "could",
    "did", "do", "does", "don", "even", "every", "for", "from", "had", "has", "have", "he", "her", "here", "him",
    "his", "how", "if", "in", "into", "is", "it", "its", "just", "let", "like", "me", "more", "most", "my",
    "never", "no", "not", "now", "on", "only", "our", "out", "over", "she", "should", "so", "some",
    "still", "such", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "too", "two",
    "until", "up", "us", "very", "was", "we", "well", "were", "what", "when", "where", "which",
    "while", "who", "why", "will", "with", "without", "would", "yes", "yet", "you", "your",
    // German, Dutch
    "aber", "am", "an", "auch", "auf", "aus", "bei", "da", "das", "dass", "dem", "den", "denn", "der", "des", "die",
    "doch", "ein", "eine", "einen", "einer", "er", "es", "für", "hat", "ich", "ihr", "im", "ist", "man", "mit",
    "nach", "nicht", "nur", "sich", "sie", "sind", "so", "um", "von", "vor", "war", "was", "weil", "wenn", "wer",
    "wir", "wird", "zu", "zum", "zur", "een", "het", "de", "dat", "die", "van", "voor", "met", "niet", "ook", "maar",
    "naar",
    // French, Italian, Spanish, Portuguese
    "ce", "ces", "cette", "dans", "des", "du", "elle", "est", "il", "ils", "je", "la", "le", "les", "leur", "mais",
    "nous", "on", "par", "pas", "pour", "qui", "sa", "sans", "se", "ses", "sur", "tu", "un", "une", "vous",
    "che", "chi", "come", "con", "da", "dei", "della", "di", "gli", "ha", "ho", "io", "lo", "ma", "mi", "nel", "non",
    "per", "sono", "una", "como", "cuando", "de", "el", "ella", "ellos", "en", "es", "esta", "este", "esto", "fue",
    "hay", "las", "los", "más", "me", "muy", "no", "nos", "para", "pero", "por", "porque", "si", "sin", "su", "sus",
    "te", "todo", "ya", "yo", "das", "dos", "ele", "ela", "em", "eu", "foi", "já", "mas", "meu", "na", "nas",
    "nem", "não", "os", "quando", "se", "sem", "são", "também", "uma", "você",
    // Polish, Czech, Russian, Ukrainian
    "ale", "bo", "by", "co", "gdy", "jak", "jako", "jest", "kiedy", "mnie", "na", "nie", "od", "po", "przez", "są",
    "tak", "to", "tylko", "za", "ze", "że", "jsem", "jsou", "je", "kdy", "která", "které", "který", "pro", "při",
    "tak", "už", "ať", "без", "был", "была", "было", "быть", "вам", "вас", "вот", "все", "всё", "вы", "где", "для",
    "его", "ее", "если", "есть", "ещё", "же", "за", "из", "им", "их", "когда", "кто", "мне", "мы", "на", "над", "не",
    "нет", "ни", "но", "об", "он", "она", "они", "оно", "от", "по", "под", "при", "про", "со", "там", "только", "то",
    "тоже", "ты", "уж", "уже", "что", "чтобы", "эта", "эти", "это", "этот", "це", "що", "як",
    // Swedish, Danish, Norwegian, Turkish, Greek
    "att", "av", "det", "du", "en", "ett", "för", "han", "hon", "inte", "jag", "kan", "med", "om", "på", "som",
    "var", "vi", "är", "af", "at", "der", "et", "ikke", "jeg", "og", "bu", "bir", "da", "daha", "için", "ne", "αλλά",
    "από", "για", "δεν", "είναι", "εν", "η", "θα", "με", "μια", "να", "οι", "που", "πως", "σε", "στη", "στην", "στο",
    "τα", "της", "τη", "την", "το", "τον", "του", "των",
];

#[rustfmt::skip]
const WORD_ENDS: &[&str] = &[
    // English
    "ance", "ances", "ation", "ations", "cally", "cation", "cial", "cially", "cient", "cious", "dent", "ence", "ences", "ency",
    "erly", "ern", "ers", "est", "ful", "fully", "ible", "ical", "ically", "ied", "ier", "ies", "ified", "ing", "ings", "ism",
    "ist", "ists", "ity", "ities", "ive", "ively", "ization", "ized", "izing", "lated", "lation", "ler", "lessly", "ling", "ly",
    "mental", "mented", "menting", "ment", "ments", "ness", "nesses", "ning", "ous", "ously", "pared", "quired", "quently",
    "sented", "sion", "sional", "sions", "sive", "sively", "sure", "tain", "tained", "tation", "tations", "ted", "ter", "ters",
    "tial", "tially", "tic", "tical", "tically", "ties", "ting", "tion", "tional", "tionally", "tions", "tious", "tive", "tively",
    "tives", "tor", "tors", "ture", "tured", "tures", "ture", "vided", "viding", "wards",
    // German, Dutch, Scandinavian
    "chen", "dung", "dungen", "gung", "gungen", "heit", "heiten", "isch", "ische", "ischen", "keit", "keiten", "lich", "liche",
    "lichen", "licher", "lung", "lungen", "nung", "nungen", "rung", "rungen", "schaft", "schaften", "schen", "sches", "tung",
    "tungen", "ung", "ungen", "igheid", "heid", "lijk", "lijke", "ningen", "ning", "ningar",
    // French, Italian, Spanish, Portuguese
    "aient", "ement", "ements", "ique", "iques", "teur", "teurs", "trice", "mente", "menti", "mento", "mentos", "zione", "zioni",
    "sione", "tà", "ción", "ciones", "dad", "dades", "miento", "mientos", "sión", "ción", "ção", "ções", "dade", "mente",
    // Polish, Czech, Russian
    "ność", "ności", "owych", "owego", "nych", "nego", "ního", "ných", "ность", "ности", "ного", "ными", "ных", "ский", "ского",
    "ской", "ция", "ции", "ние", "ния", "ний", "ться", "тельно", "тель",
];
