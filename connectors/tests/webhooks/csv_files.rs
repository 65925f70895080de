//! Import and export, on the library as the command uses it.

use std::io::Write as _;

use vendzz_connectors::permissions::{
    Actor, AfterWithdrawal, BadLine, Consent, CsvError, CsvImport, CsvKind, Filter, Permissions, Suppression,
    Written, export, read_lines,
};

use crate::harness::Database;

fn importing<'a>(permissions: &'a Permissions, actor: &'a Actor) -> CsvImport<'a> {
    CsvImport { permissions, actor, skip_bad: false, after_withdrawal: AfterWithdrawal::Keep }
}

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
    let import = importing(&permissions, &actor);
    let written = import.run(CsvKind::Suppressions, file.as_slice()).await.unwrap();
    assert_eq!(written, Written { new: 2_300, ..Written::default() });
    let written = import.run(CsvKind::Suppressions, file.as_slice()).await.unwrap();
    assert_eq!(written, Written { known: 2_300, ..Written::default() });
    assert_eq!(first.audit().await.len(), 2_300);
    let mut exported = Vec::new();
    assert_eq!(export::<Suppression>(&permissions, &Filter::default(), &mut exported).await.unwrap(), 2_300);
    assert_eq!(String::from_utf8(exported.clone()).unwrap(), String::from_utf8(file).unwrap());

    let permissions = second.permissions();
    let import = importing(&permissions, &actor);
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
    let import = importing(&permissions, &actor);
    let file = "account,channel,contact,state,source\n\
        conta-1,email,ana@exemplo.com,granted,\"Loja \"\"Centro\"\", balcão\"\n\
        conta-1,whatsapp,+5511987654321,granted,site\n\
        conta-1,whatsapp,11 98765-4321,withdrawn,=cmd()\n";
    let written = import.run(CsvKind::Consents, file.as_bytes()).await.unwrap();
    assert_eq!(written, Written { new: 2, known: 1, withdrawn: 0 });
    let mut exported = Vec::new();
    export::<Consent>(&permissions, &Filter::default(), &mut exported).await.unwrap();
    let expected = "account,channel,contact,state,source\n\
        conta-1,email,ana@exemplo.com,granted,\"Loja \"\"Centro\"\", balcão\"\n\
        conta-1,whatsapp,+5511987654321,withdrawn,=cmd()\n";
    assert_eq!(String::from_utf8(exported).unwrap(), expected);
}

#[tokio::test]
async fn who_has_withdrawn_is_not_granted_again_by_an_older_file() {
    let database = Database::new().await;
    let permissions = database.permissions();
    let actor = Actor::cli("ana").unwrap();
    let import = importing(&permissions, &actor);
    let header = "account,channel,contact,state,source\n";
    let old =
        format!("{header}conta-1,sms,+5511987654321,granted,loja\nconta-1,sms,+5511987654322,granted,loja\n");
    import.run(CsvKind::Consents, old.as_bytes()).await.unwrap();
    let withdrawal = format!("{header}conta-1,sms,+5511987654321,withdrawn,telefone\n");
    import.run(CsvKind::Consents, withdrawal.as_bytes()).await.unwrap();
    let states = async || {
        let mut exported = Vec::new();
        export::<Consent>(&permissions, &Filter::default(), &mut exported).await.unwrap();
        let text = String::from_utf8(exported).unwrap();
        text.lines().skip(1).map(|line| line.rsplit(',').nth(1).unwrap().to_owned()).collect::<Vec<_>>()
    };

    let again = import.run(CsvKind::Consents, old.as_bytes()).await.unwrap();
    assert_eq!(again, Written { new: 0, known: 1, withdrawn: 1 });
    assert_eq!(states().await, ["withdrawn", "granted"]);
    // Nor by a line behind the withdrawal, in the same batch.
    let both = format!(
        "{header}conta-1,sms,+5511987654322,withdrawn,telefone\nconta-1,sms,+5511987654322,granted,loja\n"
    );
    import.run(CsvKind::Consents, both.as_bytes()).await.unwrap();
    assert_eq!(states().await, ["withdrawn", "withdrawn"]);
    assert_eq!(database.audit().await.len(), 4);

    let deliberate = CsvImport { after_withdrawal: AfterWithdrawal::Grant, ..import };
    let granted = deliberate.run(CsvKind::Consents, old.as_bytes()).await.unwrap();
    assert_eq!(granted, Written { new: 2, ..Written::default() });
    assert_eq!(states().await, ["granted", "granted"]);
    assert_eq!(database.audit().await.len(), 6);
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
    let strict = importing(&permissions, &actor);
    let refused = strict.run(CsvKind::Suppressions, file.as_bytes()).await;
    assert!(matches!(refused, Err(CsvError::Changed { line: 3, .. })), "{refused:?}");
    assert!(database.suppressed().await.is_empty());
    let lenient = CsvImport { skip_bad: true, ..strict };
    let written = lenient.run(CsvKind::Suppressions, file.as_bytes()).await.unwrap();
    assert_eq!(written, Written { new: 2, ..Written::default() });
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
    let import = importing(&permissions, &actor);
    let (there, back) = (file(false), file(true));
    let (one, other) = tokio::join!(
        import.run(CsvKind::Suppressions, there.as_bytes()),
        import.run(CsvKind::Suppressions, back.as_bytes()),
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.new + other.new, 1_500);
    assert_eq!(database.audit().await.len(), 1_500);
}
