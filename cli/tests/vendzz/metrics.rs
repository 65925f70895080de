use crate::installation::vendzz;

#[test]
fn the_reference_of_the_metrics_is_current() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md");
    let printed = vendzz(&["metrics"], &[]).expect(0).stdout;
    let written = std::fs::read_to_string(page).unwrap();
    assert!(written == printed, "docs/metrics.md is out of date: vendzz metrics >docs/metrics.md");
}
