use proptest::prelude::*;

use super::*;

fn expect(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(strangers_text(text), *expected, "{text:?}");
    }
}

#[test]
fn plain_words_stay_as_they_are_in_every_script() {
    for text in [
        "Quero emagrecer 5.5 kg até 31/12, sem passar fome!",
        "R$ 1.500,00 por mês (aprox.)",
        "CPF 123.456.789-09",
        "d'Ávila & filhos; ação nº 1",
        "Привет, меня зовут Анна. Хочу похудеть.",
        "你好。我是小明。谢谢！",
        "こんにちは。よろしくお願いします。",
        "안녕하세요. 저는 민수입니다.",
        "مرحبا، اسمي علي.",
        "שלום, שמי דנה.",
        "नमस्ते। मेरा नाम राम है।",
        "สวัสดีครับ ผมชื่อสมชาย",
        "می\u{200c}خواهم",
        "{{ score }} {% raw %}",
        "<b>oi</b> & \"tchau\"",
        "👩\u{200d}👧 e 🇧🇷",
        "10:30 às 12:00",
        "Obs: nada...",
        "v1.2.3",
    ] {
        expect(&[(text, text)]);
    }
}

#[test]
fn links_are_removed_however_they_are_written() {
    expect(&[
        ("veja http://exemplo.com/x?y=1#z agora", "veja agora"),
        ("HTTPS://EXEMPLO.COM", ""),
        ("ftp://a", ""),
        ("oi,http://a.b,tchau", "oi, ,tchau"),
        ("www.exemplo", ""),
        ("WWW.Exemplo.Com", ""),
        ("exemplo.com", ""),
        ("Exemplo.com.br/promo", ""),
        ("(exemplo.com)", "( )"),
        ("exemplo.com.", ""),
        ("exemplo.com:8080/x", ""),
        ("t.me/fulano", ""),
        ("bit.ly/3abc", ""),
        ("usuario@exemplo.com.br", ""),
        ("xn--80ak6aa92e.xn--p1ai", ""),
        ("пример.рф", ""),
        ("exemplo。com", ""),
        ("exemplo．ｃｏｍ", ""),
        ("ｈｔｔｐ：／／ｅｘｅｍｐｌｏ", ""),
        ("exemplo\u{200b}.com", ""),
        ("exemplo.\u{200d}com", ""),
        ("exem\u{ad}plo.c\u{200b}om", ""),
        ("exemplo․com", ""),
        ("𝐞𝐱𝐞𝐦𝐩𝐥𝐨.𝐜𝐨𝐦", ""),
        ("javascript:alert(1)", "(1)"),
        ("mailto:a@b", ""),
        ("tel:+5511999999999", ""),
        ("http://192.168.0.1/x", ""),
        ("192.168.0.1", ""),
        ("1.234.567.890", "1.234.567.890"),
        ("antes\nhttp://a.com\ndepois", "antes depois"),
    ]);
}

#[test]
fn sentences_without_a_space_between_them_are_kept() {
    expect(&[
        ("Cheguei ao fim.Muito obrigada.Beijos", "Cheguei ao fim. Muito obrigada. Beijos"),
        ("exemplo.Com/x", "exemplo. Com/x"),
        ("a.Bc.com", "a."),
    ]);
}

#[test]
fn control_and_invisible_characters_are_removed() {
    expect(&[
        ("a\u{0}b\u{7}c\u{1b}d\u{7f}e\u{9b}f", "abcdef"),
        ("um\r\n\tdois\u{2028}tres\u{85}quatro\u{b}cinco", "um dois tres quatro cinco"),
        ("\u{202e}moc.olpmexe\u{202c}", ""),
        ("\u{202e}abc\u{202c}\u{2066}d\u{2069}\u{200f}e\u{61c}", "abcde"),
        ("a\u{200b}\u{feff}\u{2060}\u{e0041}b", "ab"),
        ("  muito   espaço\u{a0}\u{3000} ", "muito espaço"),
        ("", ""),
        (" \t\n", ""),
    ]);
}

#[test]
fn long_texts_are_cut_by_characters() {
    assert_eq!(strangers_text(&"ã".repeat(500)), "ã".repeat(200));
    assert_eq!(strangers_text(&format!("{} fim", "a".repeat(199))), "a".repeat(199));
    // Whole it is no domain, and what the cut leaves would be one.
    let cut_to_a_domain = format!("{} a.com1", "x".repeat(194));
    assert_eq!(strangers_text(&cut_to_a_domain), "x".repeat(194));
    assert_eq!(cut(&"é".repeat(300)).chars().count(), 200);
    assert_eq!(cut("curto"), "curto");
}

#[test]
fn the_longest_answers_take_no_more_than_linear_work() {
    // Far longer than an answer may be, so that work which grows with its square does not end here.
    for piece in ["。あ", "a.b", "a.Bc", ".", "://", "1.", "x\u{200d}", "w"] {
        let text = piece.repeat(200_000 / piece.len());
        assert!(strangers_text(&text).chars().count() <= MAX_VARIABLE_CHARS);
    }
}

/// What phones and mail programs make a link of, written down a second time and more simply.
fn looks_like_link(text: &str) -> bool {
    let text = text.to_lowercase().replace(['\u{200c}', '\u{200d}'], "");
    let bytes = text.as_bytes();
    let is_domain = |dot: usize| {
        let before = dot > 0 && bytes[dot - 1].is_ascii_alphanumeric();
        let letters = bytes[dot + 1..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let ends = bytes
            .get(dot + 1 + letters)
            .is_none_or(|byte| matches!(byte, b' ' | b'/' | b':' | b'.' | b'?' | b','));
        before && letters >= 2 && ends
    };
    text.contains("://")
        || text.contains("www.")
        || text.contains("javascript:")
        || (0..bytes.len()).any(|place| bytes[place] == b'.' && is_domain(place))
}

/// Texts made of the pieces that matter, so that most of them are traps.
fn trap() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(".".to_owned()),
        Just("。".to_owned()),
        Just("://".to_owned()),
        Just(":".to_owned()),
        Just("/".to_owned()),
        Just("http".to_owned()),
        Just("www".to_owned()),
        Just("com".to_owned()),
        Just("Com".to_owned()),
        Just(" ".to_owned()),
        Just("\u{200b}".to_owned()),
        Just("\u{200d}".to_owned()),
        Just("\u{202e}".to_owned()),
        Just("(".to_owned()),
        Just(",".to_owned()),
        Just("1".to_owned()),
        Just("java".to_owned()),
        Just("script".to_owned()),
        Just("\n".to_owned()),
        "[a-zA-Z0-9]{1,9}",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..50).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_text_gets_a_link_or_an_invisible_character_through(text in trap()) {
        let shown = strangers_text(&text);
        prop_assert!(!looks_like_link(&shown), "{shown:?}");
        prop_assert!(shown.chars().count() <= MAX_VARIABLE_CHARS);
        prop_assert!(!shown.chars().any(|character| character.is_control() || is_invisible(character)), "{shown:?}");
        prop_assert!(!shown.contains("  ") && shown.trim() == shown, "{shown:?}");
        // Nothing to do the second time.
        prop_assert_eq!(strangers_text(&shown), shown);
    }
}
