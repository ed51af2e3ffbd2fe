//! Language keys of phrases.

/// The key of phrases that belong to no language.
pub const ANY: &str = "any";

/// ISO 639-1 codes, and the ISO 639-3 codes in common use for written languages without one.
const CODES: &str = "\
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et \
    eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl \
    km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj \
    om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to \
    tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu ceb fil yue";

/// Whether `key` is `any` or a language: an ISO 639 code, possibly with a script or region, such as
/// `zh-hant`.
pub fn is_language(key: &str) -> bool {
    let (code, variant) =
        key.split_once('-').map_or((key, None), |(code, variant)| (code, Some(variant)));
    let is_variant = |variant: &str| {
        matches!(variant.len(), 2..=4)
            && variant.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    key == ANY
        || CODES.split_ascii_whitespace().any(|known| known == code)
            && variant.is_none_or(is_variant)
}
