//! The migrations are embedded when the crate is compiled; a new file among them must be noticed.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
