// Reads a directory, and says so to cargo.
use std::{env, fs, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=data");
    let mut names: Vec<_> = fs::read_dir("data").unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let line = |name| format!("data/{} {}", Path::new(name).display(), fs::read_to_string(Path::new("data").join(name)).unwrap());
    let lines: String = names.iter().map(line).collect();
    fs::write(Path::new(&env::var("OUT_DIR").unwrap()).join("listing"), lines).unwrap();
}
