use super::*;

fn values(text: &str) -> Vec<String> {
    numbers(text, &[]).into_iter().map(|candidate| candidate.number.value).collect()
}

#[test]
fn brazilian_forms() {
    let mobile = [
        "(11) 98765-4321",
        "11 98765-4321",
        "11987654321",
        "011 98765-4321",
        "0 15 11 98765-4321",
        "015 11 98765-4321",
        "0xx11 98765-4321",
        "(0xx11) 98765-4321",
        "(0**11) 98765-4321",
        "+55 (11) 98765-4321",
        "+55 011 98765-4321",
        "5511987654321",
        "55 11 98765 4321",
        "11-98765-4321",
        "11.98765.4321",
        "11 9 8765-4321",
        "tel:11987654321",
        "wa.me/5511987654321",
        "https://wa.me/5511987654321",
        "01511987654321",
        // Before the ninth digit.
        "(11) 8765-4321",
        "1187654321",
        "+55 11 8765-4321",
    ];
    for text in mobile {
        assert_eq!(values(text), ["+5511987654321"], "{text}");
    }
    assert_eq!(values("(31) 3222-1100"), ["+553132221100"]);
    assert_eq!(values("11 98765-4321 / 21 3222-1100"), ["+5511987654321", "+552132221100"]);
}

#[test]
fn what_only_looks_like_one() {
    let others = [
        "529.982.247-25",
        "11.222.333/0001-81",
        "11222333000181",
        "01310-100",
        "98765-4321",
        "12/05/2024 11:30",
        "2024-05-12 11:30:00",
        "5511 9876 5432 1098",
        "5512-3456-7890-1234",
        "R$ 11987654321",
        "#11987654321",
        "QB119876543BR",
        "BR11987654321",
        "7d9f0335-8dcc-4054-9bf9-119876543210",
        "https://loja.com/11987654321",
        "23793.38128 60007.827136 95000.063305 9 84410026000",
        "110 98 70 120 56 43 21",
        "(20) 98765-4321",
        "11 99999-9999",
        "1.198.765.432",
        "356938035643809",
    ];
    for text in others {
        assert_eq!(values(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn an_eleven_digit_number_that_is_a_cpf_too_is_ambiguous() {
    // 119876543 with its check digits.
    let both = (0..100).map(|check| format!("119876543{check:02}")).find(|text| parse_cpf(text).is_some());
    let both = both.expect("two check digits fit");
    assert_eq!(numbers(&both, &[])[0].form, Form::Ambiguous);
    assert_eq!(numbers("11987654321", &[])[0].form, Form::Bare);
    assert_eq!(numbers("11 98765-4321", &[])[0].form, Form::Written);
    assert_eq!(numbers("1131234567", &[])[0].form, Form::Ambiguous);
}
