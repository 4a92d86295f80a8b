//! Macros, of which one reads a file: rustc does not learn of it.
use proc_macro::TokenStream;

const MACRO: &str = "aaaaaaaa";

#[proc_macro]
pub fn name(_: TokenStream) -> TokenStream {
    format!("{MACRO:?}").parse().unwrap()
}

#[proc_macro]
pub fn spell(_: TokenStream) -> TokenStream {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../spelled/spelled.txt")).unwrap();
    format!("{:?}", text.trim()).parse().unwrap()
}
