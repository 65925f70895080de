use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

#[test]
fn a_mail_reads_as_its_author_meant_it() {
    let html =
        "<!doctype html><html><head><title>Vagas</title><style>p > a { color: red }</style></head><body>
        <h1>Olá,   <b>Ana</b>!</h1><!-- <p>não</p> -->
        <p>Turma &quot;nova&quot; &amp; as outras:<br>até  já.</p>
        <ul><li>uma</li><li> <i></i><i>duas</i> </li><li></li></ul>
        <p>Veja <a class=x href=\"https://escola.example/?a=1&amp;b=2\">a sua vaga</a>, ou
        <a href='https://escola.example'>https://escola.example</a>.</p>
        <a href=\"https://escola.example/sair\"><img src=\"x.png\" alt=\"Sair\"></a>
        <table><tr><td>segunda</td><td>19h</td></tr><tr><td>terça</td><td>20h</td></tr></table>
        <script>if (a < b) { alert('</p>') }</script>fim</body></html>";
    let expected = "Olá, Ana!\n\nTurma \"nova\" & as outras:\naté já.\n\n- uma\n- duas\n\n\
        Veja a sua vaga (https://escola.example/?a=1&b=2), ou https://escola.example.\n\n\
        Sair (https://escola.example/sair)\n\nsegunda 19h\nterça 20h\n\nfim";
    assert_eq!(plain_text(html), expected);
}

#[test]
fn links_that_lead_nowhere_are_words_alone() {
    for href in ["#topo", "javascript:alert(1)", "", "mailto:a@x.example", "https://x.example/a b"] {
        assert_eq!(plain_text(&format!("<a href=\"{href}\">aqui</a> já")), "aqui já", "{href}");
    }
    assert_eq!(
        plain_text("<p>um</p><a href=https://x.example/></a><p>dois"),
        "um\n\nhttps://x.example/\n\ndois"
    );
    assert_eq!(
        plain_text("<a href=https://x.example>um <a href=https://y.example>dois"),
        "um (https://x.example) dois (https://y.example)"
    );
}

#[test]
fn what_is_not_well_formed_loses_no_words_before_it() {
    for (html, text) in [
        ("", ""),
        ("<img src=x><p> \n </p>", ""),
        ("5 < 6 <b>e 7 > 6</b> <3", "5 < 6 e 7 > 6 <3"),
        ("a<br/>b<BR />c", "a\nb\nc"),
        ("<p title='a > b'>c</p>", "c"),
        ("<p it's so>c</p>", "c"),
        ("<p =x ==y>c</p>", "c"),
        ("a</>b</ x>c<?php d ?>e<![CDATA[f]]>g", "abceg"),
        ("a<b", "a"),
        ("a<p title='b", "a"),
        ("a<!-- b", "a"),
        ("a<style>b", "a"),
        ("a<style>b</styl></STYLE >c", "ac"),
        ("a<ı>b", "a<ı>b"),
        ("<p>á</p", "á"),
    ] {
        assert_eq!(plain_text(html), text, "{html}");
    }
}

#[test]
fn the_longest_mail_costs_no_more_than_its_length() {
    let begins = [
        "<",
        "<a",
        "<a href='",
        "<a href=https://x.example>",
        "<!--",
        "<style>",
        "</style",
        "<p x=",
        "&",
        "&#",
        "<table><tr><td>",
        "<li>",
        "<blockquote>",
        "<b x",
        "</",
        "a ",
    ];
    for begin in begins {
        let html = begin.repeat(60_000 / begin.len());
        let began = Instant::now();
        plain_text(&html);
        assert!(began.elapsed() < Duration::from_secs(2), "{begin}: {:?}", began.elapsed());
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

proptest! {
    #[test]
    fn words_come_out_as_they_went_in(words in prop::collection::vec("[^\\s\\p{Cc}]{1,12}", 0..20)) {
        let html: String = words.iter().map(|word| format!("<p>\n{}</p> ", escaped(word))).collect();
        prop_assert_eq!(plain_text(&html), words.join("\n\n"));
    }

    #[test]
    fn nothing_breaks_it(html in "(<|>|/|&|;|#|!|-|=|'|\"|a|p|li|href|style|script|https://x|[ \n]|á|\\PC){0,60}") {
        plain_text(&html);
    }
}
