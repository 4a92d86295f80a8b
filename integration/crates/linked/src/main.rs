//! Says which libxml2 it was loaded with.
use std::ffi::{c_char, CStr};

#[link(name = "xml2")]
extern "C" {
    static xmlParserVersion: *const c_char;
}

fn main() {
    println!("libxml2 {}", unsafe { CStr::from_ptr(xmlParserVersion) }.to_string_lossy());
}
