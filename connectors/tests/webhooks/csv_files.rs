//! Import and export, on the library as the command uses it.

use std::io::Write as _;

use vendzz_connectors::permissions::{
    Actor, BadLine, Consent, CsvError, CsvImport, CsvKind, Filter, Suppression, Written, export, read_lines,
};

use crate::harness::Database;

#[tokio::test]
async fn what_is_exported_is_imported_as_it_was() {
    let (first, second) = (Database::new().await, Database::new().await);
    // More than one batch, in the order of the export.
    let mut file = b"account,channel,contact,reason\n".to_vec();
    for number in 0..2_300 {
        writeln!(
            file,
            "conta-1,sms,+551198{number:07},{}",
            if number % 2 == 0 { "opt_out" } else { "import" }
        )
        .unwrap();
    }
    let actor = Actor::cli("ana").unwrap();
    let permissions = first.permissions();
    let import = CsvImport { permissions: &permissions, actor: &actor, skip_bad: false };
    let written = import.run(CsvKind::Suppressions, file.as_slice()).await.unwrap();
    assert_eq!(written, Written { new: 2_300, known: 0 });
    let written = import.run(CsvKind::Suppressions, file.as_slice()).await.unwrap();
    assert_eq!(written, Written { new: 0, known: 2_300 });
    assert_eq!(first.audit().await.len(), 2_300);
    let mut exported = Vec::new();
    assert_eq!(export::<Suppression>(&permissions, &Filter::default(), &mut exported).await.unwrap(), 2_300);
    assert_eq!(String::from_utf8(exported.clone()).unwrap(), String::from_utf8(file).unwrap());

    let permissions = second.permissions();
    let import = CsvImport { permissions: &permissions, actor: &actor, skip_bad: false };
    import.run(CsvKind::Suppressions, exported.as_slice()).await.unwrap();
    let mut again = Vec::new();
    export::<Suppression>(&permissions, &Filter::default(), &mut again).await.unwrap();
    assert_eq!(again, exported);
}

#[tokio::test]
async fn consents_keep_their_sources_and_the_last_of_two_counts() {
    let database = Database::new().await;
    let permissions = database.permissions();
    let actor = Actor::cli("ana").unwrap();
    let import = CsvImport { permissions: &permissions, actor: &actor, skip_bad: false };
    let file = "account,channel,contact,state,source\n\
        conta-1,email,ana@exemplo.com,granted,\"Loja \"\"Centro\"\", balcão\"\n\
        conta-1,whatsapp,+5511987654321,granted,site\n\
        conta-1,whatsapp,11 98765-4321,withdrawn,=cmd()\n";
    let written = import.run(CsvKind::Consents, file.as_bytes()).await.unwrap();
    assert_eq!(written, Written { new: 2, known: 1 });
    let mut exported = Vec::new();
    export::<Consent>(&permissions, &Filter::default(), &mut exported).await.unwrap();
    let expected = "account,channel,contact,state,source\n\
        conta-1,email,ana@exemplo.com,granted,\"Loja \"\"Centro\"\", balcão\"\n\
        conta-1,whatsapp,+5511987654321,withdrawn,=cmd()\n";
    assert_eq!(String::from_utf8(exported).unwrap(), expected);
}

#[tokio::test]
async fn a_bad_line_ends_an_import_unless_it_is_passed_over() {
    let database = Database::new().await;
    let permissions = database.permissions();
    let actor = Actor::cli("ana").unwrap();
    let file = "account,channel,contact,reason\n\
        conta-1,sms,+5511987654321,opt_out\n\
        conta-1,sms,nobody,opt_out\n\
        conta-1,sms,+5511987654322,\n";
    let mut bad: Vec<BadLine> = Vec::new();
    read_lines(CsvKind::Suppressions, file.as_bytes(), |line| bad.extend(line.err())).unwrap();
    assert_eq!(bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [3]);
    let strict = CsvImport { permissions: &permissions, actor: &actor, skip_bad: false };
    let refused = strict.run(CsvKind::Suppressions, file.as_bytes()).await;
    assert!(matches!(refused, Err(CsvError::Changed { line: 3, .. })), "{refused:?}");
    assert!(database.suppressed().await.is_empty());
    let lenient = CsvImport { skip_bad: true, ..strict };
    let written = lenient.run(CsvKind::Suppressions, file.as_bytes()).await.unwrap();
    assert_eq!(written, Written { new: 2, known: 0 });
    let reasons: Vec<String> = database.suppressed().await.into_iter().map(|row| row.2).collect();
    assert_eq!(reasons, ["opt_out", "import"]);
}

#[tokio::test]
async fn two_imports_of_the_same_rows_at_once_make_each_row_once() {
    let database = Database::new().await;
    let file = |reversed: bool| {
        let mut lines: Vec<String> =
            (0..1_500).map(|number| format!("conta-1,sms,+551198{number:07},import\n")).collect();
        if reversed {
            lines.reverse();
        }
        format!("account,channel,contact,reason\n{}", lines.concat())
    };
    let permissions = database.permissions();
    let actor = Actor::cli("ana").unwrap();
    let import = CsvImport { permissions: &permissions, actor: &actor, skip_bad: false };
    let (there, back) = (file(false), file(true));
    let (one, other) = tokio::join!(
        import.run(CsvKind::Suppressions, there.as_bytes()),
        import.run(CsvKind::Suppressions, back.as_bytes()),
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.new + other.new, 1_500);
    assert_eq!(database.audit().await.len(), 1_500);
}
